//! What a running search shares with the outside: a way to stop it, and how far it is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Stops a search from another thread and counts its hashes. Share it by reference or in an `Arc`.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    hashes: AtomicU64,
}

impl Control {
    /// A control that is not cancelled and has counted nothing.
    pub const fn new() -> Self {
        Self { cancelled: AtomicBool::new(false), hashes: AtomicU64::new(0) }
    }

    /// Asks every search that holds this control to stop; they do within milliseconds.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Control::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Hashes done so far, over all threads and all searches that held this control.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, hashes: u64) {
        self.hashes.fetch_add(hashes, Ordering::Relaxed);
    }
}
