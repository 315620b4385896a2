//! The kernels agree with a plain Curl-P, and with other implementations.

use crypto::hashes::ternary::HASH_LENGTH;
use tanglegram_kernels::curl::{self, Curl, Rounds};
use tanglegram_kernels::pow::{self, Control, Kernel, Options, Outcome, Problem};
use tanglegram_kernels::{HASH_TRITS, Trit, keccak};

const BOX: [Trit; 11] = [1, 0, -1, 0, 1, -1, 0, 0, -1, 1, 0];

/// Curl-P as it is defined, trit by trit.
fn plain_transform(state: &mut [Trit; 729], rounds: usize) {
    for _ in 0..rounds {
        let old = *state;
        for (i, new) in state.iter_mut().enumerate() {
            let (a, b) = (old[364 * i % 729], old[364 * (i + 1) % 729]);
            *new = BOX[(a + 4 * b + 5) as usize];
        }
    }
}

fn plain_hash(trits: &[Trit], rounds: usize) -> Vec<Trit> {
    let mut state = [0; 729];
    for block in trits.chunks(HASH_LENGTH) {
        state[..block.len()].copy_from_slice(block);
        plain_transform(&mut state, rounds);
    }
    state[..HASH_LENGTH].to_vec()
}

/// Trits that look random, from a seed.
fn trits(seed: u64, length: usize) -> Vec<Trit> {
    let mut word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        (word >> 33) % 3
    };
    (0..length).map(|_| next() as Trit - 1).collect()
}

#[test]
fn hash_is_curl() {
    for length in [1, 100, 242, 243, 244, 486, 729, 1000] {
        let input = trits(length as u64, length);
        assert_eq!(curl::hash(&input, Rounds::P81).to_vec(), plain_hash(&input, 81), "{length}");
        assert_eq!(curl::hash(&input, Rounds::P27).to_vec(), plain_hash(&input, 27), "{length}");
    }
}

#[test]
fn many_hashes_are_hashes() {
    let inputs: Vec<Vec<Trit>> =
        (0..700).map(|i| trits(i, if (100..120).contains(&i) { 486 } else { 243 })).collect();
    for count in [0, 1, 15, 16, 63, 64, 120, 700] {
        let inputs: Vec<&[Trit]> = inputs[..count].iter().map(Vec::as_slice).collect();
        let one_by_one: Vec<_> = inputs.iter().map(|input| curl::hash(input, Rounds::P81)).collect();
        assert!(curl::hash_many(&inputs, Rounds::P81) == one_by_one, "{count} hashes");
    }
}

#[test]
fn state_survives_a_round_trip() {
    let mut sponge = Curl::new(Rounds::P27);
    sponge.absorb(&trits(7, 486));
    assert_eq!(Curl::from_state(&sponge.state(), Rounds::P27), sponge);
    let mut twice = [0; 2 * HASH_TRITS];
    sponge.squeeze(&mut twice);
    assert_ne!(twice[..HASH_TRITS], twice[HASH_TRITS..]);
}

#[test]
fn search_finds_the_smallest_counter() {
    for mwm in 0..6 {
        let transaction = <[Trit; 8019]>::try_from(trits(mwm as u64, 8019)).unwrap();
        let problem = Problem::from_transaction(&transaction, mwm);
        let solves = |&counter: &u64| {
            let mut tried = transaction.to_vec();
            tried[7938..].copy_from_slice(&pow::nonce::nonce(counter));
            plain_hash(&tried, 81).ends_with(&vec![0; mwm])
        };
        let expected = (0..).find(solves).unwrap();
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            let options = Options { kernel, threads: 1 + mwm % 3, ..Options::default() };
            let outcome = pow::search(&problem, &options, &Control::new());
            assert_eq!(
                outcome,
                Outcome::Found { nonce: pow::nonce::nonce(expected), counter: expected },
                "{kernel}"
            );
        }
    }
}

#[test]
fn keccak_is_keccak() {
    for count in 0..20 {
        let mut states: Vec<keccak::State> =
            (0..count).map(|i| std::array::from_fn(|lane| 99 * i + lane as u64)).collect();
        let mut expected = states.clone();
        expected.iter_mut().for_each(tiny_keccak::keccakf);
        keccak::permute_many(&mut states);
        assert_eq!(states, expected, "{count} states");
    }
}
