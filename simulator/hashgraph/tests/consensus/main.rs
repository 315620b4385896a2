//! The consensus order is the one that the report's pseudocode gives, whatever the graph and the order of arrival.

mod graphs;
mod naive;
mod set;

use std::collections::BTreeMap;
use std::sync::Arc;

use graphs::{MOST, Plan, delays, divided, late_news, parents, plans, roster, shuffled};
use naive::{Naive, Placed};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tanglegram_hashgraph::consensus::{Config, Event, Graph, Inserted, Ordered, Rejected, Window};

/// So many rounds that nothing becomes ancient.
const FOREVER: u64 = 1_000_000;

fn config(coin_period: u64, ancient_rounds: u64) -> Config {
    Config { coin_period, ancient_rounds, state_rounds: 0, ..Config::default() }
}

/// Takes an event in, unless it is too old.
fn insert(graph: &mut Graph, event: &Arc<Event>) {
    let inserted = graph.insert_verified(event.clone());
    let is_fine = matches!(inserted, Ok(Inserted::New) | Err(Rejected::Ancient(_)));
    assert!(is_fine, "{inserted:?}");
}

/// What came out, with events by their number in `events`.
fn placed(events: &[Arc<Event>], ordered: impl Iterator<Item = Ordered>) -> Vec<Placed> {
    let numbers: BTreeMap<_, usize> = events.iter().enumerate().map(|(x, event)| (event.hash(), x)).collect();
    let placed = |ordered: Ordered| Placed {
        event: numbers[&ordered.event.hash()],
        round_received: ordered.round_received,
        consensus_timestamp: ordered.consensus_timestamp,
    };
    ordered.map(placed).collect()
}

/// The order that a member finds to whom the events come like this.
fn order(events: &[Arc<Event>], arrivals: &[usize], members: usize, config: Config) -> Vec<Placed> {
    let mut graph = Graph::new(roster(members), config);
    arrivals.iter().for_each(|&x| insert(&mut graph, &events[x]));
    placed(events, graph.take_ordered())
}

/// Those of the events that are before this one, and itself.
fn known_to(events: &[Arc<Event>], x: usize) -> Vec<usize> {
    let (parents, mut known) = (parents(events), vec![false; events.len()]);
    known[x] = true;
    for child in (0..=x).rev() {
        parents[child].iter().for_each(|&parent| known[parent] |= known[child]);
    }
    (0..=x).filter(|&x| known[x]).collect()
}

/// Whether one is the beginning of the other.
fn agree(a: &[Placed], b: &[Placed]) -> bool {
    let common = a.len().min(b.len());
    a[..common] == b[..common]
}

/// Compares with the pseudocode; gives how many events are in order, and how many coins were tossed.
fn compare(plan: &Plan, coin_period: u64, ancient_rounds: u64) -> (usize, usize) {
    let events = plan.events();
    let naive = Naive::new(&events, plan.members, coin_period, ancient_rounds);
    let expected = &naive.order;
    let arrivals: Vec<usize> = (0..events.len()).collect();
    let found = order(&events, &arrivals, plan.members, config(coin_period, ancient_rounds));
    assert!(agree(&found, expected), "{found:?}\n{expected:?}");
    assert!(found.len() >= expected.len(), "{found:?}\n{expected:?}");
    if let Some(last) = found.get(expected.len()..).and_then(|more| more.last()) {
        // A witness came too late: no vote on it will make it famous, but the pseudocode waits for the votes.
        assert!(naive.first_undecided_round() <= last.round_received, "{found:?}\n{expected:?}");
    }
    (found.len(), naive.coins.get())
}

fn coin_periods() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![3, 4, 10])
}

