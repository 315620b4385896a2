//! The AVX-512 kernel: 512 states side by side, five rounds in each sweep.

#![allow(unsafe_code)] // Intrinsics and assembly.

mod turn;

use std::arch::asm;
use std::arch::x86_64::{_mm512_load_si512, _mm512_store_si512, _mm512_ternarylogic_epi64};
use std::cell::Cell;

use super::{Kept, Kernel, Lanes, Op, Packed, Plane, REGION, SLOTS, Sweep, WORDS, matrix};
use crate::{HASH_TRITS, Trit};

/// One trit of 512 states.
#[derive(Clone, Copy)]
#[repr(C, align(128))]
struct Slot {
    high: Plane,
    low: Plane,
}

type Arena = Box<[Slot]>;

thread_local! {
    static ARENA: Cell<Option<Arena>> = const { Cell::new(None) };
}

/// The whole arena, and the proof that the CPU has AVX-512F and AVX-512BW.
pub(super) struct Avx512 {
    arena: Kept<Arena>,
    aside: Box<Aside>,
    mixed: bool,
}

/// What a sweep needs besides the states.
#[repr(C, align(64))]
struct Aside {
    /// Low planes of trits after the first round of a sweep that have no register.
    ring: [Plane; 2],
    /// What to bring closer, one in each turn of the loop.
    soon: [*const Trit; TURNS],
}

/// Turns of the loop of a sweep.
const TURNS: usize = 45;

impl Avx512 {
    /// `None` where the CPU lacks AVX-512F or AVX-512BW.
    /// `mixed`: some s-box halves as two operations of two operands instead of one of three, which CPUs with four
    /// ports for them prefer.
    pub(super) fn new(mixed: bool) -> Option<Self> {
        let zero = Slot { high: [0; WORDS], low: [0; WORDS] };
        Kernel::Avx512.is_available().then(|| Self {
            arena: Kept::take(&ARENA, || vec![zero; SLOTS].into_boxed_slice()),
            aside: Box::new(Aside { ring: [[0; WORDS]; 2], soon: [std::ptr::null(); TURNS] }),
            mixed,
        })
    }
}

impl Lanes for Avx512 {
    const WORDS: usize = WORDS;
    const FUSED: usize = 5;
    const SCALE: usize = 16;
    /// What comes next is brought closer while sweeps are done, so there is no need to read far ahead.
    const PACKED: usize = 1;
    const WORTH: usize = 160;

    fn set(&mut self, _phase: usize, slot: usize, high: &Plane, low: &Plane) {
        self.arena[slot] = Slot { high: *high, low: *low };
    }

    fn copy(&mut self, pairs: &[(u16, u16)]) {
        for &(from, to) in pairs {
            self.arena[usize::from(to)] = self.arena[usize::from(from)];
        }
    }

    fn sboxes(&mut self, _phase: usize, ops: &[Op]) {
        // SAFETY: the CPU has AVX-512F, or `self` would not be.
        unsafe { sboxes(&mut self.arena, ops) }
    }

    fn sweep(&mut self, sweep: &Sweep, from: usize, to: usize, soon: &[*const Trit]) {
        // The last again and again where there are not enough.
        if let Some(last) = soon.last() {
            self.aside
                .soon
                .iter_mut()
                .zip(soon.iter().chain(std::iter::repeat(last)))
                .for_each(|(a, b)| *a = *b);
        }
        assert!(from.max(to) + REGION <= self.arena.len());
        assert!(sweep.fused() == Self::FUSED && sweep.scale() == Self::SCALE);
        // SAFETY: the CPU has AVX-512F, or `self` would not be. Both pointers are followed by a whole region of the
        // arena, and the tables are as long, and their slots as far inside a region, as a sweep of this kind has them.
        unsafe {
            let arena = self.arena.as_mut_ptr();
            let sweep5 = match (self.mixed, soon.is_empty()) {
                (false, true) => sweep5_ternary,
                (false, false) => sweep5_ternary_fetching,
                (true, true) => sweep5_mixed,
                (true, false) => sweep5_mixed_fetching,
            };
            sweep5(
                arena.add(from),
                arena.add(to),
                sweep.loads().as_ptr(),
                sweep.stores().as_ptr(),
                &mut self.aside,
            );
        }
    }

