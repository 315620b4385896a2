//! The built-in worlds, and what is said of world files with mistakes.

mod common;

use common::{mistake, parse};
use tanglegram_ternary::milestone::Coordinator;
use tanglegram_ternary::wots::{PrivateKey, Security};
use tanglegram_ternary::{Hash, SignatureMode};
use tanglegram_world::{BUILT_IN, World, WorldError};

const RECORDED: &str = "TZZEQMSNOLARY9YDYLJCDVZOSGJHDIIOIGGHNXVBUEVYIKEACIEYVSSAYJAA";

#[test]
fn every_built_in_world_loads() {
    for name in BUILT_IN {
        assert_eq!(World::load(name).unwrap().name, name);
    }
}

#[test]
fn the_recorded_worlds_have_the_recorded_settings() {
    let world = World::load("recorded-iri").unwrap();
    assert!(world.coordinator.is_none());
    let config = &world.nodes[0].config;
    assert_eq!((config.testnet, config.mwm, config.max_depth, config.alpha), (true, 9, 4, 0.0));
    assert_eq!((config.genesis.index, config.genesis.timestamp), (20, 1_570_000_000));
    let identity = &config.coordinator.identity;
    assert!(config.coordinator.validate && identity.address.to_string().starts_with(RECORDED));
    assert_eq!(
        (identity.depth, identity.security, identity.mode),
        (6, Security::Medium, SignatureMode::Kerl)
    );
    assert_eq!(config.remote_limit_api.len(), 5);
    let limits = World::load("recorded-iri-limits").unwrap().nodes[0].config.limits;
    assert_eq!((limits.max_requests_list, limits.max_get_trytes), (5, 3));
    assert_eq!((limits.max_find_transactions, limits.max_body_length), (4, 6000));
    assert_eq!(World::load("recorded-iri-auth").unwrap().nodes[0].api.auth.as_deref(), Some("user:pass"));
}

#[test]
fn the_tree_file_of_the_private_net_holds_the_keys_of_its_seed() {
    let world = World::load("private-net").unwrap();
    let tree = &world.coordinator.as_ref().unwrap().tree;
    let seed = Hash::from_trytes_padded("TANGLEGRAM9PRIVATE9NET9COORDINATOR").unwrap();
    for index in [0, 1, 2, 1000, 2047, 2048, 4095] {
        let key = PrivateKey::generate(SignatureMode::Kerl, &seed, index, Security::Low);
        assert_eq!(tree.leaf(index), Some(key.address()));
    }
    assert_eq!(tree.depth(), 12);
    assert_eq!(world.nodes[0].config.coordinator.identity, Coordinator::of(tree));
    let wallet = world.wallet.unwrap();
    assert_eq!(world.nodes[0].config.genesis.balances.get(&wallet.address), Some(&wallet.balance));
}

#[test]
fn options_may_be_spelled_as_in_a_configuration_file() {
    let world = parse(
        "wallet: { seed: A }\n\
         coordinator: { seed: C, depth: 1, security: 1, mode: CURLP27 }\n\
         options: { MWM: \"7\", MAX_DEPTH: 3, TESTNET: \"true\", REMOTE_LIMIT_API: \"a, b\" }\n\
         nodes: { n0: {}, n1: { max-depth: 5, remote-limit-api: [c] } }\n",
    );
    let nodes = world.unwrap().nodes;
    let shown = |i: usize| (nodes[i].name.as_str(), nodes[i].config.mwm, nodes[i].config.max_depth);
    assert_eq!((shown(0), shown(1)), (("n0", 7, 3), ("n1", 7, 5)));
    assert!(nodes[0].config.remote_limit_api.iter().eq(["a", "b"]));
    assert!(nodes[1].config.remote_limit_api.iter().eq(["c"]));
}

#[test]
fn nines_are_an_address_not_a_number() {
    let nines = "9".repeat(81);
    let world =
        parse(&format!("wallet: {{ seed: A }}\nnodes: {{ n0: {{ testnet-coordinator: {nines} }} }}\n"));
    assert!(world.unwrap().nodes[0].config.coordinator.identity.address.is_null());
}

#[test]
fn mistakes_are_told_at_their_place() {
    let world = |nodes: &str| {
        format!(
            "wallet: {{ seed: A }}\ncoordinator: {{ seed: C, depth: 1, security: 1, mode: KERL }}\nnodes:\n{nodes}\n"
        )
    };
    let mistakes = [
        world("  n0:\n    max-dept: 4"),
        world("  n0:\n    frobnicate: 4"),
        world("  n0:\n    mwm: 244"),
        world("  n0:\n    mwm:"),
        world("  n0:\n    remote-auth: [a]"),
        world("  n0: { snapshot: nowhere.txt }"),
        world("  n0: { snapshot: Cargo.toml }"),
        world("  n0: {}\n  n0: {}"),
        "nodes: { n0: {} }".into(),
        "wallet: { seed: A }\nnodes: { n0: {} }".into(),
        "wallet: { seed: a }\nnodes: { n0: {} }".into(),
        "wallet: { seed: A }".into(),
        "wallets: {}".into(),
        "dialect: iri-2\nnodes: { n0: {} }".into(),
        "coordinator: { seed: C, depth: 13, security: 1, mode: KERL }".into(),
        "coordinator: { seed: C, depth: 2, security: 4, mode: KERL }".into(),
        "coordinator: { seed: C, depth: 2, security: 1, mode: KERL, interval: soon }".into(),
        "coordinator: { seed: C, depth: 2, security: 1, mode: KERL, tree: ../../fixtures/worlds/private-net.tree }".into(),
        "nodes: [".into(),
        "about: x\nnodes: [n0]".into(),
        "about: x\nfault: []".into(),
        String::new(),
        "a: &a [x]\nb: [*a, *a".into(),
    ];
    insta::assert_snapshot!(mistakes.map(|text| mistake(&text)).join("\n"));
}

#[test]
fn what_is_neither_a_world_nor_a_file_is_told() {
    let error = World::load("privat-net").unwrap_err();
    assert!(matches!(error, WorldError::Unknown { .. }));
    insta::assert_snapshot!(error, @"there is no world `privat-net`: neither a built-in one (private-net, recorded-iri, recorded-iri-limits, recorded-iri-auth, recorded-mirror, swarm, partition, spammers, canary, hundred, hedera-net, hedera-ten, hedera-thirty, hedera-faults, hedera-swarm, two-ledgers) nor a file");
    assert!(matches!(World::load("./no-such-world.yaml"), Err(WorldError::Unreadable { .. })));
}
