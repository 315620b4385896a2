//! Work per second on one core, ours and that of `iota-crypto`, and the ratio: `cargo bench -p tanglegram-ternary`.
//!
//! Both sides take turns in short slices and each is judged by its fastest one, so that whatever else the machine does
//! hits both alike. A word on the command line selects the rows that contain it.
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
    transaction::field::TRANSACTION_TRITS,
    wots::{self, PrivateKey, Security},
};

/// Slices that each side gets, and how long one takes.
const SLICES: usize = 12;
const SLICE: Duration = Duration::from_millis(25);

/// Transactions hashed at a time in the batch rows.
const BATCH: usize = 512;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!("{:<34} {:>12} {:>12} {:>7}", "one core, per second", "here", "iota-crypto", "ratio");
    for (name, row) in ROWS.iter().filter(|(name, _)| name.contains(&wanted)) {
        let (ours, theirs) = row();
        println!("{name:<34} {ours:>12.0} {theirs:>12.0} {:>6.1}x", ours / theirs);
    }
}

/// A row measures our work per second and theirs.
type Row = fn() -> (f64, f64);

const ROWS: [(&str, Row); 7] = [
    ("transaction hash, single", transaction_hash),
    ("transaction hash, batch", transaction_hashes),
    ("kerl, 486 trits", kerl_hash),
    ("wots address, security 2", address),
    ("wots signature made, security 2", sign),
    ("wots signature verified, security 2", verify),
    ("transaction parsed from trytes", parse),
];

/// Runs both in turn; the units of work per second of the fastest slice of each.
fn compare<A, B>(units: usize, mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> (f64, f64) {
    let mut best = (0f64, 0f64);
    for _ in 0..SLICES {
        best.0 = best.0.max(rate(&mut ours));
        best.1 = best.1.max(rate(&mut theirs));
    }
    (best.0 * units as f64, best.1 * units as f64)
}

/// Calls per second over one slice.
fn rate<T>(work: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < SLICE {
        black_box(work());
        calls += 1;
    }
    f64::from(calls) / start.elapsed().as_secs_f64()
}

fn transaction_hash() -> (f64, f64) {
    let trits = trits(TRANSACTION_TRITS);
    let (theirs, mut sponge) = (convert(&trits), CurlP::new());
    compare(1, || curl::hash(&trits, Rounds::P81), || sponge.digest(&theirs))
}

fn transaction_hashes() -> (f64, f64) {
    let trits = trits(TRANSACTION_TRITS);
    let batch = vec![&trits[..]; BATCH];
    let theirs = convert(&trits);
    let mut hasher = CurlPBatchHasher::<T1B1Buf>::new(TRANSACTION_TRITS);
    let ours = || curl::hash_many(&batch, Rounds::P81);
    compare(BATCH, ours, || {
        for _ in 0..BATCH / 64 {
            (0..64).for_each(|_| hasher.add(theirs.clone()));
            hasher.hash().for_each(|hash| drop(black_box(hash)));
        }
    })
}

fn kerl_hash() -> (f64, f64) {
    let trits = trits(486);
    let theirs = convert(&trits);
    let mut sponge = Kerl::new();
    compare(1, || kerl::hash(&trits), || sponge.digest(&theirs).unwrap())
}

fn address() -> (f64, f64) {
    let ours = || wots::address(&seed(), 3, Security::Medium);
    compare(1, ours, || their_key().generate_public_key().unwrap())
}

fn sign() -> (f64, f64) {
    let message = normalize(&convert(&bundle().trits())).unwrap();
    let key = || PrivateKey::generate(SignatureMode::Kerl, &seed(), 3, Security::Medium);
    compare(1, || key().sign(&bundle()), || their_key().sign(&message).unwrap())
}

fn verify() -> (f64, f64) {
    let signature = PrivateKey::generate(SignatureMode::Kerl, &seed(), 3, Security::Medium).sign(&bundle());
    let message = normalize(&convert(&bundle().trits())).unwrap();
    let theirs = their_key().sign(&message).unwrap();
    let ours = || wots::recover_address(SignatureMode::Kerl, &bundle(), &signature);
    compare(1, ours, || theirs.recover_public_key(&message).unwrap())
}

/// Their side has no transactions; it only gets to the trits and the hash.
fn parse() -> (f64, f64) {
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
