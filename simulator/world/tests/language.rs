//! The simulation section of world files: what it means, what is refused and where, and that what is written can be read.

mod common;

use common::{mistake, parse};
use proptest::prelude::*;
use tanglegram_world::sim::{
    Behaviour, CoordinatorPlan, Fault, Keys, LinkModel, LinkOverride, Misbehaving, Scenario, Scope,
    Simulation, Swarm, Timed, Topology, Trace, Tweak, Workload,
};
use tanglegram_world::{BUILT_IN, World, WorldError, fault_text, parse_faults, world_text};

#[test]
fn a_world_says_what_is_simulated() {
    let world = parse(
        "nodes: { alice: {}, bob: { port: 0 }, carol: { like: bob, max-depth: 4 } }\n\
         options: { mwm: 1 }\n\
         topology: [[alice, bob], [bob, carol]]\n\
         link: { latency: 5ms, loss: 0.5 }\n\
         workload: { rate: 2, value-share: 0.25 }\n\
         misbehaving: { carol: { parasite-chain: { every: 2s, length: 3 } } }\n\
         links: [{ from: alice, to: bob, loss: 1 }]\n\
         faults:\n\
         - { at: 40s, link: { loss: 1, jitter: 1s } }\n\
         - { at: 10s, crash: [bob, carol], for: 5s }\n\
         - { at: 20s, partition: [[alice]], for: 1m }\n\
         - { at: 30s, skew: { bob: -5s } }\n\
         duration: 5m\n",
    )
    .unwrap();
    assert_eq!(world.nodes[2].config.max_depth, 4);
    let scenario = &world.scenario;
    assert_eq!((scenario.nodes.len(), scenario.mwm, scenario.duration), (3, 1, 300_000));
    assert_eq!(scenario.topology, Topology::Explicit(vec![(0, 1), (1, 2)]));
    assert_eq!((scenario.link.latency.clone(), scenario.link.loss), (5..6, 0.5));
    let chain = Behaviour::ParasiteChain { every: 2000, length: 3 };
    assert_eq!(scenario.misbehaving, [Misbehaving { node: 2, behaviour: chain }]);
    let deaf = LinkModel { loss: 1.0, ..scenario.link.clone() };
    assert_eq!(scenario.links, [LinkOverride { from: 0, to: 1, one_way: true, model: deaf }]);
    let bad = LinkModel { loss: 1.0, jitter: 1000, ..scenario.link.clone() };
    let expected = [
        (10_000, Fault::Crash(1)),
        (10_000, Fault::Crash(2)),
        (15_000, Fault::Restart(1)),
        (15_000, Fault::Restart(2)),
        (20_000, Fault::Partition(vec![vec![0]])),
        (30_000, Fault::Skew(1, -5000)),
        (40_000, Fault::Link(Scope::All, bad)),
        (80_000, Fault::Heal),
    ];
    assert_eq!(scenario.faults, expected.map(|(at, fault)| Timed { at, fault }));
}

#[test]
fn built_in_worlds_can_be_simulated() {
    for name in BUILT_IN.iter().filter(|name| !["private-net", "hundred"].contains(name)) {
        let world = World::load(name).unwrap();
        if world.nodes.is_empty() {
            continue;
        }
        let short = Scenario {
            duration: 20_000,
            recovery: 10_000,
            faults: Vec::new(),
            swarm: None,
            hedera: None,
            ..world.scenario
        };
        let report = Simulation::new(short, 1, Trace::default()).unwrap().run();
        assert_eq!(report.violations, [], "{name}");
    }
}

