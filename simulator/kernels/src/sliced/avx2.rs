//! The AVX2 kernel: 256 states side by side, three rounds in each sweep. Encodings are those of [`super::portable`].

#![allow(unsafe_code)] // Intrinsics and assembly.

use std::arch::asm;
use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_cmpgt_epi8, _mm256_load_si256, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_setzero_si256, _mm256_store_si256, _mm256_xor_si256,
};
use std::cell::Cell;

use super::matrix::{self, GROUPS};
use super::portable::flips;
use super::{Kept, Lanes, Op, Packed, Plane, REGION, SLOTS, Sweep, WORDS};
use crate::{HASH_TRITS, Trit};

/// One trit of 256 states.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Slot {
    high: [u64; 4],
    low: [u64; 4],
}

type Arena = Box<[Slot]>;

thread_local! {
    static ARENA: Cell<Option<Arena>> = const { Cell::new(None) };
}

/// The arena, and the proof that the CPU has AVX2.
pub(super) struct Avx2 {
    arena: Kept<Arena>,
}

impl Avx2 {
    /// `None` where the CPU lacks AVX2.
    pub(super) fn new() -> Option<Self> {
        let zero = Slot { high: [0; 4], low: [0; 4] };
        is_x86_feature_detected!("avx2")
            .then(|| Self { arena: Kept::take(&ARENA, || vec![zero; SLOTS].into_boxed_slice()) })
    }
}

impl Lanes for Avx2 {
    const WORDS: usize = 4;
    const FUSED: usize = 3;
    const SCALE: usize = 16;
    const WORTH: usize = 32;

    fn set(&mut self, phase: usize, slot: usize, high: &Plane, low: &Plane) {
        let (flip_high, flip_low) = flips(phase);
        self.arena[slot].high = std::array::from_fn(|i| high[i] ^ flip_high);
        self.arena[slot].low = std::array::from_fn(|i| low[i] ^ flip_low);
    }

    fn copy(&mut self, pairs: &[(u16, u16)]) {
        for &(from, to) in pairs {
            self.arena[usize::from(to)] = self.arena[usize::from(from)];
        }
    }

    fn sboxes(&mut self, phase: usize, ops: &[Op]) {
        // SAFETY: the CPU has AVX2, or `self` would not be.
        unsafe {
            match phase % 3 {
                0 => sboxes::<0>(&mut self.arena, ops),
                1 => sboxes::<1>(&mut self.arena, ops),
                _ => sboxes::<2>(&mut self.arena, ops),
            }
        }
    }

    fn sweep(&mut self, sweep: &Sweep, from: usize, to: usize, _soon: &[*const Trit]) {
        assert!(from.max(to) + REGION <= self.arena.len());
        assert!(sweep.fused() == Self::FUSED && sweep.scale() == Self::SCALE);
        // SAFETY: the CPU has AVX2, or `self` would not be. Both pointers are followed by a whole region of the arena,
        // and the tables are as long, and their slots as far inside a region, as a sweep of this kind has them.
        unsafe {
            let arena = self.arena.as_mut_ptr();
            sweep3(arena.add(from), arena.add(to), sweep.loads().as_ptr(), sweep.stores().as_ptr());
        }
    }

    fn planes(&self, phase: usize, slot: usize) -> (Plane, Plane) {
        let (flip_high, flip_low) = flips(phase);
        let (mut high, mut low) = ([0; WORDS], [0; WORDS]);
        for i in 0..Self::WORDS {
            high[i] = self.arena[slot].high[i] ^ flip_high;
            low[i] = self.arena[slot].low[i] ^ flip_low;
        }
        (high, low)
    }

    fn pack(&self, blocks: &[[Trit; HASH_TRITS]], packed: &mut [Packed], stride: usize) {
        for (block, packed) in blocks.iter().zip(packed.iter_mut().step_by(stride)) {
            // SAFETY: the CPU has AVX2, or `self` would not be.
            *packed = unsafe { pack(block) };
        }
    }

    fn fill(&mut self, phase: usize, packed: &[Packed]) {
        // SAFETY: the CPU has AVX2, or `self` would not be.
        unsafe { fill(self, phase, packed) };
    }

