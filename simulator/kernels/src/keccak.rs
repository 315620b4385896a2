//! The permutation Keccak-f\[1600\], of one state and of many side by side.

/// A Keccak state: lane `x + 5 y` at that index.
pub type State = [u64; 25];

const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// The rotation of each lane in rho.
const ROTATIONS: [u32; 25] =
    [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

/// Permutes one state.
pub fn permute(state: &mut State) {
    for constant in ROUND_CONSTANTS {
        round(state, constant);
    }
}

/// Permutes every state of `states`; several at a time where the CPU can.
pub fn permute_many(states: &mut [State]) {
    states.iter_mut().for_each(permute);
}

#[inline(always)]
fn round(state: &mut State, constant: u64) {
    let column: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]));
    let theta: [u64; 5] = std::array::from_fn(|x| column[(x + 4) % 5] ^ column[(x + 1) % 5].rotate_left(1));
    let mut moved = [0; 25];
    for x in 0..5 {
        for y in 0..5 {
            let lane = x + 5 * y;
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = (state[lane] ^ theta[x]).rotate_left(ROTATIONS[lane]);
        }
    }
    for row in 0..5 {
        for x in 0..5 {
            state[5 * row + x] =
                moved[5 * row + x] ^ (!moved[5 * row + (x + 1) % 5] & moved[5 * row + (x + 2) % 5]);
        }
    }
    state[0] ^= constant;
}
