//! Named streams of random numbers, all from one seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this name: a function of the seed and the name alone.
    pub(crate) fn new(seed: u64, name: &str) -> Stream {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(name.as_bytes());
        Stream(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A number for seeding something else.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A position in a list of `len` elements.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The time to the next of events that come at random, `mean` apart on average.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        // libm, not the platform's logarithm: the same times on every machine.
        -mean * libm::log(1.0 - self.unit())
    }

    /// Some of `len` positions, in random order.
    pub(crate) fn sample(&mut self, len: usize, count: usize) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..len).collect();
        for chosen in 0..count.min(len) {
            let other = chosen + self.index(len - chosen);
            positions.swap(chosen, other);
        }
        positions.truncate(count);
        positions
    }
}

/// A small stream for what is drawn once a message: a counter, mixed (SplitMix64).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    /// The stream of this name: a function of the seed and the name alone.
    pub(crate) fn new(seed: u64, name: &str) -> Draws {
        Draws(Stream::new(seed, name).seed())
    }

    /// A stream that begins at a state.
    pub(crate) fn from_state(state: u64) -> Draws {
        Draws(state)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True with this probability. A probability of 0 draws nothing.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && ((self.next() >> 11) as f64 / (1_u64 << 53) as f64) < probability
    }
}
