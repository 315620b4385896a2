//! `cargo bench -p tanglegram-kernels`: everything beside `iota-crypto` and the portable code, and the ratios.
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
/// What the names of the two that others are compared to start with.
const PEER: &str = "iota-crypto";
const PORTABLE: &str = "portable";

/// Something to measure: a name, the units of work in a run, the run, and whether it has to do with what every CPU has.
struct Contestant {
    name: String,
    units: u64,
    run: Box<dyn FnMut()>,
    portable: bool,
}

impl Contestant {
    fn new(name: impl Into<String>, units: u64, run: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), units, run: Box::new(run), portable: false }
    }

    /// The same without vector instructions.
    fn portable(self) -> Self {
        Self { name: format!("{PORTABLE}, {}", self.name), portable: true, ..self }
    }

    /// Does the work once.
    fn run(&mut self) {
        let forced = self.portable.then_some(Kernel::Portable);
        Kernel::force(forced).expect("every CPU has it");
        (self.run)();
    }

    /// Units of work per second, in one run.
    #[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
    fn rate(&mut self) -> f64 {
        let start = Instant::now();
        self.run();
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

/// The fastest kernel with 1, 2, 4, … threads, up to one for each core.
fn threads() -> Vec<Contestant> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let counts = std::iter::successors(Some(1), |count| Some(2 * count)).take_while(|count| *count < cores);
    let search = |threads: usize| {
        let problem = Problem::from_transaction(&std::array::from_fn(|i| (i % 3) as Trit - 1), HASH_TRITS);
        let limit = NONCES * threads as u64;
        let options = Options { threads, limit, ..Options::default() };
        Contestant::new(format!("threads: {threads}"), limit, move || {
            black_box(pow::search(&problem, &options, &Control::new()));
        })
    };
    counts.chain([cores]).map(search).collect()
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
    let theirs = Contestant::new(PEER, 1, move || drop(black_box(peer.digest(&peer_input))));
    let ours = || {
        let input = input.clone();
        Contestant::new("curl::hash", 1, move || {
            black_box(curl::hash(&input, Rounds::P81));
        })
    };
    vec![theirs, ours().portable(), ours()]
}

fn batch_hashes() -> Vec<Contestant> {
    let batch = |count: usize| {
        let inputs: Vec<_> = (0..count).map(transaction).collect();
        Contestant::new(format!("curl::hash_many of {count}"), count as u64, move || {
            let inputs: Vec<&[Trit]> = inputs.iter().map(Vec::as_slice).collect();
            drop(black_box(curl::hash_many(&inputs, Rounds::P81)));
        })
    };
    vec![batch_of_peer(TRANSACTION_TRITS), batch(BATCH).portable(), batch(3), batch(64), batch(BATCH)]
}

fn permutations() -> Vec<Contestant> {
    let eight = || {
        let mut states = [[1; 25]; 8];
        Contestant::new("keccak::permute_many of 8", 8, move || keccak::permute_many(black_box(&mut states)))
    };
    vec![eight().portable(), eight()]
}

/// Prints the best of many rounds: how much, and how many times as much as the peer and as the portable code; without
/// those, as the first.
fn print_ratios(title: &str, contestants: &mut [Contestant]) {
    let mut best = vec![0.0_f64; contestants.len()];
    for _ in 0..50 {
        for (best, contestant) in best.iter_mut().zip(&mut *contestants) {
            *best = best.max(contestant.rate());
        }
    }
    let start = |prefix: &str| contestants.iter().position(|one| one.name.starts_with(prefix));
    let bases: Vec<usize> = [start(PEER), start(PORTABLE)].into_iter().flatten().collect();
    let bases = if bases.is_empty() { vec![0] } else { bases };
    println!("{title}");
    for (rate, contestant) in best.iter().zip(&*contestants) {
        let ratios =
            bases.iter().map(|base| format!("  {:>7.2} x {}", rate / best[*base], contestants[*base].name));
        println!("  {:36} {rate:>14.0} per second{}", contestant.name, ratios.collect::<String>());
    }
    println!();
}

/// Prints how long a search goes on after it was told to stop, at worst.
#[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
fn print_interruption() {
    let problem = Problem::from_transaction(&std::array::from_fn(|i| (i % 3) as Trit - 1), HASH_TRITS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("from Control::cancel to the end of the search, {threads} threads, longest of 20");
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        let options = Options { kernel, threads, limit: u64::MAX };
        let once = || {
            let control = Control::new();
            std::thread::scope(|scope| {
                let search = scope.spawn(|| pow::search(&problem, &options, &control));
                std::thread::sleep(Duration::from_millis(5));
                let start = Instant::now();
                control.cancel();
                drop(search.join());
                start.elapsed()
            })
        };
        let longest = (0..20).map(|_| once()).max().unwrap_or_default();
        println!("  {:36} {:>14.3} ms", kernel.name(), longest.as_secs_f64() * 1e3);
    }
    println!();
}

fn main() {
    let groups = [
        ("nonce search, one core", searches()),
        ("nonce search, all cores", threads()),
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
            let name = contestant.name.clone();
            group.bench_function(name, |bencher| bencher.iter(|| contestant.run()));
        }
        group.finish();
        print_ratios(title, &mut contestants);
    }
    print_interruption();
}
