//! The permutation Keccak-f\[1600\], of one state and of many side by side.

#[cfg(target_arch = "x86_64")]
mod x86;

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
    rounds(state);
}

/// Permutes every state of `states`: eight at a time with AVX-512, four with AVX2, else one after the other.
pub fn permute_many(states: &mut [State]) {
    #[cfg(target_arch = "x86_64")]
    let states = x86::permute_many(states);
    states.iter_mut().for_each(permute);
}

/// One lane of one state, or of several side by side.
trait Lane: Copy {
    fn constant(word: u64) -> Self;
    fn xor(self, other: Self) -> Self;
    fn rotate(self, by: u32) -> Self;
    /// `self ^ (!b & c)`.
    fn chi(self, b: Self, c: Self) -> Self;
    fn xor3(self, b: Self, c: Self) -> Self;
}

impl Lane for u64 {
    #[inline(always)]
    fn constant(word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn rotate(self, by: u32) -> Self {
        self.rotate_left(by)
    }

    #[inline(always)]
    fn chi(self, b: Self, c: Self) -> Self {
        self ^ (!b & c)
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        self ^ b ^ c
    }
}

#[inline(always)]
fn rounds<L: Lane>(state: &mut [L; 25]) {
    for constant in ROUND_CONSTANTS {
        round(state, L::constant(constant));
    }
}

#[inline(always)]
fn round<L: Lane>(state: &mut [L; 25], constant: L) {
    let column = |x: usize| state[x].xor3(state[x + 5], state[x + 10]).xor3(state[x + 15], state[x + 20]);
    let columns = [column(0), column(1), column(2), column(3), column(4)];
    let theta = |x: usize| columns[(x + 4) % 5].xor(columns[(x + 1) % 5].rotate(1));
    let theta = [theta(0), theta(1), theta(2), theta(3), theta(4)];
    let mut moved = *state;
    for x in 0..5 {
        for y in 0..5 {
            let lane = x + 5 * y;
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = state[lane].xor(theta[x]).rotate(ROTATIONS[lane]);
        }
    }
    for row in [0, 5, 10, 15, 20] {
        for x in 0..5 {
            state[row + x] = moved[row + x].chi(moved[row + (x + 1) % 5], moved[row + (x + 2) % 5]);
        }
    }
    state[0] = state[0].xor(constant);
}
