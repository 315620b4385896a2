//! `tanglegram proxy`: a worse connection to something good.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use clap::Args;
use tanglegram_target::{Counts, Endpoint, Faults, FaultyProxy};

use crate::exit::{self, Exit};

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram proxy http://localhost:14265 --faults latency=50ms..500ms,reset=0.05", "try a client on a bad day"),
    ("tanglegram proxy http://localhost:14265 --faults garbage=0.1 --seed 7", "the same replies are damaged each time"),
    ("tanglegram proxy localhost:15600 --faults truncate=0.01,slow=2000", "between two nodes: any protocol on TCP will do"),
]))]
pub(crate) struct ProxyArgs {
    /// Where to pass connections on to, such as http://localhost:14265
    upstream: String,
    /// Where to listen; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What happens to replies: latency=TIME or FROM..TO before each, slow=BYTES_PER_SECOND, and the shares of
    /// replies in which the connection is cut off or bytes are changed: reset=, truncate=, garbage=
    #[arg(long, value_name = "FAULTS", default_value = "")]
    faults: Faults,
    /// Which replies are hit: the same seed hits the same replies of the same connections
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// Serves until Ctrl-C, and tells what happened.
pub(crate) fn proxy(args: &ProxyArgs) -> Exit {
    let upstream = match Endpoint::parse(&args.upstream) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            return Exit::Usage.because(error);
        }
    };
    match serve(args, upstream) {
        Ok(()) => Exit::Expected,
        Err(error) => Exit::Unusable.because(format_args!("cannot listen on {}: {error}", args.listen)),
    }
}

fn serve(args: &ProxyArgs, upstream: Endpoint) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = crate::serve::stop_signal()?;
        let place = (upstream.host().to_owned(), upstream.port());
        let proxy = FaultyProxy::bind(args.listen, place, args.faults.clone(), args.seed).await?;
        let counts = proxy.counts();
        // Nobody may be reading.
        let _ = writeln!(io::stdout(), "listening proxy http://{} for {upstream}", proxy.address()?);
        tokio::select! {
            biased;
            () = stop => {}
            () = proxy.serve() => {}
        }
        report(&counts);
        Ok(())
    })
}

fn report(counts: &Counts) {
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    eprintln!(
        "{} connections; replies: {} passed, {} garbled, {} truncated, {} reset; {} connections without an upstream",
        count(&counts.connections),
        count(&counts.passed),
        count(&counts.garbled),
        count(&counts.truncated),
        count(&counts.reset),
        count(&counts.refused),
    );
}
