//! Laws that hold for every tangle: the order of arrival does not matter, no iota is made or lost, what the node offers it
//! also accepts, and no text makes it panic.

mod net;

use net::{Net, Step, View, step};
use proptest::prelude::*;
use proptest::sample::Index;
use tanglegram_tangle::SUPPLY;

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..most)
}

/// The same elements in an order that the keys choose.
fn shuffled<T: Clone>(elements: &[T], keys: &[Index]) -> Vec<T> {
    let mut rest = elements.to_vec();
    let mut keys = keys.iter().cycle();
    let mut order = Vec::new();
    while let Some(key) = keys.next().filter(|_| !rest.is_empty()) {
        order.push(rest.swap_remove(key.index(rest.len())));
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        steps in steps(14),
        keys in prop::collection::vec(any::<Index>(), 8),
    ) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let in_order = View::after(&net, &transactions);
        let out_of_order = View::after(&net, &shuffled(&transactions, &keys));
        prop_assert_eq!(in_order, out_of_order);
    }

    #[test]
    fn no_iota_is_made_or_lost(steps in steps(20)) {
        let mut net = Net::new();
        let mut node = net.node();
        for transaction in net.grow(&steps) {
            node.store(&transaction);
            let balances = node.balances(&net);
            prop_assert!(balances.iter().all(|&balance| balance >= 0));
            prop_assert_eq!(balances.iter().sum::<i64>(), SUPPLY);
        }
    }

    #[test]
    fn selected_tips_are_consistent_together(steps in steps(20), depth in 0..4) {
        let mut net = Net::new();
        let mut node = net.node();
        for transaction in net.grow(&steps) {
            node.store(&transaction);
        }
        if let Some((trunk, branch)) = node.tips_to_approve(depth) {
            prop_assert!(node.is_consistent(&[trunk.clone(), branch]));
            let promoted = node.tips_to_approve_with(depth, &trunk);
            // Refused where the first walk ends on a tip that contradicts the reference.
            prop_assert!(promoted.is_none_or(|(trunk, branch)| node.is_consistent(&[trunk, branch])));
        }
    }

    #[test]
    fn a_milestone_confirms_its_past_for_good(steps in steps(20)) {
        let mut net = Net::new();
        let mut node = net.node();
        let mut confirmed = Vec::new();
        let transactions = net.grow(&steps);
        for transaction in &transactions {
            node.store(transaction);
            prop_assert!(node.node.latest_milestone_index() >= node.node.solid_milestone_index());
            let Some(states) = node.inclusion_states(&transactions) else { continue };
            let now: Vec<usize> = (0..states.len()).filter(|&position| states[position]).collect();
            prop_assert!(confirmed.iter().all(|position| now.contains(position)));
            confirmed = now;
        }
    }
}

/// Texts near to requests: any characters, or the shape of a command with odd values.
fn request_text() -> impl Strategy<Value = String> {
    let commands = prop::sample::select(vec![
        "addNeighbors",
        "attachToTangle",
        "broadcastTransactions",
        "checkConsistency",
        "findTransactions",
        "getBalances",
        "getInclusionStates",
        "getTransactionsToApprove",
        "getTrytes",
        "removeNeighbors",
        "storeTransactions",
        "wereAddressesSpentFrom",
        "getNodeInfo",
        "",
    ]);
    let parameters = prop::sample::select(vec![
        "uris",
        "trytes",
        "tails",
        "hashes",
        "bundles",
        "addresses",
        "tags",
        "approvees",
        "threshold",
        "tips",
        "depth",
        "reference",
        "trunkTransaction",
        "branchTransaction",
        "minWeightMagnitude",
        "transactions",
    ]);
    let values = prop_oneof![
        "[9A-Z]{0,100}".prop_map(|text| format!("{text:?}")),
        ".{0,20}".prop_map(|text| serde_json::Value::String(text).to_string()),
        "[9A-Z]{81}".prop_map(|text| format!("[{text:?}]")),
        any::<f32>()
            .prop_filter("JSON has no infinities", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("[null]".to_owned()),
        Just("[[1],{},true]".to_owned()),
        "(tcp|udp)?:?/{0,2}[a-z0-9.:%\\[\\]@-]{0,12}".prop_map(|uri| format!("[{uri:?}]")),
    ];
    let request =
        (commands, prop::collection::vec((parameters, values), 0..5)).prop_map(|(command, parameters)| {
            let fields =
                parameters.iter().map(|(name, value)| format!(",{name:?}:{value}")).collect::<String>();
            format!("{{\"command\":{command:?}{fields}}}")
        });
    prop_oneof![request, ".{0,60}", "[\\[\\]{}\",:0-9a-z ]{0,60}"]
}

proptest! {
    #[test]
    fn every_text_gets_a_json_reply(texts in prop::collection::vec(request_text(), 1..20)) {
        let mut node = Net::new().node();
        for text in texts {
            let reply = node.ask_text(&text);
            let body: serde_json::Value = serde_json::from_str(&reply.body).expect("a JSON reply");
            prop_assert!(body["duration"].is_u64(), "{} -> {}", text, reply.body);
        }
    }
}
