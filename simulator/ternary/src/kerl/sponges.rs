//! Keccak-384 sponges that absorb messages of the same length, and so are permuted side by side.

use tanglegram_kernels::keccak::{self, State};

use super::block::{Block, LIMBS};

/// Lanes of the Keccak state that take input: 104 bytes.
const RATE: usize = 13;

/// The bit after the message and the last bit of the rate: the padding of the original Keccak.
const PADDING: (u64, u64) = (1, 1 << 63);

/// The state of a sponge that has absorbed nothing.
pub(super) const EMPTY: State = [0; 25];

/// Sponges in step with one another.
#[derive(Debug, Clone)]
pub(super) struct Sponges<S> {
    states: S,
    /// The lane that takes the next input, below [`RATE`].
    position: usize,
}

impl<S: AsMut<[State]>> Sponges<S> {
    /// Takes over [`EMPTY`] states.
    pub(super) fn new(states: S) -> Self {
        Self { states, position: 0 }
    }

    /// Absorbs one block into each sponge.
    pub(super) fn absorb(&mut self, block: impl Fn(usize) -> Block) {
        let room = LIMBS.min(RATE - self.position);
        let states = self.states.as_mut();
        for (index, state) in states.iter_mut().enumerate() {
            xor(&mut state[self.position..], &lanes_of(&block(index))[..room]);
        }
        self.position += room;
        if self.position == RATE {
            keccak::permute_many(states);
            for (index, state) in states.iter_mut().enumerate() {
                xor(state, &lanes_of(&block(index))[room..]);
            }
            self.position = LIMBS - room;
        }
    }

    /// Hands out the next output of each sponge, its last trit not yet cleared, and starts all anew with the complement of
    /// their output as input.
    pub(super) fn squeeze(&mut self, mut take: impl FnMut(usize, Block)) {
        let states = self.states.as_mut();
        states.iter_mut().for_each(|state| pad(state, self.position));
        keccak::permute_many(states);
        for (index, state) in states.iter_mut().enumerate() {
            take(index, block_of(state));
            let mut next = EMPTY;
            (0..LIMBS).for_each(|lane| next[lane] = !state[lane]);
            *state = next;
        }
        self.position = LIMBS;
    }
}

/// The state that is ready to be permuted to the hash of a single block.
pub(super) fn padded(block: &Block) -> State {
    let mut state = EMPTY;
    state[..LIMBS].copy_from_slice(&lanes_of(block));
    pad(&mut state, LIMBS);
    state
}

/// The block in the first lanes of a state.
pub(super) fn block_of(state: &State) -> Block {
    Block(std::array::from_fn(|limb| state[LIMBS - 1 - limb].swap_bytes()))
}

/// The lanes of a block: its big-endian bytes, read as little-endian words.
fn lanes_of(block: &Block) -> [u64; LIMBS] {
    std::array::from_fn(|lane| block.0[LIMBS - 1 - lane].swap_bytes())
}

/// Ends the message in front of lane `end`.
fn pad(state: &mut State, end: usize) {
    state[end] ^= PADDING.0;
    state[RATE - 1] ^= PADDING.1;
}

fn xor(state: &mut [u64], lanes: &[u64]) {
    for (target, lane) in state.iter_mut().zip(lanes) {
        *target ^= lane;
    }
}
