//! Chain coordinates: the state re-indexed so that a round works in place.
//!
//! Let `T_r[364^r j] = S_r[j]` (indices modulo 729). Then round `r` is `T'[i] = g(T[i], T[i + s])` with
//! `s = 364^(r+1)`: no trit moves. After all rounds `S[j] = T[364^rounds j]`.

use super::Rounds;

/// The length of the ring.
pub(crate) const RING: usize = 729;

/// `364^exponent` modulo 729.
pub(crate) const fn power(exponent: usize) -> usize {
    let mut product = 1;
    let mut i = 0;
    while i < exponent {
        product = product * 364 % RING;
        i += 1;
    }
    product
}

/// The strides of the 81 rounds of one transform: round `r` joins `i` and `i + STRIDES[r]`.
pub(crate) const STRIDES: [usize; 81] = {
    let mut strides = [0; 81];
    let mut r = 0;
    while r < 81 {
        strides[r] = power(r + 1);
        r += 1;
    }
    strides
};

/// How the state lies in chain coordinates after the last round, as (step, residues):
/// `S[j] = T[j + step (j mod residues)]`.
pub(super) const fn home(rounds: Rounds) -> (usize, usize) {
    match rounds {
        // 364^27 is 82.
        Rounds::P27 => (81, 9),
        // 364^81 is 244.
        Rounds::P81 => (243, 3),
    }
}
