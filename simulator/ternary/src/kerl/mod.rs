//! Kerl: Keccak-384 over blocks of 243 trits, each as a 48-byte big-endian two's complement number whose last trit is 0.

mod block;

pub(crate) use block::Block;
use block::LIMBS;
use tanglegram_kernels::keccak::{self, State};

use crate::{Hash, Trit};

/// Lanes of the Keccak state that take input: 104 bytes.
const RATE: usize = 13;

/// The bit after the message and the last bit of the rate: the padding of the original Keccak.
const PADDING: (u64, u64) = (1, 1 << 63);

/// Chains that are advanced side by side; the widest vectors hold this many states.
const SIDE_BY_SIDE: usize = 8;

/// A Kerl sponge.
#[derive(Debug, Clone, Default)]
pub struct Kerl {
    state: State,
    /// The lane that takes the next input, below [`RATE`].
    position: usize,
}

impl Kerl {
    /// An empty sponge.
    pub fn new() -> Self {
        Self::default()
    }

    /// Absorbs trits in blocks of 243; a shorter last block is completed with 0.
    ///
    /// The last trit of every block counts as 0, as it has no room in the number.
    pub fn absorb(&mut self, trits: &[Trit]) {
        for chunk in trits.chunks(243) {
            let mut block = [0; 243];
            block[..chunk.len()].copy_from_slice(chunk);
            self.absorb_hash(&Hash::from_trits(&block));
        }
    }

    /// Absorbs one block of 243 trits.
    pub fn absorb_hash(&mut self, hash: &Hash) {
        self.absorb_block(&Block::from_hash(hash));
    }

    fn absorb_block(&mut self, block: &Block) {
        self.absorb_lanes(lanes_of(block));
    }

    fn absorb_lanes(&mut self, lanes: [u64; LIMBS]) {
        for lane in lanes {
            self.state[self.position] ^= lane;
            self.position += 1;
            if self.position == RATE {
                keccak::permute(&mut self.state);
                self.position = 0;
            }
        }
    }

    /// The next 243 trits of output, the last one 0.
    ///
    /// Afterwards the sponge has absorbed nothing but the complement of this output, as Kerl defines it.
    pub fn squeeze(&mut self) -> Hash {
        self.squeeze_block().to_hash()
    }

    /// The next block of output, its last trit not yet cleared.
    fn squeeze_block(&mut self) -> Block {
        self.state[self.position] ^= PADDING.0;
        self.state[RATE - 1] ^= PADDING.1;
        keccak::permute(&mut self.state);
        let block = block_of(&self.state);
        *self = Self::new();
        self.absorb_lanes(lanes_of(&block).map(|lane| !lane));
        block
    }
}

/// The Kerl hash of trits; see [`Kerl::absorb`].
pub fn hash(trits: &[Trit]) -> Hash {
    let mut kerl = Kerl::new();
    kerl.absorb(trits);
    kerl.squeeze()
}

/// The Kerl hash of several blocks of 243 trits.
pub fn hash_all(blocks: &[Hash]) -> Hash {
    let mut kerl = Kerl::new();
    blocks.iter().for_each(|block| kerl.absorb_hash(block));
    kerl.squeeze()
}

/// The Kerl hash of several blocks.
pub(crate) fn hash_blocks(blocks: &[Block]) -> Hash {
    let mut kerl = Kerl::new();
    blocks.iter().for_each(|block| kerl.absorb_block(block));
    kerl.squeeze()
}

/// Hashes block `i` again and again, `steps[i]` times. The chains run side by side, the longest first, and each lane
/// takes the next chain as soon as it is through with one.
pub(crate) fn advance(blocks: &mut [Block], steps: &[u8]) {
    let mut waiting: Vec<usize> = (0..blocks.len()).filter(|&chain| steps[chain] > 0).collect();
    waiting.sort_by_key(|&chain| steps[chain]);
    let mut running: Vec<(usize, u8)> = Vec::with_capacity(SIDE_BY_SIDE);
    let mut states = [[0; 25]; SIDE_BY_SIDE];
    loop {
        running.retain(|&(_, left)| left > 0);
        let free = SIDE_BY_SIDE - running.len();
        let next = waiting.split_off(waiting.len().saturating_sub(free));
        running.extend(next.into_iter().map(|chain| (chain, steps[chain])));
        if running.is_empty() {
            return;
        }
        step(blocks, &mut running, &mut states);
    }
}

/// Hashes the block of every running chain once.
fn step(blocks: &mut [Block], running: &mut [(usize, u8)], states: &mut [State; SIDE_BY_SIDE]) {
    for (state, &(chain, _)) in states.iter_mut().zip(&*running) {
        *state = padded(&blocks[chain]);
    }
    keccak::permute_many(&mut states[..running.len()]);
    for (state, (chain, left)) in states.iter().zip(running) {
        blocks[*chain] = block_of(state).cleared();
        *left -= 1;
    }
}

/// The state that a single block and its padding make of an empty one.
fn padded(block: &Block) -> State {
    let mut state = [0; 25];
    state[..LIMBS].copy_from_slice(&lanes_of(block));
    state[LIMBS] = PADDING.0;
    state[RATE - 1] = PADDING.1;
    state
}

/// The lanes of a block: its big-endian bytes, read as little-endian words.
fn lanes_of(block: &Block) -> [u64; LIMBS] {
    std::array::from_fn(|lane| block.0[LIMBS - 1 - lane].swap_bytes())
}

/// The block in the first lanes of a state.
fn block_of(state: &State) -> Block {
    Block(std::array::from_fn(|limb| state[LIMBS - 1 - limb].swap_bytes()))
}