#[test]
fn mistakes_are_told_at_their_place() {
    let with = |line: &str| format!("nodes: 3\n{line}\nduration: 1m\n");
    let fault = |fault: &str| with(&format!("faults:\n  - at: 30s\n    {fault}"));
    let mistakes = [
        fault("crash: n7"),
        fault("partition: [[n0, n1], [n1, n2]]"),
        fault("partition: [[n0, n0]]"),
        fault("partition: [[n0, n1, n2]]"),
        fault("partition: [n0, n1]"),
        fault("partiton: [[n0]]"),
        fault("one-way: { from: n0 }"),
        fault("one-way: { from: n0, to: [n1, n0] }"),
        fault("isolate: []"),
        fault("slow: { n9: 5ms }"),
        fault("slow: { n1: -5ms }"),
        fault("skew: { n1: 5 }"),
        fault("skew: { n1: 9999h }"),
        fault("link: { los: 0.3 }"),
        fault("link: { loss: 1.5 }"),
        fault("coordinator: pause"),
        fault("heal: n0"),
        fault("crash: [n0, n1, n2]"),
        fault("crash: n1\n  - at: 40s\n    crash: n1"),
        fault("restart: n1"),
        fault("resume: n1"),
        fault("crash: n1\n  - at: 40s\n    pause: n1"),
        fault("crash: n1\n    heal: all"),
        fault("crash: n1\n    for: 31s"),
        fault("heal: all\n    for: 1s"),
        fault("crash: n1\n  - crash: n2"),
        with("faults: [{ at: -1s, crash: n0 }]"),
        with("faults: [{ at: 61s, crash: n0 }]"),
        with("faults: [{ at: 30, crash: n0 }]"),
        with("faults: [{ at: 3s }]"),
        with("faults: { at: 3s, crash: n0 }"),
        with("topology: star"),
        with("topology: { random-regular: 3 }"),
        with("topology: { small-world: 2 }"),
        with("topology: { smallworld: 2 }"),
        with("topology: [[n0, n1], [n1, n0], [n1, n2]]"),
        with("topology: [[n0, n0]]"),
        with("topology: [[n0, n1]]"),
        with("topology: [[n0, n1, n2]]"),
        with("link: { latency: 100ms..10ms }"),
        with("link: { bandwidth: 1e99 }"),
        with("workload: { rate: -1 }"),
        with("workload: { rate: .nan }"),
        with("workload: { accounts: 1000000000 }"),
        with("workload: { valueshare: 1 }"),
        with("swarm: { faults: 61, longest: 1s }"),
        with("swarm: { faults: 4 }"),
        with("swarm: { faults: 4, longest: 2m }"),
        with("recovery: 2m"),
        "nodes: 3\nduration: 0s".into(),
        "nodes: 3\nduration: 31h\nrecovery: 99999999999999999999h".into(),
        "nodes: 3\nduration: 800h".into(),
        "nodes: 1000000\nduration: 1m".into(),
        "nodes: -1\nduration: 1m".into(),
        "nodes: { n0: { like: n1 }, n1: { like: n2 }, n2: { like: n1 } }\nduration: 1m".into(),
        "nodes: { n0: { like: n0 } }\nduration: 1m".into(),
        "nodes: { n0: { like: m0 } }\nduration: 1m".into(),
        "nodes: &a { n0: *a }\nduration: 1m".into(),
        "nodes: 3\nfaults: &f [*f]\nduration: 1m".into(),
        format!("nodes: 3\nfaults: {}{}\n", "[".repeat(500), "]".repeat(500)),
    ];
    insta::assert_snapshot!(mistakes.map(|text| mistake(&text)).join("\n"));
}

#[test]
fn mistakes_in_links_and_misdeeds_are_told_at_their_place() {
    let with = |line: &str| format!("nodes: 3\n{line}\nduration: 1m\n");
    let fault = |fault: &str| with(&format!("faults:\n  - at: 30s\n    {fault}"));
    let mistakes = [
        with("swarm: { faults: 4, longest: 2s, misbehaving: 1 }"),
        with("links: [{ between: [n0, n9], loss: 1 }]"),
        with("links: [{ loss: 1 }]"),
        with("links: [{ between: [n0, n1], node: n2, loss: 1 }]"),
        with("links: [{ from: n0, to: n0 }]"),
        with("misbehaving: { n0: garbage, n1: garbage, n2: garbage }"),
        with("misbehaving: { n3: garbage }"),
        with("misbehaving: { n1: garbaje }"),
        with("misbehaving: { n1: { garbage: { every: 0s } } }"),
        with("misbehaving: { n1: { garbage: { every: 1s, length: 2 } } }"),
        with("misbehaving: { n1: { parasite-chain: { length: 0 } } }"),
        with("workload: { spammers: { n8: 2 } }"),
        with("workload: { bundle-sizes: 0..3 }"),
        with("workload: { bundle-sizes: 3..3 }"),
        with("workload: { only: [1, -1] }"),
        "nodes: 10000\ntopology: complete\nduration: 1m\n".into(),
        "nodes: 10000\ntopology: { random-regular: 9998 }\nduration: 1m\n".into(),
        "nodes: 1e9\nduration: 1m\n".into(),
        "nodes: 99999999999999999999999\nduration: 1m\n".into(),
        "nodes: 2.5\nduration: 1m\n".into(),
        "nodes: 3\nworkload: { rate: 10000 }\nduration: 1h\n".into(),
        "nodes: 3\nworkload: { spammers: { n1: .inf } }\nduration: 1h\n".into(),
        "nodes: 3\nmisbehaving: { n1: { garbage: { every: 1ms } } }\nduration: 719h\n".into(),
        fault("tweak: { loss: 0.5, jitter: 5ms }"),
        fault("restore-links: some"),
        fault("behave: { n1: { lazy-tips: 5s } }"),
        "nodes: { \"a\\nb\": {} }\nduration: 1m".into(),
        "seed: -1\nnodes: 3\nduration: 1m".into(),
    ];
    insta::assert_snapshot!(mistakes.map(|text| mistake(&text)).join("\n"));
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}")).collect()
}

