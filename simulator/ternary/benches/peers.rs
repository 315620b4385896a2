//! Work per second on one core, ours, ours without vector instructions, and that of `iota-crypto`, and the ratios:
//! `cargo bench -p tanglegram-ternary`.
//!
//! All take turns in short slices and each is judged by its fastest one, so that whatever else the machine does
//! hits all alike. A word on the command line selects the rows that contain it.
#![allow(deprecated, reason = "iota-crypto marks what it has of the old tangle as deprecated")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark looks at the clock, and may fail"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crypto::{
    encoding::ternary::{Btrit, T1B1Buf, TritBuf, TryteBuf},
    hashes::ternary::{
        Sponge,
        curl_p::{CurlP, CurlPBatchHasher},
        kerl::Kerl,
    },
    keys::ternary::{PrivateKeyGenerator, seed::Seed, wots::sponge::WotsSpongePrivateKeyGeneratorBuilder},
    signatures::ternary::{
        PrivateKey as _, RecoverableSignature,
        wots::{WotsPrivateKey, normalize},
    },
};
use tanglegram_ternary::{
    Hash, SignatureMode, Transaction, Trit,
    curl::{self, Rounds},
    kerl,
    pow::Kernel,
    transaction::field::TRANSACTION_TRITS,
    wots::{self, PrivateKey, Security},
};

/// Slices that each gets, and how long one takes.
const SLICES: usize = 12;
const SLICE: Duration = Duration::from_millis(25);

/// Transactions hashed at a time in the batch rows.
const BATCH: usize = 512;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let title = "one core, per second";
    println!(
        "{title:<36} {:>10} {:>10} {:>11} {:>11} {:>13}",
        "here", "portable", "iota-crypto", "x portable", "x iota-crypto"
    );
    for (name, row) in ROWS.iter().filter(|(name, _)| name.contains(&wanted)) {
        let Rates { ours, portable, theirs } = row();
        let (over_portable, over_theirs) = (ours / portable, ours / theirs);
        println!(
            "{name:<36} {ours:>10.0} {portable:>10.0} {theirs:>11.0} {over_portable:>11.1} {over_theirs:>13.1}"
        );
    }
}

/// Units of work per second.
#[derive(Default)]
struct Rates {
    ours: f64,
    portable: f64,
    theirs: f64,
}

/// A row measures some work.
type Row = fn() -> Rates;

const ROWS: [(&str, Row); 7] = [
    ("transaction hash, single", transaction_hash),
    ("transaction hash, batch", transaction_hashes),
    ("kerl, 486 trits", kerl_hash),
    ("wots address, security 2", address),
    ("wots signature made, security 2", sign),
    ("wots signature verified, security 2", verify),
    ("transaction parsed from trytes", parse),
];

/// Runs all in turn; the units of work per second of the fastest slice of each.
fn compare<A, B>(units: usize, mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> Rates {
    let mut best = Rates::default();
    for _ in 0..SLICES {
        best.ours = best.ours.max(rate(units, &mut ours));
        Kernel::force(Some(Kernel::Portable)).unwrap();
        best.portable = best.portable.max(rate(units, &mut ours));
        Kernel::force(None).unwrap();
        best.theirs = best.theirs.max(rate(units, &mut theirs));
    }
    best
}

/// Units of work per second over one slice.
fn rate<T>(units: usize, work: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < SLICE {
        black_box(work());
        calls += 1;
    }
    units as f64 * f64::from(calls) / start.elapsed().as_secs_f64()
}

fn transaction_hash() -> Rates {
    let trits = trits(TRANSACTION_TRITS);
    let (theirs, mut sponge) = (convert(&trits), CurlP::new());
    compare(1, || curl::hash(&trits, Rounds::P81), || sponge.digest(&theirs))
}

fn transaction_hashes() -> Rates {
    let trits = trits(TRANSACTION_TRITS);
    // Each in memory of its own, as they come.
    let transactions = vec![trits.clone(); BATCH];
    let batch: Vec<&[Trit]> = transactions.iter().map(Vec::as_slice).collect();
    let theirs: Vec<_> = transactions.iter().map(|trits| convert(trits)).collect();
    let mut hasher = CurlPBatchHasher::<T1B1Buf>::new(TRANSACTION_TRITS);
    let ours = || curl::hash_many(&batch, Rounds::P81);
    compare(BATCH, ours, || {
        for some in theirs.chunks(64) {
            some.iter().for_each(|one| hasher.add(one.clone()));
            hasher.hash().for_each(|hash| drop(black_box(hash)));
        }
    })
}

fn kerl_hash() -> Rates {
    let trits = trits(486);
    let theirs = convert(&trits);
    let mut sponge = Kerl::new();
    compare(1, || kerl::hash(&trits), || sponge.digest(&theirs).unwrap())
}

fn address() -> Rates {
    let ours = || wots::address(&seed(), 3, Security::Medium);
    compare(1, ours, || their_key().generate_public_key().unwrap())
}

fn sign() -> Rates {
    let message = normalize(&convert(&bundle().trits())).unwrap();
    let key = || PrivateKey::generate(SignatureMode::Kerl, &seed(), 3, Security::Medium);
    compare(1, || key().sign(&bundle()), || their_key().sign(&message).unwrap())
}

fn verify() -> Rates {
    let signature = PrivateKey::generate(SignatureMode::Kerl, &seed(), 3, Security::Medium).sign(&bundle());
    let message = normalize(&convert(&bundle().trits())).unwrap();
    let theirs = their_key().sign(&message).unwrap();
    let ours = || wots::recover_address(SignatureMode::Kerl, &bundle(), &signature);
    compare(1, ours, || theirs.recover_public_key(&message).unwrap())
}

/// Their side has no transactions; it only gets to the trits and the hash.
fn parse() -> Rates {
    let text = tanglegram_ternary::trytes::encode(&trits(TRANSACTION_TRITS)).unwrap();
    let mut sponge = CurlP::new();
    let theirs = || {
        let trits = TryteBuf::try_from_str(&text).unwrap().as_trits().encode::<T1B1Buf>();
        sponge.digest(&trits)
    };
    compare(1, || Transaction::from_trytes(&text).unwrap(), theirs)
}

/// Some trits without a pattern; the last of each block is 0, as Kerl wants it.
fn trits(count: usize) -> Vec<Trit> {
    let scramble = |i: usize| (i * i * 7 + i * 3 + i / 5) % 3;
    (0..count).map(|i| if i % 243 == 242 { 0 } else { scramble(i) as Trit - 1 }).collect()
}

fn seed() -> Hash {
    Hash::from_trytes_padded("SEED").unwrap()
}

fn bundle() -> Hash {
    kerl::hash(&trits(243))
}

fn their_key() -> WotsPrivateKey<Kerl> {
    let generator =
        WotsSpongePrivateKeyGeneratorBuilder::<Kerl>::default().with_security_level(Default::default());
    let seed = Seed::from_trits(convert(&seed().trits())).unwrap();
    generator.build().unwrap().generate_from_seed(&seed, 3).unwrap()
}

fn convert(trits: &[Trit]) -> TritBuf<T1B1Buf> {
    trits.iter().map(|&trit| Btrit::try_from(trit).unwrap()).collect()
}