/// Mostly few, so that much becomes ancient.
fn ancient_rounds() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![1, 2, 3, 4, 6, FOREVER])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn order_and_times_are_those_of_the_pseudocode(
        plan in prop_oneof![4 => plans(1..=MOST, 1..200), 1 => divided(150..250)],
        coin_period in coin_periods(),
        ancient_rounds in ancient_rounds(),
    ) {
        compare(&plan, coin_period, ancient_rounds);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        plan in plans(4..=7, 30..260),
        coin_period in coin_periods(),
        ancient_rounds in ancient_rounds(),
        delays in delays(),
    ) {
        let events = plan.events();
        let config = config(coin_period, ancient_rounds);
        let arrivals: Vec<usize> = (0..events.len()).collect();
        let one = order(&events, &arrivals, plan.members, config);
        let other = order(&events, &shuffled(&events, &delays), plan.members, config);
        prop_assert!(agree(&one, &other), "{:?}\n{:?}", one, other);
    }

    /// One who knows less, or takes in at once what the others took in bit by bit, finds the beginning of the same order.
    #[test]
    fn who_knows_less_agrees_with_who_knows_more(
        plan in plans(4..=7, 60..320),
        coin_period in coin_periods(),
        ancient_rounds in ancient_rounds(),
        last in any::<prop::sample::Index>(),
        delays in delays(),
    ) {
        let events = plan.events();
        let config = config(coin_period, ancient_rounds);
        let all = order(&events, &shuffled(&events, &delays), plan.members, config);
        let some = known_to(&events, events.len() - 1 - last.index(events.len().min(40)));
        let less = order(&events, &some, plan.members, config);
        prop_assert!(agree(&all, &less), "{:?}\n{:?}", all, less);
        // And goes on as they do.
        let rest: Vec<usize> = (0..events.len()).filter(|x| !some.contains(x)).collect();
        let later = order(&events, &[some, rest].concat(), plan.members, config);
        prop_assert!(agree(&all, &later), "{:?}\n{:?}", all, later);
    }

    /// Somebody knew of a fork long ago and is heard of so late that the forked events are ancient to most: they and who has
    /// known for long come to the same order.
    #[test]
    fn late_news_of_a_fork_divide_nobody(
        plan in late_news(),
        coin_period in coin_periods(),
        ancient_rounds in prop::sample::select(vec![1, 2, 3, 4, 6]),
    ) {
        let (events, late) = plan.events();
        let config = config(coin_period, ancient_rounds);
        let arrivals: Vec<usize> = (0..events.len()).collect();
        let (early, late) = (order(&events, &arrivals, 4, config), order(&events, &late, 4, config));
        prop_assert!(agree(&early, &late), "{:?}\n{:?}", early, late);
        let naive = Naive::new(&events, 4, coin_period, ancient_rounds);
        prop_assert!(agree(&early, &naive.order), "{:?}\n{:?}", early, naive.order);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// One who goes on from the window of a round finds what those find who were there all along.
    #[test]
    fn who_goes_on_from_a_window_agrees(
        plan in plans(4..=5, 80..320),
        coin_period in coin_periods(),
        ancient_rounds in prop::sample::select(vec![1, 2, 3, 4, 6]),
        delays in delays(),
    ) {
        let events = plan.signed_events();
        let config = Config { state_rounds: 1, ..config(coin_period, ancient_rounds) };
        let mut graph = Graph::new(roster(plan.members), config);
        events.iter().for_each(|event| insert(&mut graph, event));
        let all = placed(&events, graph.take_ordered());
        for window in graph.take_windows().collect::<Vec<_>>() {
            let found = resumed(&events, &shuffled(&events, &delays), plan.members, config, &window);
            let after: Vec<Placed> =
                all.iter().filter(|placed| placed.round_received > window.round).cloned().collect();
            prop_assert!(agree(&after, &found), "round {}\n{:?}\n{:?}", window.round, after, found);
        }
    }
}

/// The order that one finds who goes on from a window and then gets all events, so far as they can be had.
fn resumed(
    events: &[Arc<Event>],
    arrivals: &[usize],
    members: usize,
    config: Config,
    window: &Window,
) -> Vec<Placed> {
    let mut graph = Graph::resume(roster(members), config, window).expect("the window is valid");
    for &x in arrivals {
        let inserted = graph.insert_verified(events[x].clone());
        assert!(matches!(inserted, Ok(_) | Err(Rejected::Ancient(_))), "{inserted:?}");
    }
    placed(events, graph.take_ordered())
}

/// The random graphs are such that much is put in order, and coins are tossed.
#[test]
fn the_random_graphs_put_the_algorithm_to_the_test() {
    let mut runner = TestRunner::deterministic();
    let (mut ordered, mut coins) = (0, 0);
    for _ in 0..100 {
        let plan = divided(200..300).new_tree(&mut runner).unwrap().current();
        let (placed, tossed) = compare(&plan, 3, FOREVER);
        ordered += placed;
        coins += usize::from(tossed > 0);
    }
    assert!(ordered > 5_000 && coins > 5, "{ordered} ordered, {coins} coins");
}

/// Every bug that can be planted in the algorithm changes the order of some random graph.
#[test]
fn every_planted_bug_shows_in_a_random_graph() {
    use tanglegram_hashgraph::{Bug, Planted};
    let mut runner = TestRunner::deterministic();
    let mut left: Vec<Bug> = Bug::CONSENSUS.to_vec();
    let graphs = prop_oneof![plans(4..=7, 150..250), divided(150..250)];
    for _ in 0..1_000 {
        let plan = graphs.new_tree(&mut runner).unwrap().current();
        let events = plan.events();
        let arrivals: Vec<usize> = (0..events.len()).collect();
        let right = order(&events, &arrivals, plan.members, config(3, FOREVER));
        left.retain(|&bug| {
            let wrong = Config { planted: Planted::only(bug), ..config(3, FOREVER) };
            agree(&order(&events, &arrivals, plan.members, wrong), &right)
        });
        if left.is_empty() {
            return;
        }
    }
    panic!("nobody notices {left:?}");
}
