//! Ctrl-C and SIGTERM, for commands that compute and for commands that wait.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::watch;

/// Whether the user wants the command to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        let flag = interrupt.0.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stop = runtime.block_on(async { crate::serve::stop_signal() })?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(stop);
            flag.store(true, Ordering::Relaxed);
        })?;
        Ok(interrupt)
    }

    /// Whether it came.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same for commands on an event loop: once it came, it stays.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens from now on; to be called on the event loop.
    pub(crate) fn listen() -> io::Result<Stop> {
        let stop = crate::serve::stop_signal()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            stop.await;
            let _ = sender.send(true); // nobody may be waiting any more
        });
        Ok(Stop(receiver))
    }

    /// Waits for it.
    pub(crate) async fn comes(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|came| *came).await.is_err() {
            std::future::pending().await
        }
    }
}
