//! The thread that a network is served on.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use crate::net::ServeError;

/// Where the thread says, once, that everything answers, or why not.
pub(crate) type Ready = mpsc::SyncSender<Result<(), ServeError>>;
/// Ends when the thread is to stop, with an error: nothing is ever sent.
pub(crate) type Stopped = oneshot::Receiver<()>;

/// A thread that serves until told to stop. Dropping it stops it, and waits until it has.
#[derive(Debug)]
pub(crate) struct ServerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Starts it; returns as soon as it is ready.
    ///
    /// # Errors
    /// What it says is wrong, or the system has no room for a thread.
    pub(crate) fn start(
        name: &str,
        serve: impl FnOnce(&Ready, Stopped) + Send + 'static,
    ) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Io { name: name.to_owned(), source };
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        let thread = Builder::new().name(format!("wire {name}"));
        let thread = thread.spawn(move || serve(&ready, stopped)).map_err(failed)?;
        started.recv().map_err(|_| failed(io::Error::other("the server thread ended at once")))??;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        drop(self.stop.take()); // the server waits for this sender to go
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
