//! Hashes per second of every kernel.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tanglegram_ternary::pow::{self, Control, Kernel, Options};
use tanglegram_ternary::{Hash, TransactionBuilder};
use tokio::time::Instant;

use super::{MineArgs, interruptible};
use crate::exit::Exit;

/// How long a kernel runs until the next has its turn, so that a change of the clock rate meets all alike.
const SLICE: Duration = Duration::from_millis(200);
/// How long each runs before anything counts.
const WARM_UP: Duration = Duration::from_millis(50);
/// How often to look for an interruption.
const NAP: Duration = Duration::from_millis(10);

/// What one kernel did.
struct Measured {
    kernel: Kernel,
    hashes: u64,
    time: Duration,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.hashes as f64 / self.time.as_secs_f64()
    }
}

/// Measures and prints.
pub(super) fn bench(args: &MineArgs) -> Exit {
    let threads = args.threads.map_or(1, usize::from);
    let total = Duration::from_secs_f64(args.seconds);
    let kernels = kernels(args);
    let control = Arc::new(Control::new());
    let measured = interruptible::run(&control, move |stop| measure(&kernels, threads, total, stop), || {});
    let measured = match measured {
        Ok(measured) => measured,
        Err(error) => {
            return Exit::Unusable.because(format_args!("cannot measure: {error}"));
        }
    };
    let _ = print(&measured, threads, args.json, &mut io::stdout().lock()); // nobody may be reading
    if control.is_cancelled() {
        eprintln!("interrupted; what was measured until then is shown");
        return Exit::Interrupted;
    }
    Exit::Expected
}

/// The one that the user names, or all.
fn kernels(args: &MineArgs) -> Vec<Kernel> {
    match args.kernel.or_else(|| Kernel::forced().ok().flatten()) {
        Some(kernel) => vec![kernel],
        None => Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).collect(),
    }
}

/// Lets the kernels take turns until each had its time, or until told to stop.
fn measure(kernels: &[Kernel], threads: usize, total: Duration, stop: &Control) -> Vec<Measured> {
    let idle = |&kernel| Measured { kernel, hashes: 0, time: Duration::ZERO };
    let mut measured: Vec<Measured> = kernels.iter().map(idle).collect();
    for kernel in kernels {
        slice(*kernel, threads, WARM_UP, stop);
    }
    while !stop.is_cancelled() && measured.iter().any(|one| one.time < total) {
        for one in measured.iter_mut().filter(|one| one.time < total) {
            let (hashes, time) = slice(one.kernel, threads, SLICE.min(total - one.time), stop);
            one.hashes += hashes;
            one.time += time;
        }
    }
    measured
}

/// Searches for some time what cannot be found; the hashes done and the time they took.
fn slice(kernel: Kernel, threads: usize, length: Duration, stop: &Control) -> (u64, Duration) {
    let control = Control::new();
    let started = Instant::now();
    let options = Options { kernel, threads, ..Options::default() };
    thread::scope(|scope| {
        scope.spawn(|| drop(pow::mine(unsolvable(), Hash::NULL.trits().len(), &options, &control)));
        while started.elapsed() < length && !stop.is_cancelled() {
            thread::sleep(NAP.min(length - started.elapsed().min(length)));
        }
        control.cancel();
    });
    (control.hashes(), started.elapsed())
}

/// A transaction for which nobody will find a hash of nothing but zeros, as that of zeros alone is.
fn unsolvable() -> TransactionBuilder {
    let mut builder = TransactionBuilder::new();
    builder.set_parents(&tanglegram_ternary::kerl::hash(&[1; 243]), &Hash::NULL);
    builder
}

fn print(measured: &[Measured], threads: usize, json: bool, out: &mut impl Write) -> io::Result<()> {
    let measured = measured.iter().filter(|one| one.hashes > 0);
    if json {
        for one in measured {
            let (kernel, rate) = (one.kernel.name(), one.rate().round());
            let line = json!({ "kernel": kernel, "threads": threads, "hashes_per_second": rate });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    let rows: Vec<&Measured> = measured.collect();
    let base = rows.iter().find(|one| one.kernel == Kernel::Portable).map(|one| one.rate());
    writeln!(out, "kernel     threads    hashes/s  x portable")?;
    for one in rows {
        let ratio = base.map_or_else(|| "-".to_owned(), |base| format!("{:.2}", one.rate() / base));
        writeln!(out, "{:<10} {threads:>7} {:>11.0} {ratio:>11}", one.kernel.name(), one.rate())?;
    }
    Ok(())
}
