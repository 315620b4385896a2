//! Work on another thread that Ctrl-C ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tanglegram_ternary::pow::Control;

use crate::serve::stop_signal;

/// How often the caller can look at how far the work is.
const TICK: Duration = Duration::from_millis(100);

/// Does `work` and returns what comes of it, calling `tick` ten times a second. Ctrl-C and SIGTERM cancel `control`, after
/// which the work has to end by itself.
pub(super) fn run<T: Send + 'static>(
    control: &Arc<Control>,
    work: impl FnOnce(&Control) -> T + Send + 'static,
    mut tick: impl FnMut(),
) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        tokio::pin!(stop);
        let theirs = Arc::clone(control);
        let mut working = tokio::task::spawn_blocking(move || work(&theirs));
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                result = &mut working => return result.map_err(io::Error::other),
                () = &mut stop, if !control.is_cancelled() => control.cancel(),
                _ = ticks.tick() => tick(),
            }
        }
    })
}
