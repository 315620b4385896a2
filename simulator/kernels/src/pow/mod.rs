//! Proof of work: the search for a nonce whose Curl-P-81 hash ends in zeros.
//!
//! A transaction is 33 blocks of 243 trits; its nonce is the last 81. The caller absorbs the first 32 blocks (7776
//! trits) and hands over that midstate and the 162 trits before the nonce as a [`Problem`]. [`search`] finds the nonce
//! with the **smallest counter** in the mapping of [`nonce`], so the answer depends on nothing but the problem.

mod control;
mod group;
pub mod nonce;
mod program;
mod work;

use crate::curl::{Curl, Rounds};
use crate::sliced;
pub use crate::sliced::{Kernel, KernelError, VARIABLE};
use crate::{HASH_TRITS, STATE_TRITS, Trit};
pub use control::Control;
pub use nonce::NONCE_TRITS;
pub(crate) use work::Race;
use work::{Shared, Work};

/// Trits of the last block before the nonce.
pub const FIXED_TRITS: usize = HASH_TRITS - NONCE_TRITS;

/// What to search: a midstate, the fixed part of the last block, and the minimum weight magnitude.
#[derive(Clone, Debug)]
pub struct Problem {
    state: [Trit; STATE_TRITS],
    mwm: usize,
}

impl Problem {
    /// From the sponge's state after 7776 trits, the last block's 162 trits before the nonce, and how many zeros the
    /// hash must end in (more than 243 is taken as 243).
    pub fn new(midstate: &[Trit; STATE_TRITS], fixed: &[Trit; FIXED_TRITS], mwm: usize) -> Self {
        let mut state = *midstate;
        state[..FIXED_TRITS].copy_from_slice(fixed);
        state[FIXED_TRITS..HASH_TRITS].fill(0);
        Self { state, mwm: mwm.min(HASH_TRITS) }
    }

    /// From a whole transaction; its nonce is ignored.
    pub fn from_transaction(trits: &[Trit; 33 * HASH_TRITS], mwm: usize) -> Self {
        let (head, last) = trits.split_at(32 * HASH_TRITS);
        let mut sponge = Curl::new(Rounds::P81);
        sponge.absorb(head);
        let mut fixed = [0; FIXED_TRITS];
        fixed.copy_from_slice(&last[..FIXED_TRITS]);
        Self::new(&sponge.state(), &fixed, mwm)
    }

    /// How many zeros the hash must end in.
    #[inline]
    pub fn mwm(&self) -> usize {
        self.mwm
    }

    /// The hash of the transaction with this nonce.
    pub fn hash(&self, nonce: &[Trit; NONCE_TRITS]) -> [Trit; HASH_TRITS] {
        let mut block = [0; HASH_TRITS];
        block[..FIXED_TRITS].copy_from_slice(&self.state[..FIXED_TRITS]);
        block[FIXED_TRITS..].copy_from_slice(nonce);
        let mut sponge = Curl::from_state(&self.state, Rounds::P81);
        sponge.absorb(&block);
        sponge.rate()
    }

    /// Whether the transaction with this nonce is good enough.
    pub fn is_solved_by(&self, nonce: &[Trit; NONCE_TRITS]) -> bool {
        self.hash(nonce)[HASH_TRITS - self.mwm..].iter().all(|&trit| trit == 0)
    }

    /// The state before the last transform, the nonce trits 0.
    fn state(&self) -> &[Trit; STATE_TRITS] {
        &self.state
    }
}

/// How to search. None of it changes the nonce found, except a `limit` below its counter.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The kernel to use; one that this CPU cannot run is replaced by the portable one.
    pub kernel: Kernel,
    /// Worker threads; 0 is taken as 1. With 1 the calling thread does the work.
    pub threads: usize,
    /// Counters from here on are not tried (a few may be hashed, none is returned).
    pub limit: u64,
}

impl Default for Options {
    /// One thread, no limit, and the kernel of [`Kernel::chosen`]; an unusable choice is ignored.
    fn default() -> Self {
        Self { kernel: Kernel::chosen().unwrap_or_else(|_| Kernel::fastest()), threads: 1, limit: u64::MAX }
    }
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The nonce of the smallest counter that solves the problem.
    Found {
        /// The 81 trits to put at the end of the transaction.
        nonce: [Trit; NONCE_TRITS],
        /// The counter that maps to it.
        counter: u64,
    },
    /// [`Control::cancel`] came first.
    Cancelled,
    /// No counter below the limit solves the problem.
    Exhausted,
}

/// Searches until the nonce is found, the limit is reached, or `control` says stop.
pub fn search(problem: &Problem, options: &Options, control: &Control) -> Outcome {
    if control.is_cancelled() {
        return Outcome::Cancelled;
    }
    if let Some(counter) = among_first(problem, options.limit, control) {
        return Outcome::Found { nonce: nonce::nonce(counter), counter };
    }
    let shared = Shared::new(options.limit);
    let work = || sliced::with(options.kernel, Work { problem, shared: &shared, control });
    std::thread::scope(|scope| {
        for _ in 1..options.threads {
            scope.spawn(work);
        }
        work();
    });
    let counter = shared.best();
    if control.is_cancelled() {
        Outcome::Cancelled
    } else if counter < options.limit {
        Outcome::Found { nonce: nonce::nonce(counter), counter }
    } else {
        Outcome::Exhausted
    }
}

/// Nonces tried one by one first: to set a kernel up takes as long.
const FEW: u64 = 32;

/// The smallest counter that solves the problem, if it is among the first.
fn among_first(problem: &Problem, limit: u64, control: &Control) -> Option<u64> {
    let few = limit.min(FEW);
    let found = (0..few).find(|&counter| problem.is_solved_by(&nonce::nonce(counter)));
    control.count(found.map_or(few, |counter| counter + 1));
    found
}