    fn planes(&self, _phase: usize, slot: usize) -> (Plane, Plane) {
        (self.arena[slot].high, self.arena[slot].low)
    }

    fn pack(&self, blocks: &[[Trit; HASH_TRITS]], packed: &mut [Packed], stride: usize) {
        for (block, packed) in blocks.iter().zip(packed.iter_mut().step_by(stride)) {
            // SAFETY: the CPU has AVX-512F and BW, or `self` would not be.
            unsafe { turn::pack(block, packed) };
        }
    }

    fn unpack(&self, packed: &Packed) -> [Trit; HASH_TRITS] {
        // SAFETY: the CPU has AVX-512F and BW, or `self` would not be.
        unsafe { turn::unpack(packed) }
    }

    fn fill(&mut self, _phase: usize, packed: &[Packed]) {
        // SAFETY: the CPU has AVX-512F, or `self` would not be.
        unsafe { turn::fill(&mut self.arena, packed) };
    }

    fn drain(&self, phase: usize, packed: &mut [Packed]) {
        matrix::drain::<WORDS, _>(self, phase, packed);
    }
}

/// `!a | (b ^ c)` with operands in the order (b, a, c) or (c, a, b).
const HIGH: i32 = 0x7b;
/// `a ^ (b & c)` with operands in the order (a, b, c).
const LOW: i32 = 0x78;

#[target_feature(enable = "avx512f")]
fn sboxes(arena: &mut [Slot], ops: &[Op]) {
    assert!(arena.len() == SLOTS);
    let arena = arena.as_mut_ptr();
    for op in ops {
        // SAFETY: the slots of an `Op` are inside the arena, and slots are aligned.
        unsafe {
            let [a, b, to] = [op.a, op.b, op.to].map(|slot| arena.add(slot.into()));
            let load = |plane: *const Plane| _mm512_load_si512(plane.cast());
            let (ah, an, bh, bn) = (
                load(&raw const (*a).high),
                load(&raw const (*a).low),
                load(&raw const (*b).high),
                load(&raw const (*b).low),
            );
            _mm512_store_si512((&raw mut (*to).high).cast(), _mm512_ternarylogic_epi64::<HIGH>(an, ah, bh));
            _mm512_store_si512((&raw mut (*to).low).cast(), _mm512_ternarylogic_epi64::<LOW>(ah, bh, bn));
        }
    }
}

/// `H'` into `$n`, from `a = ($h, $n)` and the high plane `$b`; or into `$n` holding the high plane of `b`, from it and
/// `a = ($h, $b)`.
#[rustfmt::skip]
macro_rules! high {
    ($n:literal, $h:literal, $b:literal) => {
        concat!("vpternlogq zmm", $n, ", zmm", $h, ", zmm", $b, ", 0x7b\n")
    };
}

/// `n'` into `$h`, from the high plane of `a` and `b = ($b, $n)`.
#[rustfmt::skip]
macro_rules! low {
    (ternary, $h:literal, $b:literal, $n:literal) => {
        concat!("vpternlogq zmm", $h, ", zmm", $b, ", zmm", $n, ", 0x78\n")
    };
    (mixed, $h:literal, $b:literal, $n:literal) => {
        concat!("vpandq zmm25, zmm", $b, ", zmm", $n, "\n", "vpxorq zmm", $h, ", zmm", $h, ", zmm25\n")
    };
}

/// `n'` into `$n`, from the high plane of `a` and `b = ($b, $n)`.
#[rustfmt::skip]
macro_rules! low_over_b {
    (ternary, $n:literal, $h:literal, $b:literal) => {
        concat!("vpternlogq zmm", $n, ", zmm", $h, ", zmm", $b, ", 0x6c\n")
    };
    (mixed, $n:literal, $h:literal, $b:literal) => {
        concat!("vpandq zmm", $n, ", zmm", $n, ", zmm", $b, "\n", "vpxorq zmm", $n, ", zmm", $n, ", zmm", $h, "\n")
    };
}

