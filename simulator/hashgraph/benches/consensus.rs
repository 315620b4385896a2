//! What an event costs, signatures aside, in graphs with a short and with a long history.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tanglegram_hashgraph::consensus::{Config, Event, Graph, KeyPair, Parent, Roster};

const MEMBERS: usize = 10;
/// How many events are timed, after the history.
const TIMED: usize = 1_000;

/// Gossip at random.
fn events(keys: &[KeyPair], count: usize) -> Vec<Arc<Event>> {
    let mut tips: Vec<Option<Parent>> = vec![None; MEMBERS];
    let mut draw = 1_u64;
    let mut random = move |bound: usize| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) as usize % bound
    };
    let mut event = |time: usize| {
        let creator = random(MEMBERS);
        let other = tips[(creator + 1 + random(MEMBERS - 1)) % MEMBERS];
        let event =
            Event::create(&keys[creator], creator as u16, tips[creator], other, time as i64, Vec::new());
        tips[creator] = Some(event.as_parent());
        Arc::new(event)
    };
    (0..count).map(&mut event).collect()
}

#[allow(clippy::disallowed_methods)] // A benchmark looks at a clock.
fn time(roster: &Roster, history: &[Arc<Event>], timed: &[Arc<Event>]) -> Duration {
    let mut graph = Graph::new(roster.clone(), Config { state_rounds: 0, ..Config::default() });
    for event in history {
        graph.insert(event.clone()).expect("parents come first");
        graph.take_ordered().for_each(drop);
    }
    let start = Instant::now();
    for event in timed {
        graph.insert(event.clone()).expect("parents come first");
        graph.take_ordered().for_each(|ordered| drop(black_box(ordered)));
    }
    start.elapsed()
}

fn history(criterion: &mut Criterion) {
    let keys: Vec<KeyPair> = (0..MEMBERS).map(|seed| KeyPair::from_seed([seed as u8; 32])).collect();
    let roster = Roster::new(keys.iter().map(KeyPair::public).collect()).expect("these are keys");
    let all = events(&keys, 100_000 + TIMED);
    assert!(all.iter().all(|event| event.is_signed(&roster)));
    let mut group = criterion.benchmark_group("1000 events after");
    group.sample_size(10).throughput(Throughput::Elements(TIMED as u64));
    for length in [1_000, 10_000, 100_000] {
        group.bench_with_input(BenchmarkId::from_parameter(length), &length, |bencher, &length| {
            let (history, timed) = (&all[..length], &all[length..length + TIMED]);
            bencher.iter_custom(|times| (0..times).map(|_| time(&roster, history, timed)).sum());
        });
    }
}

criterion_group!(benches, history);
criterion_main!(benches);
