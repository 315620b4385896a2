//! The workers of a search.

use std::sync::atomic::{AtomicU64, Ordering};

use super::kernel::prefers_mixed;
use super::lanes::{Lanes, Search};
use super::nonce::GROUP;
use super::portable::Portable;
use super::{Control, FIXED_TRITS, Kernel, Problem};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};
use crate::{HASH_TRITS, STATE_TRITS};

/// What the workers of one search share.
pub(super) struct Shared {
    /// The next group (see [`GROUP`]) nobody has taken.
    next: AtomicU64,
    /// The smallest counter found so far, or the limit: nothing from here on is of interest.
    best: AtomicU64,
}

impl Shared {
    pub(super) fn new(limit: u64) -> Self {
        Self { next: AtomicU64::new(0), best: AtomicU64::new(limit) }
    }

    /// The smallest counter found, or the limit.
    pub(super) fn best(&self) -> u64 {
        self.best.load(Ordering::Relaxed)
    }
}

/// Works on a search until it is over.
pub(super) fn work(problem: &Problem, kernel: Kernel, shared: &Shared, control: &Control) {
    #[cfg(target_arch = "x86_64")]
    {
        let avx512 = || Avx512::new(prefers_mixed());
        if let Some(lanes) = Some(kernel).filter(|kernel| *kernel == Kernel::Avx512).and_then(|_| avx512()) {
            return work_with(lanes, problem, shared, control);
        }
        if let Some(lanes) = Some(kernel).filter(|kernel| *kernel == Kernel::Avx2).and_then(|_| Avx2::new()) {
            return work_with(lanes, problem, shared, control);
        }
    }
    work_with(Portable::new(), problem, shared, control);
}

/// Takes groups in ascending order until one starts past the best counter. Every group below was then taken by
/// somebody who finishes it, so the best counter at the end is the smallest there is.
fn work_with(lanes: impl Lanes, problem: &Problem, shared: &Shared, control: &Control) {
    let mut search = Search::new(problem, control, lanes);
    while let Some(start) = shared.next.fetch_add(1, Ordering::Relaxed).checked_mul(GROUP) {
        let best = shared.best();
        if control.is_cancelled() || start >= best {
            return;
        }
        if let Some(counter) = search.group(start, best) {
            shared.best.fetch_min(counter, Ordering::Relaxed);
        }
    }
}

/// A problem without a solution, to compare kernels.
pub(super) struct Race(Problem);

impl Race {
    const HASHES: u64 = GROUP / 2;

    pub(super) fn new() -> Self {
        Self(Problem::new(&[0; STATE_TRITS], &[0; FIXED_TRITS], HASH_TRITS))
    }

    /// Searches a little with a kernel.
    pub(super) fn run(&self, kernel: Kernel) {
        work(&self.0, kernel, &Shared::new(Self::HASHES), &Control::new());
    }

    /// Searches a little with a form of the AVX-512 kernel.
    pub(super) fn run_avx512(&self, mixed: bool) {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Avx512::new(mixed) {
            work_with(lanes, &self.0, &Shared::new(Self::HASHES), &Control::new());
        }
    }
}