    fn drain(&self, phase: usize, packed: &mut [Packed]) {
        matrix::drain::<{ Self::WORDS }, _>(self, phase, packed);
    }
}

/// See [`matrix::fill`].
#[target_feature(enable = "avx2")]
fn fill(lanes: &mut Avx2, phase: usize, packed: &[Packed]) {
    matrix::fill::<{ Avx2::WORDS }, _>(lanes, phase, packed);
}

/// The bits of a block.
#[target_feature(enable = "avx2")]
fn pack(block: &[Trit; HASH_TRITS]) -> Packed {
    let mut packed = Packed::default();
    for eighth in 0..8 {
        // The last ends where the block ends.
        let start = (32 * eighth).min(HASH_TRITS - 32);
        // SAFETY: 32 trits from `start` are inside the block.
        let trits = unsafe { _mm256_loadu_si256(block.as_ptr().add(start).cast()) };
        let positive = _mm256_movemask_epi8(_mm256_cmpgt_epi8(trits, _mm256_setzero_si256()));
        for (plane, bits) in [!positive, _mm256_movemask_epi8(trits)].into_iter().enumerate() {
            packed.0[plane * GROUPS + eighth / 2] |=
                u64::from(bits.cast_unsigned() >> (32 * eighth - start)) << (32 * (eighth % 2));
        }
    }
    packed
}

#[target_feature(enable = "avx2")]
fn sboxes<const FORM: usize>(arena: &mut [Slot], ops: &[Op]) {
    assert!(arena.len() == SLOTS);
    let arena = arena.as_mut_ptr();
    for op in ops {
        // SAFETY: the slots of an `Op` are inside the arena, and slots are aligned.
        unsafe {
            let [a, b, to] = [op.a, op.b, op.to].map(|slot| arena.add(slot.into()));
            let (high, low) = sbox::<FORM>(load(a), load(b));
            _mm256_store_si256((&raw mut (*to).high).cast(), high);
            _mm256_store_si256((&raw mut (*to).low).cast(), low);
        }
    }
}

/// # Safety
/// `slot` points to a slot.
#[target_feature(enable = "avx2")]
unsafe fn load(slot: *const Slot) -> (__m256i, __m256i) {
    // SAFETY: slots are aligned.
    unsafe {
        (
            _mm256_load_si256((&raw const (*slot).high).cast()),
            _mm256_load_si256((&raw const (*slot).low).cast()),
        )
    }
}

/// The s-box of rounds that are `FORM` modulo 3.
#[target_feature(enable = "avx2")]
fn sbox<const FORM: usize>(a: (__m256i, __m256i), b: (__m256i, __m256i)) -> (__m256i, __m256i) {
    let mixed = _mm256_xor_si256(a.1, b.0);
    let (high, other) = match FORM {
        0 => (_mm256_andnot_si256(a.0, mixed), _mm256_andnot_si256(b.0, b.1)),
        1 => (_mm256_or_si256(a.0, mixed), _mm256_or_si256(b.0, b.1)),
        _ => (_mm256_andnot_si256(mixed, a.0), _mm256_and_si256(b.0, b.1)),
    };
    (high, _mm256_xor_si256(a.0, other))
}

/// `A1[m] = g(A0[m], A0[m-4])` into (`$y`, `$x`), from (P, z) to (H, n). `$q` is the step's place in the loop. Leaves
/// the slot of `A0[m-4]` in rdx.
macro_rules! first {
    ($q:literal, $x:literal $y:literal) => {
        concat!(
            "movzx eax, word ptr [{loads} + 10 + 2*", $q, "]\n",
            "movzx edx, word ptr [{loads} + 2 + 2*", $q, "]\n",
            "vmovdqa ymm", $x, ", [{from} + 4*rax]\n",
            "vmovdqa ymm8, [{from} + 4*rdx]\n",
            "vpxor ymm", $y, ", ymm8, [{from} + 4*rax + 32]\n",
            "vpor ymm8, ymm8, [{from} + 4*rdx + 32]\n",
            "vpor ymm", $y, ", ymm", $y, ", ymm", $x, "\n",
            "vpxor ymm", $x, ", ymm", $x, ", ymm8\n",
        )
    };
}

