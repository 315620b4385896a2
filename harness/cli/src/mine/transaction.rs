//! The proof of work of one transaction.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tanglegram_ternary::pow::{self, Control, Kernel, Options, PowError};
use tanglegram_ternary::{Transaction, TransactionBuilder};
use tokio::time::Instant;

use super::{MAINNET_MWM, MineArgs, cores, interruptible, mega};
use crate::exit::Exit;

/// More than a transaction, so that one that is too long is noticed.
const MOST_INPUT: u64 = 16 * 1024;

/// Mines `trytes` and prints the result.
pub(super) fn mine(args: &MineArgs, trytes: &str) -> Exit {
    let builder = match read(trytes) {
        Ok(builder) => builder,
        Err(why) => return Exit::Usage.because(why),
    };
    let mwm = args.mwm.unwrap_or(MAINNET_MWM);
    let kernel = args.kernel.or_else(|| Kernel::chosen().ok()).unwrap_or_else(Kernel::fastest);
    let threads = args.threads.map_or_else(cores, usize::from);
    let options = Options { kernel, threads, ..Options::default() };
    let (control, started) = (Arc::new(Control::new()), Instant::now());
    let progress = Progress::new(args.json, mwm);
    let result = interruptible::run(
        &control,
        move |control| pow::mine(builder, mwm.into(), &options, control),
        || progress.show(control.hashes(), started.elapsed()),
    );
    progress.bar.finish_and_clear();
    let effort = Effort { mwm, options, hashes: control.hashes(), elapsed: started.elapsed() };
    match result {
        Ok(Ok(transaction)) => effort.tell_mined(&transaction, args.json),
        Ok(Err(PowError::Cancelled)) => effort.tell_interrupted(args.json),
        Ok(Err(error)) => Exit::Usage.because(error),
        Err(error) => Exit::Unusable.because(format_args!("cannot mine: {error}")),
    }
}

/// The transaction of an argument, or of standard input.
fn read(argument: &str) -> Result<TransactionBuilder, String> {
    let (from, trytes) = match argument {
        "-" => {
            let mut text = String::new();
            let read = io::stdin().lock().take(MOST_INPUT).read_to_string(&mut text);
            read.map_err(|error| format!("cannot read the trytes from standard input: {error}"))?;
            ("standard input", Cow::Owned(text))
        }
        text => ("--trytes", Cow::Borrowed(text)),
    };
    TransactionBuilder::from_trytes(trytes.trim()).map_err(|error| format!("{from}: no transaction: {error}"))
}

/// What a search took.
struct Effort {
    mwm: u8,
    options: Options,
    hashes: u64,
    elapsed: Duration,
}

impl Effort {
    fn tell_mined(&self, transaction: &Transaction, json: bool) -> Exit {
        let line = if json {
            json!({
                "type": "mined",
                "trytes": transaction.to_trytes(),
                "hash": transaction.hash().to_string(),
                "nonce": transaction.nonce().to_string(),
                "mwm": self.mwm,
                "kernel": self.options.kernel.name(),
                "threads": self.options.threads,
                "hashes": self.hashes,
                "seconds": self.elapsed.as_secs_f64(),
            })
            .to_string()
        } else {
            eprintln!("{}: {self}", transaction.hash());
            transaction.to_trytes()
        };
        match writeln!(io::stdout().lock(), "{line}") {
            Ok(()) => Exit::Expected,
            Err(error) => Exit::Unusable.because(format_args!("cannot print the transaction: {error}")),
        }
    }

    fn tell_interrupted(&self, json: bool) -> Exit {
        if json {
            let seconds = self.elapsed.as_secs_f64();
            let line = json!({ "type": "interrupted", "hashes": self.hashes, "seconds": seconds });
            let _ = writeln!(io::stdout().lock(), "{line}"); // nobody may be reading
        }
        eprintln!("interrupted, no nonce found: {self}");
        Exit::Interrupted
    }
}

impl std::fmt::Display for Effort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Options { kernel, threads, .. } = self.options;
        let seconds = self.elapsed.as_secs_f64();
        let rate = mega(self.hashes as f64 / seconds);
        write!(f, "{} hashes in {seconds:.3} s, {rate}, kernel {kernel}, threads {threads}", self.hashes)
    }
}

/// How far the search is, on a terminal.
struct Progress {
    bar: ProgressBar,
    mwm: u8,
}

impl Progress {
    fn new(json: bool, mwm: u8) -> Self {
        let shown = io::stderr().is_terminal() && !json;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Self { bar, mwm }
    }

    fn show(&self, hashes: u64, elapsed: Duration) {
        let (rate, million) = (mega(hashes as f64 / elapsed.as_secs_f64()), hashes as f64 / 1e6);
        let average = 3f64.powi(self.mwm.into()) / 1e6;
        let mwm = self.mwm;
        self.bar.set_message(format!(
            "{rate}, {million:.1} million hashes tried (mwm {mwm} takes {average:.1} million on average)"
        ));
        self.bar.tick();
    }
}
