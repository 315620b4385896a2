//! The kernels agree with a plain Curl-P, and with other implementations.

#[cfg(not(miri))]
use crypto::encoding::ternary::{Btrit, T1B1Buf, TritBuf};
#[cfg(not(miri))]
use crypto::hashes::ternary::curl_p::CurlP;
#[cfg(not(miri))]
use proptest::prelude::*;
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
    for block in trits.chunks(HASH_TRITS) {
        state[..block.len()].copy_from_slice(block);
        plain_transform(&mut state, rounds);
    }
    state[..HASH_TRITS].to_vec()
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
    let lengths = [1, 100, 242, 243, 244, 486, 729, 1000];
    for length in if cfg!(miri) { &lengths[..1] } else { &lengths[..] }.iter().copied() {
        let input = trits(length as u64, length);
        assert_eq!(curl::hash(&input, Rounds::P81).to_vec(), plain_hash(&input, 81), "{length}");
        assert_eq!(curl::hash(&input, Rounds::P27).to_vec(), plain_hash(&input, 27), "{length}");
    }
}

#[test]
fn many_hashes_are_hashes() {
    let inputs: Vec<Vec<Trit>> = (0..if cfg!(miri) { 3 } else { 700 })
        .map(|i| trits(i, if (100..120).contains(&i) { 486 } else { 243 }))
        .collect();
    for count in if cfg!(miri) { [0, 1, 2].as_slice() } else { &[0, 1, 3, 15, 16, 63, 64, 120, 700] } {
        let count = *count;
        let inputs: Vec<&[Trit]> = inputs[..count].iter().map(Vec::as_slice).collect();
        let one_by_one: Vec<_> = inputs.iter().map(|input| curl::hash(input, Rounds::P81)).collect();
        assert!(curl::hash_many(&inputs, Rounds::P81) == one_by_one, "{count} hashes");
    }
    let short: Vec<&[Trit]> = [&inputs[0][..100], &inputs[1][..100], &inputs[2][..100]].to_vec();
    let one_by_one: Vec<_> = short.iter().map(|input| curl::hash(input, Rounds::P27)).collect();
    assert!(curl::hash_many(&short, Rounds::P27) == one_by_one, "short ones");
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

#[cfg(not(miri))]
fn peer_trits(trits: &[Trit]) -> TritBuf<T1B1Buf> {
    trits.iter().map(|&trit| Btrit::try_from(trit).expect("a trit")).collect()
}

/// The hash by `iota-crypto`.
#[cfg(not(miri))]
fn peer_hash(trits: &[Trit]) -> Vec<Trit> {
    CurlP::new().digest(&peer_trits(trits)).as_i8_slice().to_vec()
}

#[cfg(miri)]
fn peer_hash(trits: &[Trit]) -> Vec<Trit> {
    plain_hash(trits, 81)
}

/// Whether the hash of the transaction with the nonce of `counter` ends in `mwm` zeros, by `iota-crypto`.
fn solves(transaction: &[Trit], counter: u64, mwm: usize) -> bool {
    let mut tried = transaction.to_vec();
    tried[7938..].copy_from_slice(&pow::nonce::nonce(counter));
    peer_hash(&tried).ends_with(&vec![0; mwm])
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri too long")]
fn search_finds_the_smallest_counter() {
    for mwm in 0..6 {
        let transaction = <[Trit; 8019]>::try_from(trits(mwm as u64, 8019)).unwrap();
        let problem = Problem::from_transaction(&transaction, mwm);
        let expected = (0..).find(|&counter| solves(&transaction, counter, mwm)).unwrap();
        for kernel in kernels() {
            let options = Options { kernel, threads: 1 + mwm % 3, ..Options::default() };
            let outcome = pow::search(&problem, &options, &Control::new());
            let nonce = pow::nonce::nonce(expected);
            assert_eq!(outcome, Outcome::Found { nonce, counter: expected }, "{kernel}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes Miri too long")]
fn a_cancelled_search_ends() {
    let problem = Problem::from_transaction(&<[Trit; 8019]>::try_from(trits(1, 8019)).unwrap(), HASH_TRITS);
    for kernel in kernels() {
        let control = Control::new();
        let options = Options { kernel, threads: 2, ..Options::default() };
        let outcome = std::thread::scope(|scope| {
            let search = scope.spawn(|| pow::search(&problem, &options, &control));
            while control.hashes() == 0 {
                std::thread::yield_now();
            }
            control.cancel();
            search.join().unwrap()
        });
        assert_eq!(outcome, Outcome::Cancelled, "{kernel}");
    }
}

#[test]
fn whatever_is_forced_hashes_are_the_same() {
    let inputs: Vec<Vec<Trit>> = (0..if cfg!(miri) { 2 } else { 100 }).map(|i| trits(i, 486)).collect();
    let inputs: Vec<&[Trit]> = inputs.iter().map(Vec::as_slice).collect();
    let all = || {
        let mut states: Vec<keccak::State> = (0..7).map(|i| [i; 25]).collect();
        keccak::permute_many(&mut states);
        (curl::hash(inputs[0], Rounds::P27), curl::hash_many(&inputs, Rounds::P81), states)
    };
    let expected = all();
    for kernel in kernels() {
        Kernel::force(Some(kernel)).unwrap();
        assert_eq!(Kernel::chosen(), Ok(kernel));
        assert!(all() == expected, "{kernel}");
    }
    Kernel::force(None).unwrap();
}

#[test]
fn kernels_have_names() {
    for kernel in Kernel::ALL {
        assert_eq!(kernel.name().parse(), Ok(kernel));
    }
    let error = "sse9".parse::<Kernel>().unwrap_err();
    assert_eq!(error.to_string(), "no kernel is named \"sse9\": use portable, avx2 or avx512");
}

#[cfg(not(miri))]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the kernel and the number of threads, one answer; and it is an answer.
    #[test]
    fn kernels_agree(seed in any::<u64>(), mwm in 0..15_usize, limit in 1..6000_u64, threads in 1..4_usize) {
        let transaction = <[Trit; 8019]>::try_from(trits(seed, 8019)).unwrap();
        let problem = Problem::from_transaction(&transaction, mwm);
        let search = |kernel, threads| pow::search(&problem, &Options { kernel, threads, limit }, &Control::new());
        let expected = search(Kernel::Portable, 1);
        for kernel in kernels() {
            prop_assert_eq!(search(kernel, threads), expected, "{}", kernel);
        }
        if let Outcome::Found { nonce, counter } = expected {
            prop_assert_eq!(nonce, pow::nonce::nonce(counter));
            prop_assert!(counter < limit && solves(&transaction, counter, mwm));
            prop_assert!((0..counter).rev().take(50).all(|counter| !solves(&transaction, counter, mwm)));
        }
    }

    #[test]
    fn hash_agrees_with_iota_crypto(seed in any::<u64>(), blocks in 1..34_usize) {
        let input = trits(seed, 243 * blocks);
        prop_assert_eq!(curl::hash(&input, Rounds::P81).to_vec(), peer_hash(&input));
    }

    #[test]
    fn counters_have_nonces_of_their_own(a in any::<u64>(), b in any::<u64>()) {
        prop_assert_eq!(pow::nonce::nonce(a) == pow::nonce::nonce(b), a == b);
    }
}

#[test]
fn keccak_is_keccak() {
    for count in 0..if cfg!(miri) { 3 } else { 20 } {
        let mut states: Vec<keccak::State> =
            (0..count).map(|i| std::array::from_fn(|lane| 99 * i + lane as u64)).collect();
        let mut expected = states.clone();
        expected.iter_mut().for_each(tiny_keccak::keccakf);
        keccak::permute_many(&mut states);
        assert_eq!(states, expected, "{count} states");
    }
}