/// `n'` into `$h`, from the high plane of `a` and from `b`: its high plane in zmm25, its low in memory.
#[rustfmt::skip]
macro_rules! low_of_memory {
    (ternary, $h:literal, $n:literal) => {
        concat!("vpternlogq zmm", $h, ", zmm25, ", $n, ", 0x78\n")
    };
    (mixed, $h:literal, $n:literal) => {
        concat!("vpandq zmm25, zmm25, ", $n, "\n", "vpxorq zmm", $h, ", zmm", $h, ", zmm25\n")
    };
}

/// `A1[m] = g(A0[m], A0[m-16])` into (`$q`, `$n`). `$q` is the step's place in the loop.
#[rustfmt::skip]
macro_rules! first {
    ($form:ident, $q:literal, $n:literal) => {
        concat!(
            "movzx eax, word ptr [{loads} + 82 + 2*", $q, "]\n",
            "movzx edx, word ptr [{loads} + 50 + 2*", $q, "]\n",
            "vmovdqa64 zmm", $n, ", [{from} + 8*rax]\n",
            "vmovdqa64 zmm", $q, ", [{from} + 8*rax + 64]\n",
            "vmovdqa64 zmm25, [{from} + 8*rdx]\n",
            high!($q, $n, 25),
            low_of_memory!($form, $n, "[{from} + 8*rdx + 64]"),
        )
    };
}

/// The low plane of A1 is needed again eight steps later. Six of eight steps have a register to keep it, two have memory.
#[rustfmt::skip]
macro_rules! keep {
    ((register), $n:literal) => { "" };
    ((memory $p:literal), $n:literal) => { concat!("vmovdqa64 [{aside} + 64*", $p, "], zmm", $n, "\n") };
}

/// The low plane of A1[m-8] into `$l`; its place is free then.
#[rustfmt::skip]
macro_rules! recall {
    ((register), $l:literal, $n:literal) => { concat!("vmovdqa64 zmm", $l, ", zmm", $n, "\n") };
    ((memory $p:literal), $l:literal, $n:literal) => { concat!("vmovdqa64 zmm", $l, ", [{aside} + 64*", $p, "]\n") };
}

/// `A2[m-8] = g(A1[m-8], A1[m])` into (`$l`, `$y8`).
#[rustfmt::skip]
macro_rules! second {
    ($form:ident, $y:literal $n:literal, $l:literal $y8:literal) => {
        concat!(high!($l, $y8, $y), low!($form, $y8, $y, $n))
    };
}

/// The other levels: `A3[m-8] = g(A2[m-8], A2[m-12])`, `A4[m-10] = g(A3[m-10], A3[m-8])`,
/// `A5[m-10] = g(A4[m-10], A4[m-11])`, the last into (`$y15`, `$l7`).
#[rustfmt::skip]
macro_rules! others {
    ($form:ident, $l:literal $y8:literal, $l4:literal $y12:literal, $l6:literal $y14:literal, $l7:literal $y15:literal) => {
        concat!(
            low_over_b!($form, $y12, $l, $l4),
            high!($l4, $l, $y8),
            // A3[m-8] is (l4, y12), A3[m-10] is (l6, y14).
            high!($y14, $l6, $l4),
            low!($form, $l6, $l4, $y12),
            // A4[m-10] is (y14, l6), A4[m-11] is (y15, l7).
            low_over_b!($form, $l7, $y14, $y15),
            high!($y15, $y14, $l6),
        )
    };
}

#[rustfmt::skip]
macro_rules! store {
    ($slot:literal, $high:literal, $low:literal) => {
        concat!(
            "vmovdqa64 [{to} + 8*", $slot, "], zmm", $high, "\n",
            "vmovdqa64 [{to} + 8*", $slot, " + 64], zmm", $low, "\n",
        )
    };
}

/// A step that does only the first round.
#[rustfmt::skip]
macro_rules! one_round {
    ($form:ident, $q:literal $ring:tt $n:literal, $($rest:tt)*) => {
        concat!(first!($form, $q, $n), keep!($ring, $n))
    };
}

