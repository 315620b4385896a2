//! The mapping from counters to nonces. It is part of the contract: with it a search has one answer.
//!
//! A counter `c` is split into three numbers, each written in base 3, least significant digit first; digit 2 is the
//! trit -1. Trits of the nonce that no digit reaches stay 0.
//!
//! | number | digits | nonce trits |
//! | --- | --- | --- |
//! | lane `c mod 512` | 6 | [`LANE_TRITS`] |
//! | inner `(c / 512) mod 27` | 3 | [`INNER_TRITS`] |
//! | outer `c / 13824` | 32 | the others, in ascending order |

use crate::Trit;
use crate::sliced::{Plane, WORDS};

/// Trits in a nonce.
pub const NONCE_TRITS: usize = 81;
/// Nonces that differ only in [`LANE_TRITS`].
pub const LANES: u64 = 512;
/// Settings of [`INNER_TRITS`].
pub const INNER: u64 = 27;
/// Counters that share one outer number.
pub const GROUP: u64 = LANES * INNER;

/// The nonce trits that hold the lane number.
pub const LANE_TRITS: [usize; 6] = [75, 76, 77, 78, 79, 80];
/// The nonce trits that hold the inner number. The trits they reach overlap more than those of any other three, so
/// the first rounds of a hash change least from one inner number to the next.
pub const INNER_TRITS: [usize; 3] = [0, 17, 74];

const OUTER_TRITS: [usize; 32] = {
    let mut trits = [0; 32];
    let mut next = 1;
    let mut i = 0;
    while i < trits.len() {
        if next == INNER_TRITS[1] {
            next += 1;
        }
        trits[i] = next;
        next += 1;
        i += 1;
    }
    trits
};

/// The nonce that `counter` stands for.
pub fn nonce(counter: u64) -> [Trit; NONCE_TRITS] {
    let mut nonce = [0; NONCE_TRITS];
    write(&mut nonce, &LANE_TRITS, counter % LANES);
    write(&mut nonce, &INNER_TRITS, counter / LANES % INNER);
    write(&mut nonce, &OUTER_TRITS, counter / GROUP);
    nonce
}

fn write(nonce: &mut [Trit; NONCE_TRITS], positions: &[usize], mut number: u64) {
    for &position in positions {
        nonce[position] = digit(number % 3);
        number /= 3;
    }
}

/// The trit that stands for a base-3 digit.
fn digit(digit: u64) -> Trit {
    if digit == 2 { -1 } else { digit as Trit }
}

/// The high and low planes of the lane trits.
pub(super) const LANE_PLANES: [[Plane; 2]; LANE_TRITS.len()] = {
    let mut planes = [[[0; WORDS]; 2]; LANE_TRITS.len()];
    let mut lane = 0;
    while lane < LANES as usize {
        let (mut digits, mut trit) = (lane, 0);
        while trit < LANE_TRITS.len() {
            let bit = 1 << (lane % 64);
            if digits % 3 != 1 {
                planes[trit][0][lane / 64] |= bit;
            }
            if digits % 3 == 2 {
                planes[trit][1][lane / 64] |= bit;
            }
            digits /= 3;
            trit += 1;
        }
        lane += 1;
    }
    planes
};

const _: () = assert!(LANES == 64 * WORDS as u64);
