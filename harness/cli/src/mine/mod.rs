//! `tanglegram mine`: proof of work for a transaction, and how fast this machine does it.

mod bench;
mod interruptible;
mod transaction;

use std::thread;

use clap::{ArgGroup, Args};
use tanglegram_ternary::pow::{Kernel, KernelError, VARIABLE};

use crate::args::seconds;
use crate::exit::Exit;

/// The weight that the main network demanded.
const MAINNET_MWM: u8 = 14;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("job").required(true).args(["trytes", "bench"])))]
pub(crate) struct MineArgs {
    /// The transaction: 2673 trytes, or - to read them from standard input. Its nonce is replaced, nothing else
    #[arg(long, value_name = "TRYTES", allow_hyphen_values = true)]
    trytes: Option<String>,
    /// Trailing zero trits that the hash must have, the minimum weight magnitude [default: 14, as on the main network]
    #[arg(long, value_name = "NUMBER", conflicts_with = "bench", value_parser = clap::value_parser!(u8).range(0..=243))]
    mwm: Option<u8>,
    /// Measure hashes per second, kernel by kernel
    #[arg(long)]
    bench: bool,
    /// The kernel: portable, avx2 or avx512 [default: what TANGLEGRAM_POW names, else the fastest here; with --bench
    /// every one that this CPU can run]
    #[arg(long, value_name = "NAME", value_parser = kernel)]
    kernel: Option<Kernel>,
    /// Threads to search with; the nonce is the same for any number [default: all cores; with --bench 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// How long to measure each kernel, in seconds
    #[arg(long, value_name = "SECONDS", requires = "bench", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Print one JSON object a line
    ///
    /// A transaction: {"type":"mined", "trytes", "hash", "nonce", "mwm", "kernel", "threads", "hashes", "seconds"}, or
    /// {"type":"interrupted", "hashes", "seconds"}. With --bench, for each kernel: {"kernel", "threads",
    /// "hashes_per_second"}.
    #[arg(long)]
    json: bool,
}

fn kernel(name: &str) -> Result<Kernel, KernelError> {
    name.parse::<Kernel>()?.usable()
}

/// Runs the command.
pub(crate) fn mine(args: &MineArgs) -> Exit {
    match (able(), &args.trytes) {
        (Err(exit), _) => exit,
        (Ok(()), Some(trytes)) => transaction::mine(args, trytes),
        (Ok(()), None) => bench::bench(args),
    }
}

/// `Ok` if the environment lets this process mine; else it was told why not.
pub(crate) fn able() -> Result<(), Exit> {
    match Kernel::forced() {
        Ok(_) => Ok(()),
        Err(error) => Err(Exit::Usage.because(format_args!("the environment variable {VARIABLE}: {error}"))),
    }
}

/// All cores of this machine.
fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A rate as people say it.
fn mega(hashes_per_second: f64) -> String {
    format!("{:.1} MH/s", hashes_per_second / 1e6)
}