/// A step that does only the first two rounds.
#[rustfmt::skip]
macro_rules! two_rounds {
    ($form:ident, $q:literal $ring:tt $n:literal, $l:literal $y8:literal, $($rest:tt)*) => {
        concat!(
            recall!($ring, $l, $n),
            first!($form, $q, $n),
            keep!($ring, $n),
            second!($form, $q $n, $l $y8),
        )
    };
}

/// A step whose result is of no use.
#[rustfmt::skip]
macro_rules! no_result {
    ($form:ident, $q:literal $ring:tt $n:literal, $l:literal $y8:literal, $($rest:tt)*) => {
        concat!(two_rounds!($form, $q $ring $n, $l $y8,), others!($form, $l $y8, $($rest)*))
    };
}

/// A step whose result goes to a spare slot.
#[rustfmt::skip]
macro_rules! to_spare {
    ($form:ident, $q:literal $ring:tt $n:literal, $a:literal $b:literal, $c:literal $d:literal, $e:literal $f:literal, $l7:literal $y15:literal) => {
        concat!(
            no_result!($form, $q $ring $n, $a $b, $c $d, $e $f, $l7 $y15),
            "movzx ecx, word ptr [{stores} - 14 + 2*", $q, "]\n",
            store!("rcx", $y15, $l7),
        )
    };
}

/// A step whose result replaces A0[m-16].
#[rustfmt::skip]
macro_rules! in_place {
    ($form:ident, $q:literal $ring:tt $n:literal, $a:literal $b:literal, $c:literal $d:literal, $e:literal $f:literal, $l7:literal $y15:literal) => {
        concat!(no_result!($form, $q $ring $n, $a $b, $c $d, $e $f, $l7 $y15), store!("rdx", $y15, $l7))
    };
}

/// Brings 64 of the 256 trits of this turn's place closer, which is in rcx from the first on.
#[rustfmt::skip]
macro_rules! fetch {
    (alone, $part:tt) => { "" };
    (fetching, 0) => { "mov rcx, qword ptr [{aside} + 120 + 8*{count:r}]\nprefetcht1 [rcx]\n" };
    (fetching, $part:tt) => { concat!("prefetcht1 [rcx + 64*", $part, "]\n") };
}

/// Steps of one kind, by their place in the loop of sixteen.
#[rustfmt::skip]
macro_rules! steps {
    ($kind:ident, $form:ident, $($q:tt)*) => { concat!($(step!($kind, $form, $q)),*) };
}

/// The registers of a step: its place `q` (also the register of the high plane of A1), where the low plane of A1 is kept,
/// and pairs `l y`. A trit stays where it is from round to round; each gate overwrites an operand that dies. The pairs are
/// the `l` of step `m` with the `y` of step `m-8`, then those of `m-4` and `m-12`, `m-6` and `m-14`, `m-7` and `m-15`.
#[rustfmt::skip]
macro_rules! step {
    ($kind:ident, $form:ident, 0) => { $kind!($form, 0 (memory 0) 24, 16 8, 20 4, 18 2, 17 1) };
    ($kind:ident, $form:ident, 1) => { $kind!($form, 1 (memory 1) 24, 17 9, 21 5, 19 3, 18 2) };
    ($kind:ident, $form:ident, 2) => { $kind!($form, 2 (register) 26, 18 10, 22 6, 20 4, 19 3) };
    ($kind:ident, $form:ident, 3) => { $kind!($form, 3 (register) 27, 19 11, 23 7, 21 5, 20 4) };
    ($kind:ident, $form:ident, 4) => { $kind!($form, 4 (register) 28, 20 12, 16 8, 22 6, 21 5) };
    ($kind:ident, $form:ident, 5) => { $kind!($form, 5 (register) 29, 21 13, 17 9, 23 7, 22 6) };
    ($kind:ident, $form:ident, 6) => { $kind!($form, 6 (register) 30, 22 14, 18 10, 16 8, 23 7) };
    ($kind:ident, $form:ident, 7) => { $kind!($form, 7 (register) 31, 23 15, 19 11, 17 9, 16 8) };
    ($kind:ident, $form:ident, 8) => { $kind!($form, 8 (memory 0) 24, 16 0, 20 12, 18 10, 17 9) };
    ($kind:ident, $form:ident, 9) => { $kind!($form, 9 (memory 1) 24, 17 1, 21 13, 19 11, 18 10) };
    ($kind:ident, $form:ident, 10) => { $kind!($form, 10 (register) 26, 18 2, 22 14, 20 12, 19 11) };
    ($kind:ident, $form:ident, 11) => { $kind!($form, 11 (register) 27, 19 3, 23 15, 21 13, 20 12) };
    ($kind:ident, $form:ident, 12) => { $kind!($form, 12 (register) 28, 20 4, 16 0, 22 14, 21 13) };
    ($kind:ident, $form:ident, 13) => { $kind!($form, 13 (register) 29, 21 5, 17 1, 23 15, 22 14) };
    ($kind:ident, $form:ident, 14) => { $kind!($form, 14 (register) 30, 22 6, 18 2, 16 0, 23 15) };
    ($kind:ident, $form:ident, 15) => { $kind!($form, 15 (register) 31, 23 7, 19 3, 17 1, 16 0) };
}

