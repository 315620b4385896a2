//! The workers of a search.

use std::sync::atomic::{AtomicU64, Ordering};

use super::group::Search;
use super::nonce::{GROUP, LANES};
use super::{Control, FIXED_TRITS, Kernel, Problem};
use crate::sliced::{self, Lanes, Task};
use crate::{HASH_TRITS, STATE_TRITS, Trit};

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

/// One worker's part of a search.
pub(super) struct Work<'a> {
    pub(super) problem: &'a Problem,
    pub(super) shared: &'a Shared,
    pub(super) control: &'a Control,
}

impl Task for Work<'_> {
    type Output = ();

    /// Takes groups in ascending order until one starts past the best counter. Every group below was then taken by
    /// somebody who finishes it, so the best counter at the end is the smallest there is.
    fn run<L: Lanes>(self, lanes: L) {
        let Self { problem, shared, control } = self;
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
}

/// A problem without a solution, to compare kernels.
pub(crate) struct Race(Problem);

impl Race {
    const HASHES: u64 = 8 * LANES;

    pub(crate) fn new() -> Self {
        // Not all zero: that hashes to zeros.
        let state: [Trit; STATE_TRITS] = std::array::from_fn(|i| (i * i % 7 % 3) as Trit - 1);
        Self(Problem::new(&state, &[1; FIXED_TRITS], HASH_TRITS))
    }

    /// Searches a little with a kernel.
    pub(crate) fn run(&self, kernel: Kernel) {
        self.work(|work| sliced::with(kernel, work));
    }

    /// Searches a little with a form of the AVX-512 kernel.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn run_avx512(&self, mixed: bool) {
        self.work(|work| sliced::with_avx512(mixed, work));
    }

    fn work(&self, with: impl Fn(Work)) {
        with(Work { problem: &self.0, shared: &Shared::new(Self::HASHES), control: &Control::new() });
    }
}
