//! `tanglegram serve hedera-net`: a whole Hedera network on real ports.

use std::io::{self, Write};
use std::net::SocketAddr;

use tanglegram_wire::{HederaNet, RunningHedera, serve_hedera};

use super::{ServeArgs, stop_signal};
use crate::exit::Exit;

/// What the world is called.
pub(super) const NAME: &str = "hedera-net";

/// Serves the network until Ctrl-C or SIGTERM.
pub(super) fn serve(args: &ServeArgs) -> Exit {
    let plan = match plan(args) {
        Ok(plan) => plan,
        Err(problem) => return Exit::Usage.because(problem),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Exit::Unusable.because("the system has no room for an event loop");
    };
    // From before the first `listening` line on: whoever reads it may send a signal at once.
    let stop = match runtime.block_on(async { stop_signal() }) {
        Ok(stop) => stop,
        Err(error) => return Exit::Usage.because(format_args!("cannot wait for signals: {error}")),
    };
    let running = match serve_hedera(&plan) {
        Ok(running) => running,
        Err(error) => return Exit::Usage.because(error),
    };
    let _ = announce(&running); // nobody may be reading
    runtime.block_on(stop);
    running.shutdown();
    Exit::Expected
}

fn plan(args: &ServeArgs) -> Result<HederaNet, String> {
    let others = [
        ("--gossip", args.gossip.is_some()),
        ("--milestone-interval", args.milestone_interval.is_some()),
        ("--data", args.data.is_some()),
        ("--faults", args.faults),
    ];
    if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
        return Err(format!(
            "{option} is not for {NAME}: see --help for --listen, --dialect, --files and --busy-after"
        ));
    }
    let mut plan = HederaNet { files: args.files.clone(), ..HederaNet::default() };
    if let Some(name) = &args.dialect {
        plan.dialect = name.parse().map_err(|_| format!("the mirror node of {NAME} cannot speak {name}"))?;
    }
    plan.room = args.busy_after.unwrap_or(plan.room);
    if let Some(listen) = args.listen {
        plan.grpc = listen;
        // Where the first port may be any, so may the others.
        plan.rest = SocketAddr::new(listen.ip(), if listen.port() == 0 { 0 } else { plan.rest.port() });
    }
    Ok(plan)
}

/// Tells where the APIs are, and whose the hbars are; for programs as much as for people.
fn announce(running: &RunningHedera) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (account, address) in &running.nodes {
        writeln!(out, "listening grpc {account} {address}")?;
    }
    writeln!(out, "listening mirror m0 http://{}", running.mirror)?;
    let operator = &running.operator;
    writeln!(out, "funded account {} key {} balance {}", operator.account, operator.key, operator.balance)?;
    out.flush()
}
