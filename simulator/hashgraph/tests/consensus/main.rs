//! The consensus order is the one that the report's pseudocode gives, whatever the graph and the order of arrival.

mod graphs;
mod naive;

use std::collections::BTreeMap;
use std::sync::Arc;

use graphs::{MOST, Plan, plans, roster};
use naive::{Naive, Placed};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tanglegram_hashgraph::consensus::{Config, Event, Graph, Inserted};

/// The order that the graph finds, with events by their number in `events`.
fn order(events: &[Arc<Event>], arrivals: &[usize], members: usize, config: Config) -> Vec<Placed> {
    let numbers: BTreeMap<_, usize> = events.iter().enumerate().map(|(x, event)| (event.hash(), x)).collect();
    let mut graph = Graph::new(roster(members), config);
    for &x in arrivals {
        assert_eq!(graph.insert(events[x].clone()), Ok(Inserted::New));
    }
    let placed = |ordered: tanglegram_hashgraph::consensus::Ordered| Placed {
        event: numbers[&ordered.event.hash()],
        round_received: ordered.round_received,
        consensus_timestamp: ordered.consensus_timestamp,
    };
    graph.take_ordered().map(placed).collect()
}

/// Nothing becomes ancient.
fn config(coin_period: u64) -> Config {
    Config { coin_period, ancient_rounds: 1_000_000, state_rounds: 0 }
}

/// The same events in another order, parents first still.
fn shuffled(events: &[Arc<Event>], choices: &[usize]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..events.len()).collect();
    let mut order = Vec::new();
    let known = |order: &[usize], x: usize| {
        let parents = [events[x].self_parent(), events[x].other_parent()];
        parents.into_iter().flatten().all(|p| order.iter().any(|&y: &usize| events[y].hash() == p.hash))
    };
    while !left.is_empty() {
        let ready: Vec<usize> = left.iter().copied().filter(|&x| known(&order, x)).take(12).collect();
        let x = ready[choices[order.len() % choices.len()] % ready.len()];
        left.retain(|&y| y != x);
        order.push(x);
    }
    order
}

/// Whether one is the beginning of the other.
fn agree(a: &[Placed], b: &[Placed]) -> bool {
    let common = a.len().min(b.len());
    a[..common] == b[..common]
}

/// Compares with the pseudocode; gives how many events are in order, and how many coins were tossed.
fn compare(plan: &Plan, coin_period: u64) -> (usize, usize) {
    let mut events = plan.events();
    // Two forks may be the same event.
    let mut seen = std::collections::BTreeSet::new();
    events.retain(|event| seen.insert(event.hash()));
    let naive = Naive::new(&events, plan.members, coin_period);
    let expected = naive.find_order();
    let arrivals: Vec<usize> = (0..events.len()).collect();
    let found = order(&events, &arrivals, plan.members, config(coin_period));
    assert!(agree(&found, &expected), "{found:?}\n{expected:?}");
    assert!(found.len() >= expected.len(), "{found:?}\n{expected:?}");
    if let Some(last) = found.get(expected.len()..).and_then(|more| more.last()) {
        // A witness came too late: no vote on it will make it famous, but the pseudocode waits for the votes.
        assert!(naive.first_undecided_round() <= last.round_received, "{found:?}\n{expected:?}");
    }
    (found.len(), naive.coins.get())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn order_and_times_are_those_of_the_pseudocode(plan in plans(1..=MOST, 1..110), coin_period in prop::sample::select(vec![3, 4, 10])) {
        compare(&plan, coin_period);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        plan in plans(1..=MOST, 30..100),
        choices in prop::collection::vec(any::<usize>(), 16),
    ) {
        let mut events = plan.events();
        let mut seen = std::collections::BTreeSet::new();
        events.retain(|event| seen.insert(event.hash()));
        let arrivals: Vec<usize> = (0..events.len()).collect();
        let one = order(&events, &arrivals, plan.members, config(3));
        let other = order(&events, &shuffled(&events, &choices), plan.members, config(3));
        prop_assert!(agree(&one, &other), "{:?}\n{:?}", one, other);
    }
}

/// The random graphs are such that much is put in order, and coins are tossed.
#[test]
fn the_random_graphs_put_the_algorithm_to_the_test() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ordered, mut coins) = (0, 0);
    for _ in 0..200 {
        let plan = plans(4..=5, 90..130).new_tree(&mut runner).unwrap().current();
        let (placed, tossed) = compare(&plan, 3);
        ordered += placed;
        coins += tossed;
    }
    assert!(ordered > 1000 && coins > 0, "{ordered} ordered, {coins} coins");
}