#[test]
fn a_fault_alone_is_spelled_as_in_a_world_file() {
    let scenario = Scenario { nodes: names(3), ..Scenario::default() };
    assert_eq!(parse_faults("heal", &scenario).unwrap(), [Fault::Heal]);
    assert_eq!(
        parse_faults("{\"crash\": [\"n1\", \"n2\"]}", &scenario).unwrap(),
        [Fault::Crash(1), Fault::Crash(2)]
    );
    for wrong in ["", "crash", "crash: n3", "crash: n1\npause: n1", "[]", "crash: [n1"] {
        assert!(parse_faults(wrong, &scenario).is_err(), "{wrong}");
    }
}

const NODES: usize = 5;

fn some_link() -> impl Strategy<Value = LinkModel> {
    (0..1000_u64, 1..1000_u64, 0..500_u64, 0..100_000_u64, 0.0..=1.0, 0.0..=1.0, 0.0..=1.0, any::<bool>())
        .prop_map(|(start, length, jitter, bandwidth, loss, duplication, corruption, reordering)| LinkModel {
            latency: start..start + length,
            jitter,
            bandwidth,
            loss,
            duplication,
            corruption,
            reordering,
        })
}

fn some_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        (0..NODES).prop_map(Scope::Node),
        (1..NODES).prop_map(|node| Scope::Between(0, node)),
        (1..NODES).prop_map(|node| Scope::From(node, 0)),
    ]
}

fn some_tweak() -> impl Strategy<Value = Tweak> {
    prop_oneof![
        (0..10_000_u64).prop_map(Tweak::Delay),
        (0..10_000_u64).prop_map(Tweak::Jitter),
        any::<u32>().prop_map(|bandwidth| Tweak::Bandwidth(bandwidth.into())),
        (0.0..=1.0).prop_map(Tweak::Loss),
        (0.0..=1.0).prop_map(Tweak::Duplication),
        (0.0..=1.0).prop_map(Tweak::Corruption),
        any::<bool>().prop_map(Tweak::Reordering),
    ]
}

fn some_behaviour() -> impl Strategy<Value = Behaviour> {
    (0..9_usize, 1..100_000_u64, 1..1000_usize).prop_map(|(which, every, length)| match which {
        0 => Behaviour::Honest,
        1 => Behaviour::DoubleSpender { every },
        2 => Behaviour::LazyTips { every },
        3 => Behaviour::ParasiteChain { every, length },
        4 => Behaviour::WithholdMilestones,
        5 => Behaviour::WithholdReferences { every },
        6 => Behaviour::Garbage { every },
        7 => Behaviour::Oversize { every },
        _ => Behaviour::FalseHeartbeats { every },
    })
}

fn some_fault() -> impl Strategy<Value = Fault> {
    let node = 0..NODES;
    prop_oneof![
        (1..NODES).prop_map(|cut| Fault::Partition(vec![(0..cut).collect(), (cut..NODES).collect()])),
        (1..NODES).prop_map(|cut| Fault::OneWay((0..cut).collect(), (cut..NODES).collect())),
        node.clone().prop_map(Fault::Isolate),
        Just(Fault::Heal),
        (node.clone(), 0..100_000_u64).prop_map(|(node, cost)| Fault::Slow(node, cost)),
        (node, -100_000..100_000_i64).prop_map(|(node, skew)| Fault::Skew(node, skew)),
        (some_scope(), some_link()).prop_map(|(scope, link)| Fault::Link(scope, link)),
        (some_scope(), some_tweak()).prop_map(|(scope, tweak)| Fault::Tweak(scope, tweak)),
        some_scope().prop_map(Fault::RestoreLinks),
        (0..NODES, some_behaviour()).prop_map(|(node, how)| Fault::Behave(node, how)),
        (0..NODES, -100_000..100_000_i64).prop_map(|(node, by)| Fault::Jump(node, by)),
        Just(Fault::Equivocate),
        Just(Fault::StopCoordinator),
        Just(Fault::StartCoordinator),
    ]
}