/// A sweep of five rounds in the given form.
macro_rules! sweep5 {
    ($name:ident, $form:ident, $fetching:ident) => {
        /// Five rounds in one pass. Step `m` is at place `m - 25` modulo 16 of the loop.
        ///
        /// # Safety
        /// The CPU has AVX-512F. `from` and `to` point to whole regions, `loads` and `stores` to the tables of a sweep
        /// of five rounds, scaled by 16.
        #[target_feature(enable = "avx512f")]
        unsafe fn $name(from: *const Slot, to: *mut Slot, loads: *const u16, stores: *const u16, aside: &mut Aside) {
            // SAFETY: the steps touch only slots of the tables, which are inside the regions, and `aside`; they read
            // the 761 and 729 entries of the tables. To fetch is a hint that any address may have. All registers written
            // are declared.
            unsafe {
                asm!(
                    // Steps 1 to 15 fill the pipeline.
                    "sub {loads}, 64",
                    steps!(one_round, $form, 8 9 10 11 12 13 14 15),
                    "add {loads}, 32",
                    steps!(two_rounds, $form, 0 1 2 3),
                    steps!(no_result, $form, 4 5 6),
                    // Steps 16 to 31.
                    steps!(to_spare, $form, 7 8 9 10 11 12 13 14 15),
                    "add {loads}, 32",
                    "add {stores}, 32",
                    steps!(to_spare, $form, 0 1 2 3 4 5 6),
                    // Steps 32 to 744.
                    "jmp 3f",
                    "2:",
                    steps!(in_place, $form, 0 1 2 3 4 5 6),
                    "3:",
                    fetch!($fetching, 0),
                    steps!(in_place, $form, 7 8 9),
                    fetch!($fetching, 1),
                    steps!(in_place, $form, 10 11 12),
                    fetch!($fetching, 2),
                    steps!(in_place, $form, 13 14 15),
                    fetch!($fetching, 3),
                    "add {loads}, 32",
                    "dec {count:e}",
                    "jnz 2b",
                    from = in(reg) from,
                    to = in(reg) to,
                    loads = inout(reg) loads => _,
                    stores = inout(reg) stores => _,
                    aside = in(reg) aside,
                    count = inout(reg) TURNS => _,
                    out("rax") _, out("rcx") _, out("rdx") _,
                    out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _,
                    out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _,
                    out("zmm12") _, out("zmm13") _, out("zmm14") _, out("zmm15") _, out("zmm16") _, out("zmm17") _,
                    out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _,
                    out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _, out("zmm29") _,
                    out("zmm30") _, out("zmm31") _,
                    options(nostack),
                );
            }
        }
    };
}

sweep5!(sweep5_ternary, ternary, alone);
sweep5!(sweep5_mixed, mixed, alone);
sweep5!(sweep5_ternary_fetching, ternary, fetching);
sweep5!(sweep5_mixed_fetching, mixed, fetching);
