//! Many Curl states side by side, one bit of a register each: the kernels.
//!
//! A *slot* is one trit of all states. The slots of a kernel live in one arena, in which a *region* is room for a whole
//! state and a few spare slots. The state is kept in chain coordinates (see [`crate::curl::chain`]).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod kept;
mod kernel;
mod matrix;
mod portable;
mod tables;

use crate::curl::chain::RING;
use crate::{HASH_TRITS, Trit};
pub(crate) use kept::Kept;
pub use kernel::{Kernel, KernelError, VARIABLE};
pub(crate) use matrix::{Packed, pack};
pub(crate) use tables::{Op, Round, Sweep, op, sweeps};

/// Words of 64 lanes in the widest kernel.
pub(crate) const WORDS: usize = 8;
/// One plane of one trit, for as many lanes as any kernel has.
pub(crate) type Plane = [u64; WORDS];

/// The longest span of a sweep, see [`Sweep`].
const SPARES: usize = 32;
/// Slots of a region: a state and spares.
pub(crate) const REGION: usize = RING + SPARES;
/// First slot of the region where a state is before the sweeps.
pub(crate) const BASE: usize = 0;
/// First slot of the region where it is during the sweeps.
pub(crate) const WORK: usize = BASE + REGION;
/// Slots in an arena: more than anyone uses, a power of two.
pub(crate) const SLOTS: usize = 4096;

/// A kernel's states.
///
/// A trit is given as two planes: +1 when its bit in the high plane is 0; else 0 when its bit in the low plane is 0;
/// else -1. How a kernel keeps it is its own affair, and may change from round to round with period 3: hence the `phase`,
/// the number of rounds so far modulo 3.
pub(crate) trait Lanes {
    /// States side by side, in words of 64.
    const WORDS: usize;
    /// Rounds in each sweep.
    const FUSED: usize;
    /// What the slots in sweeps are multiplied by.
    const SCALE: usize;
    /// How many blocks of a message to pack at a time.
    const PACKED: usize = 11;
    /// From how many messages on it pays to hash them side by side.
    const WORTH: usize;

    /// Sets a slot; only the first [`Lanes::WORDS`] words count.
    fn set(&mut self, phase: usize, slot: usize, high: &Plane, low: &Plane);
    /// The high and low plane of a slot, in the first [`Lanes::WORDS`] words.
    fn planes(&self, phase: usize, slot: usize) -> (Plane, Plane);
    /// Copies slots, each (from, to).
    fn copy(&mut self, pairs: &[(u16, u16)]);
    /// Does s-boxes, in order.
    fn sboxes(&mut self, phase: usize, ops: &[Op]);
    /// Does a sweep, from one region to another or in place. It starts in phase 1. Meanwhile the kernel may bring the 256
    /// trits from each place in `soon` closer; no other use is made of the pointers.
    fn sweep(&mut self, sweep: &Sweep, from: usize, to: usize, soon: &[*const Trit]);
    /// Packs consecutive blocks of a message, each `stride` further in `packed`.
    fn pack(&self, blocks: &[[Trit; HASH_TRITS]], packed: &mut [Packed], stride: usize);
    /// The trits of a packed block.
    fn unpack(&self, packed: &Packed) -> [Trit; HASH_TRITS] {
        packed.trits()
    }
    /// Sets the slots of the rate in [`BASE`] to a block of every state, of which there are as many as lanes.
    fn fill(&mut self, phase: usize, packed: &[Packed]);
    /// The opposite of [`Lanes::fill`].
    fn drain(&self, phase: usize, packed: &mut [Packed]);
}

/// Something to do with the states of whichever kernel.
pub(crate) trait Task {
    /// What comes of it.
    type Output;
    /// Does it.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Does a task with a kernel; one that this CPU cannot run is replaced by the portable one.
pub(crate) fn with<T: Task>(kernel: Kernel, task: T) -> T::Output {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 if kernel.is_available() => with_avx512(kernel::prefers_mixed(), task),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => match avx2::Avx2::new() {
            Some(lanes) => task.run(lanes),
            None => task.run(portable::Portable::new()),
        },
        _ => task.run(portable::Portable::new()),
    }
}

/// Does a task with one form of the AVX-512 kernel, see [`avx512::Avx512::new`].
#[cfg(target_arch = "x86_64")]
pub(crate) fn with_avx512<T: Task>(mixed: bool, task: T) -> T::Output {
    match avx512::Avx512::new(mixed) {
        Some(lanes) => task.run(lanes),
        None => task.run(portable::Portable::new()),
    }
}
