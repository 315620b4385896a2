//! Hash chains: blocks that are hashed again and again, side by side.

use tanglegram_kernels::keccak::{self, State};

use super::{
    block::Block,
    sponges::{EMPTY, block_of, padded},
};

/// Chains that are advanced at the same time; the widest vectors hold this many states.
const SIDE_BY_SIDE: usize = 8;

/// A chain under way.
struct Chain {
    /// Which block it is.
    index: usize,
    /// How many steps are left.
    left: u8,
}

/// Hashes block `i` again and again, `steps[i]` times. The longest chains are started first, and whenever one is through,
/// the next takes its place.
pub(crate) fn advance(blocks: &mut [Block], steps: &[u8]) {
    let mut waiting: Vec<usize> = (0..blocks.len()).filter(|&index| steps[index] > 0).collect();
    waiting.sort_by_key(|&index| steps[index]);
    let mut running: Vec<Chain> = Vec::with_capacity(SIDE_BY_SIDE);
    let mut states = [EMPTY; SIDE_BY_SIDE];
    loop {
        running.retain(|chain| chain.left > 0);
        let free = SIDE_BY_SIDE - running.len();
        let next = waiting.drain(waiting.len().saturating_sub(free)..);
        running.extend(next.map(|index| Chain { index, left: steps[index] }));
        if running.is_empty() {
            return;
        }
        step(blocks, &mut running, &mut states);
    }
}

/// Hashes the block of every running chain once.
fn step(blocks: &mut [Block], running: &mut [Chain], states: &mut [State; SIDE_BY_SIDE]) {
    for (state, chain) in states.iter_mut().zip(&*running) {
        *state = padded(&blocks[chain.index]);
    }
    keccak::permute_many(&mut states[..running.len()]);
    for (state, chain) in states.iter().zip(running) {
        blocks[chain.index] = block_of(state).cleared();
        chain.left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chains_do_not_touch_each_other(chains in proptest::collection::vec((any::<[u64; 6]>(), 0u8..27), 0..60)) {
            let mut blocks: Vec<Block> = chains.iter().map(|&(limbs, _)| Block(limbs).cleared()).collect();
            let steps: Vec<u8> = chains.iter().map(|&(_, steps)| steps).collect();
            let start = blocks.clone();
            advance(&mut blocks, &steps);
            for (index, &count) in steps.iter().enumerate() {
                let alone = (0..count).fold(start[index].to_hash(), |hash, _| crate::kerl::hash_all(&[hash]));
                prop_assert_eq!(blocks[index].to_hash(), alone);
            }
        }
    }
}
