//! `cargo bench -p tanglegram-kernels`: every kernel beside the portable one and `iota-crypto`, and the ratios.
//!
//! Criterion prints the times. The ratios are measured by themselves, in many short rounds in which all take turns, so
//! that a change of the clock rate meets everyone alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use crypto::encoding::ternary::{Btrit, T1B1Buf, TritBuf};
use crypto::hashes::ternary::curl_p::{BATCH_SIZE, CurlP, CurlPBatchHasher};
use tanglegram_kernels::curl::{self, Rounds};
use tanglegram_kernels::keccak;
use tanglegram_kernels::pow::{self, Control, Kernel, Options, Problem};
use tanglegram_kernels::{HASH_TRITS, Trit};

const TRANSACTION_TRITS: usize = 33 * HASH_TRITS;
/// Nonces tried in one run of a search.
const NONCES: u64 = 4 * pow::nonce::GROUP;
/// Transactions in a batch.
const BATCH: usize = 512;

/// Something to measure: a name, the units of work in a run, and the run.
struct Contestant {
    name: String,
    units: u64,
    run: Box<dyn FnMut()>,
}

impl Contestant {
    fn new(name: impl Into<String>, units: u64, run: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), units, run: Box::new(run) }
    }

    /// Units of work per second, in one run.
    #[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
    fn rate(&mut self) -> f64 {
        let start = Instant::now();
        (self.run)();
        self.units as f64 / start.elapsed().as_secs_f64()
    }
}

/// A transaction that differs from the others.
fn transaction(seed: usize) -> Vec<Trit> {
    (0..TRANSACTION_TRITS).map(|i| ((i * i + i / 7 + seed * i) % 3) as Trit - 1).collect()
}

fn buffer(trits: &[Trit]) -> TritBuf<T1B1Buf> {
    trits.iter().map(|&trit| Btrit::try_from(trit).expect("a trit")).collect()
}

fn searches() -> Vec<Contestant> {
    let search = |kernel: Kernel| {
        // No nonce is that good.
        let problem = Problem::from_transaction(&std::array::from_fn(|i| (i % 3) as Trit - 1), HASH_TRITS);
        let options = Options { kernel, threads: 1, limit: NONCES };
        Contestant::new(kernel.name(), NONCES, move || {
            black_box(pow::search(&problem, &options, &Control::new()));
        })
    };
    let mut contestants = vec![batch_of_peer(81 * 3)];
    contestants.extend(Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(search));
    contestants
}

/// What `iota-crypto` has for many equal inputs; for a nonce one block each.
fn batch_of_peer(length: usize) -> Contestant {
    let inputs: Vec<_> = (0..BATCH_SIZE).map(|seed| buffer(&transaction(seed)[..length])).collect();
    let mut hasher = CurlPBatchHasher::<T1B1Buf>::new(length);
    Contestant::new("iota-crypto batch", BATCH_SIZE as u64, move || {
        inputs.iter().for_each(|input| hasher.add(input.clone()));
        hasher.hash().for_each(|hash| drop(black_box(hash)));
    })
}

fn single_hashes() -> Vec<Contestant> {
    let input = transaction(1);
    let (peer_input, mut peer) = (buffer(&input), CurlP::new());
    let theirs = Contestant::new("iota-crypto", 1, move || drop(black_box(peer.digest(&peer_input))));
    let ours = Contestant::new("curl::hash", 1, move || {
        black_box(curl::hash(&input, Rounds::P81));
    });
    vec![theirs, ours]
}

fn batch_hashes() -> Vec<Contestant> {
    let batch = |count: usize| {
        let inputs: Vec<_> = (0..count).map(transaction).collect();
        Contestant::new(format!("curl::hash_many of {count}"), count as u64, move || {
            let inputs: Vec<&[Trit]> = inputs.iter().map(Vec::as_slice).collect();
            drop(black_box(curl::hash_many(&inputs, Rounds::P81)));
        })
    };
    vec![batch_of_peer(TRANSACTION_TRITS), batch(3), batch(64), batch(BATCH)]
}

fn permutations() -> Vec<Contestant> {
    let (mut one, mut many) = ([1; 25], [[1; 25]; 8]);
    let single = Contestant::new("keccak::permute", 1, move || keccak::permute(black_box(&mut one)));
    let eight =
        Contestant::new("keccak::permute_many of 8", 8, move || keccak::permute_many(black_box(&mut many)));
    vec![single, eight]
}

/// Prints how many times as fast as the first each contestant is, by the best of many rounds.
fn print_ratios(title: &str, contestants: &mut [Contestant]) {
    let mut best = vec![0.0_f64; contestants.len()];
    for _ in 0..50 {
        for (best, contestant) in best.iter_mut().zip(&mut *contestants) {
            *best = best.max(contestant.rate());
        }
    }
    println!("{title}");
    for (rate, contestant) in best.iter().zip(&*contestants) {
        println!("  {:26} {rate:>14.0} per second  {:>7.2} x", contestant.name, rate / best[0]);
    }
    println!();
}

fn main() {
    let groups = [
        ("nonce search, one core", searches()),
        ("hash of one transaction", single_hashes()),
        ("hashes of many transactions", batch_hashes()),
        ("keccak-f[1600]", permutations()),
    ];
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    for (title, mut contestants) in groups {
        let mut group = criterion.benchmark_group(title);
        for contestant in &mut contestants {
            group.throughput(criterion::Throughput::Elements(contestant.units));
            group.bench_function(&contestant.name, |bencher| bencher.iter(|| (contestant.run)()));
        }
        group.finish();
        print_ratios(title, &mut contestants);
    }
}
