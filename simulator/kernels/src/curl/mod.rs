//! The Curl-P sponge and whole-message hashes.
//!
//! Curl-P has a state of 729 trits, of which 243 are the rate. One round replaces every trit by an s-box of two others:
//! `S'[i] = g(S[364 i], S[364 (i + 1)])`, indices modulo 729.

mod batch;
pub(crate) mod chain;
mod planes;
mod rows;
#[cfg(target_arch = "x86_64")]
mod windows;

use crate::sliced::{self, Kernel};
use crate::{HASH_TRITS, STATE_TRITS, Trit};
use planes::Planes;

/// How many rounds one transform of the sponge runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rounds {
    /// 27 rounds: the milestone signatures of the old coordinator.
    P27,
    /// 81 rounds: transaction hashes and proof of work.
    P81,
}

impl Rounds {
    /// The number of rounds.
    pub const fn count(self) -> usize {
        match self {
            Self::P27 => 27,
            Self::P81 => 81,
        }
    }
}

/// A Curl-P sponge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curl {
    rounds: Rounds,
    state: Planes,
}

impl Curl {
    /// A sponge whose state is all zero.
    pub fn new(rounds: Rounds) -> Self {
        Self { rounds, state: Planes::ZERO }
    }

    /// A sponge that continues from a midstate taken with [`Curl::state`].
    pub fn from_state(state: &[Trit; STATE_TRITS], rounds: Rounds) -> Self {
        Self { rounds, state: Planes::from_trits(state) }
    }

    /// The 729 trits of the state; the first 243 are the rate.
    pub fn state(&self) -> [Trit; STATE_TRITS] {
        self.state.to_trits()
    }

    /// Sets the state back to all zero.
    pub fn reset(&mut self) {
        self.state = Planes::ZERO;
    }

    /// Absorbs `trits` in blocks of 243, each overwriting the start of the state and followed by a transform.
    ///
    /// A last block shorter than 243 overwrites only its own length. An empty input is one empty block, as in IRI.
    pub fn absorb(&mut self, trits: &[Trit]) {
        let (blocks, rest) = trits.as_chunks::<HASH_TRITS>();
        self.absorb_blocks(blocks);
        if !rest.is_empty() || blocks.is_empty() {
            self.state.set_prefix(rest);
            self.transform();
        }
    }

    /// Fills `out` in blocks of 243 from the start of the state, with a transform after every block, also the last.
    pub fn squeeze(&mut self, out: &mut [Trit]) {
        for block in out.chunks_mut(HASH_TRITS) {
            block.copy_from_slice(&self.state.rate()[..block.len()]);
            self.transform();
        }
    }

    /// The first 243 trits of the state: what the next [`Curl::squeeze`] would give, without the transform after it.
    pub fn rate(&self) -> [Trit; HASH_TRITS] {
        self.state.rate()
    }

    fn absorb_blocks(&mut self, blocks: &[[Trit; HASH_TRITS]]) {
        #[cfg(target_arch = "x86_64")]
        if windows::absorb(std::array::from_mut(&mut self.state), [blocks], self.rounds)
            || windows::absorb_rows(&mut self.state, blocks, self.rounds)
        {
            return;
        }
        rows::absorb(&mut self.state, blocks, self.rounds);
    }

    fn transform(&mut self) {
        rows::transform_planes(&mut self.state, self.rounds);
    }
}

/// The Curl hash of `trits` (any length; see [`Curl::absorb`] for lengths that are no multiple of 243).
pub fn hash(trits: &[Trit], rounds: Rounds) -> [Trit; HASH_TRITS] {
    let mut sponge = Curl::new(rounds);
    sponge.absorb(trits);
    sponge.rate()
}

/// The Curl hashes of many inputs, in their order. Neighbours of one length, as transactions have (8019 trits), are
/// hashed side by side when there are enough of them, up to 512 at a time.
pub fn hash_many(inputs: &[&[Trit]], rounds: Rounds) -> Vec<[Trit; HASH_TRITS]> {
    let alike = |a: &&[Trit], b: &&[Trit]| a.len() == b.len();
    let mut alike = inputs.chunk_by(alike).map(|inputs| hash_alike(inputs, rounds));
    let mut hashes = alike.next().unwrap_or_default();
    alike.for_each(|mut more| hashes.append(&mut more));
    hashes
}

/// The hashes of inputs of one length.
fn hash_alike(inputs: &[&[Trit]], rounds: Rounds) -> Vec<[Trit; HASH_TRITS]> {
    let length = inputs.first().map_or(0, |input| input.len());
    let whole = length > 0 && length.is_multiple_of(HASH_TRITS);
    if whole && inputs.len() >= batch::FEW {
        let kernel = Kernel::chosen().unwrap_or_else(|_| Kernel::fastest());
        sliced::with(kernel, batch::Batch { messages: inputs, rounds })
    } else {
        hash_few(inputs, rounds)
    }
}

/// The hashes of a few inputs of one length.
fn hash_few(inputs: &[&[Trit]], rounds: Rounds) -> Vec<[Trit; HASH_TRITS]> {
    let (threes, rest) = inputs.as_chunks::<3>();
    let threes = threes.iter().flat_map(|three| hash_three(three, rounds));
    threes.chain(rest.iter().map(|input| hash(input, rounds))).collect()
}

/// The hashes of three inputs of one length, together where that is faster.
fn hash_three(inputs: &[&[Trit]; 3], rounds: Rounds) -> [[Trit; HASH_TRITS]; 3] {
    #[cfg(target_arch = "x86_64")]
    if !inputs[0].is_empty() && inputs[0].len().is_multiple_of(HASH_TRITS) {
        let mut states = [Planes::ZERO; 3];
        if windows::absorb(&mut states, inputs.map(|input| input.as_chunks().0), rounds) {
            return states.map(|state| state.rate());
        }
    }
    inputs.map(|input| hash(input, rounds))
}