/// `A2[m-2] = g(A1[m-2], A1[m])` into (`$x2`, `$y2`), from (H, n) to (P, n).
macro_rules! second {
    ($x:literal $y:literal, $x2:literal $y2:literal) => {
        concat!(
            "vpxor ymm",
            $x2,
            ", ymm",
            $x2,
            ", ymm",
            $y,
            "\n",
            "vpand ymm8, ymm",
            $y,
            ", ymm",
            $x,
            "\n",
            "vpandn ymm",
            $x2,
            ", ymm",
            $x2,
            ", ymm",
            $y2,
            "\n",
            "vpxor ymm",
            $y2,
            ", ymm",
            $y2,
            ", ymm8\n",
        )
    };
}

/// `A3[m-2] = g(A2[m-2], A2[m-3])` into (`$x3`, `$y3`), from (P, n) to (P, z).
macro_rules! third {
    ($x2:literal $y2:literal, $x3:literal $y3:literal) => {
        concat!(
            "vpandn ymm",
            $y3,
            ", ymm",
            $x3,
            ", ymm",
            $y3,
            "\n",
            "vpxor ymm",
            $x3,
            ", ymm",
            $x3,
            ", ymm",
            $y2,
            "\n",
            "vpxor ymm",
            $y3,
            ", ymm",
            $y3,
            ", ymm",
            $x2,
            "\n",
            "vpandn ymm",
            $x3,
            ", ymm",
            $x2,
            ", ymm",
            $x3,
            "\n",
        )
    };
}

macro_rules! store {
    ($slot:literal, $x:literal $y:literal) => {
        concat!(
            "vmovdqa [{to} + 4*",
            $slot,
            "], ymm",
            $x,
            "\n",
            "vmovdqa [{to} + 4*",
            $slot,
            " + 32], ymm",
            $y,
            "\n"
        )
    };
}

/// A whole step: the pairs of registers of steps `m`, `m-2` and `m-3`, and where the result goes.
macro_rules! step {
    ($q:literal, $x:literal $y:literal, $x2:literal $y2:literal, $x3:literal $y3:literal, $slot:literal) => {
        concat!(
            first!($q, $x $y),
            second!($x $y, $x2 $y2),
            third!($x2 $y2, $x3 $y3),
            store!($slot, $x3 $y3),
        )
    };
}

/// # Safety
/// The CPU has AVX2. `from` and `to` point to whole regions, `loads` and `stores` to the tables of a sweep of three
/// rounds, scaled by 16.
#[target_feature(enable = "avx2")]
unsafe fn sweep3(from: *const Slot, to: *mut Slot, loads: *const u16, stores: *const u16) {
    // SAFETY: the steps touch only slots of the tables, which are inside the regions; they read the 737 and 729 entries
    // of the tables. All registers written are declared.
    unsafe {
        asm!(
            // Steps 1 to 3, without a result.
            first!(0, 0 4),
            first!(1, 1 5),
            first!(2, 2 6),
            second!(2 6, 0 4),
            // Steps 4 to 7 store to the spares.
            "movzx ecx, word ptr [{stores}]",
            step!(3, 3 7, 1 5, 0 4, "rcx"),
            "add {loads}, 8",
            "movzx ecx, word ptr [{stores} + 2]",
            step!(0, 0 4, 2 6, 1 5, "rcx"),
            "movzx ecx, word ptr [{stores} + 4]",
            step!(1, 1 5, 3 7, 2 6, "rcx"),
            "movzx ecx, word ptr [{stores} + 6]",
            step!(2, 2 6, 0 4, 3 7, "rcx"),
            "jmp 3f",
            "2:",
            step!(0, 0 4, 2 6, 1 5, "rdx"),
            step!(1, 1 5, 3 7, 2 6, "rdx"),
            step!(2, 2 6, 0 4, 3 7, "rdx"),
            "3:",
            step!(3, 3 7, 1 5, 0 4, "rdx"),
            "add {loads}, 8",
            "dec {count:e}",
            "jnz 2b",
            from = in(reg) from,
            to = in(reg) to,
            loads = inout(reg) loads => _,
            stores = in(reg) stores,
            count = inout(reg) 182 => _,
            out("rax") _, out("rcx") _, out("rdx") _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _,
            out("ymm5") _, out("ymm6") _, out("ymm7") _, out("ymm8") _,
            options(nostack),
        );
    }
}