fn some_topology() -> impl Strategy<Value = Topology> {
    prop_oneof![
        Just(Topology::Ring),
        Just(Topology::Complete),
        (1..NODES).prop_map(|degree| Topology::Regular { degree }),
        Just(Topology::SmallWorld { near: 2 }),
        Just(Topology::Explicit((1..NODES).map(|node| (0, node)).collect())),
    ]
}

prop_compose! {
    fn some_scenario()(
        topology in some_topology(),
        link in some_link(),
        rate in 0.0..100.0,
        shares in prop::array::uniform3(0.0..=1.0),
        mut faults in prop::collection::vec((0..60_000_u64, some_fault()), 0..8),
        crash in prop::option::of(0..NODES),
        swarm in prop::option::of((0..60_usize, 0..60_000_u64)),
        recovery in 0..=60_000_u64,
        misbehaving in prop::collection::btree_map(0..NODES, some_behaviour(), 0..NODES),
        links in prop::collection::vec((1..NODES, any::<bool>(), some_link()), 0..3),
        spammers in prop::collection::btree_map(0..NODES, 0.0..10.0, 0..3),
        only in prop::option::of(prop::collection::btree_set(any::<u64>(), 0..4)),
        bundle_sizes in (1..50_usize, 1..50_usize),
    ) -> Scenario {
        if let Some(node) = crash {
            faults.extend([(1, Fault::Crash(node)), (2, Fault::Restart(node)), (3, Fault::Pause(node))]);
        }
        faults.sort_by_key(|(at, _)| *at);
        let [value_share, double_spends, lazy_tips] = shares;
        Scenario {
            nodes: names(NODES),
            topology,
            link,
            links: links.into_iter().map(|(to, one_way, model)| LinkOverride { from: 0, to, one_way, model }).collect(),
            misbehaving: misbehaving.into_iter().map(|(node, behaviour)| Misbehaving { node, behaviour }).collect(),
            workload: Workload {
                rate,
                value_share,
                double_spends,
                lazy_tips,
                spammers: spammers.into_iter().collect(),
                only,
                bundle_sizes: bundle_sizes.0..bundle_sizes.0 + bundle_sizes.1,
                ..Workload::default()
            },
            faults: faults.into_iter().map(|(at, fault)| Timed { at, fault }).collect(),
            swarm: swarm.map(|(faults, longest)| Swarm { faults, longest, misbehaving: 0 }),
            coordinator: CoordinatorPlan { keys: Keys::Depth(2), ..CoordinatorPlan::default() },
            duration: 60_000,
            recovery,
            ..Scenario::default()
        }
    }
}

/// A world file with something of everything, to be damaged.
const WHOLE: &str = include_str!("../../../fixtures/worlds/canary.yaml");

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_can_be_read(scenario in some_scenario(), seed in any::<u64>()) {
        let text = world_text(&scenario, seed, "a \"world\":\nof # its own");
        let read = parse(&text).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        prop_assert_eq!(read.seed, seed);
        prop_assert_eq!(&world_text(&read.scenario, seed, "a \"world\":\nof # its own"), &text);
        // The keys of that depth, and the usual settings: compared by how they are written.
        let read = Scenario { configs: Vec::new(), coordinator: scenario.coordinator.clone(), ..read.scenario };
        prop_assert_eq!(format!("{read:?}"), format!("{scenario:?}"));
    }

    #[test]
    fn a_fault_can_be_written_and_read(fault in some_fault()) {
        let scenario = Scenario { nodes: names(NODES), ..Scenario::default() };
        let written = fault_text(&fault, &scenario.nodes);
        prop_assert_eq!(parse_faults(&written, &scenario).unwrap(), vec![fault]);
    }

    #[test]
    fn no_damage_to_a_world_file_is_a_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, "[-a-z0-9:{}\\[\\], \n&*!|>#\"'%~é]{0,4}"), 1..6),
    ) {
        let mut text = WHOLE.to_owned();
        for (place, removed, added) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = place.index(starts.len());
            let to = (from + removed).min(starts.len() - 1);
            text.replace_range(starts[from]..starts[to], &added);
        }
        if let Err(WorldError::Invalid(fault)) = parse(&text) {
            prop_assert!(fault.place().starts_with("test.yaml:"));
        }
    }
}
