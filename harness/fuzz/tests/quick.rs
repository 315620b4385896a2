//! Every target for a moment: its seeds, and what comes of them by cutting, copying, flipping and mixing.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use tanglegram_fuzz::{Fixtures, TARGETS, Target};

/// Something done to bytes.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index, Index),
    Repeat(Index, Index),
    Insert(Index, Vec<u8>),
    Mix(Index, Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        (any::<Index>(), interesting()).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(other, from, at)| Edit::Mix(other, from, at)),
    ]
}

fn interesting() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..9),
        prop::sample::select(vec![
            &b"\xff\xff\xff\xff"[..],
            b"\x7f\xff\xff\xff",
            b"\x80\0\0\0",
            b"\0",
            b"-1",
            b"99999999999999999999",
            b"1e999",
            b"null",
            b"[[[[",
            b"\"",
            b"&a *a",
            b"? ",
            b"\xef\xbf\xbd",
            b"%00",
        ])
        .prop_map(<[u8]>::to_vec),
    ]
}

/// The two places, in order.
fn range(bytes: &[u8], from: &Index, to: &Index) -> std::ops::Range<usize> {
    let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
    from.min(to)..from.max(to)
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match edit {
        Edit::Set(at, byte) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
        }
        Edit::Flip(at, bit) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        Edit::Cut(from, to) => drop(bytes.drain(range(bytes, from, to))),
        Edit::Repeat(from, to) => {
            let range = range(bytes, from, to);
            // Doubling a few times stays small.
            let range = range.start..range.end.min(range.start + 4_096);
            bytes.extend_from_within(range);
        }
        Edit::Insert(at, more) => {
            drop(bytes.splice(place(at, bytes)..place(at, bytes), more.iter().copied()))
        }
        Edit::Mix(other, from, at) => {
            let other = other.get(seeds);
            let tail = &other[from.index(other.len() + 1)..];
            bytes.truncate(place(at, bytes));
            bytes.extend_from_slice(tail);
        }
    }
}

fn quick(target: Target, cases: u32) {
    let seeds = (target.seeds)(&Fixtures::here());
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    let understood = seeds.iter().filter(|seed| (target.run)(seed)).count();
    assert!(
        understood * 3 > seeds.len(),
        "{}: only {understood} of {} seeds are understood",
        target.name,
        seeds.len()
    );
    (target.run)(b"");
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let input = (any::<Index>(), prop::collection::vec(edit(), 1..6));
    runner
        .run(&input, |(seed, edits)| {
            let mut bytes = seed.get(&seeds).clone();
            edits.iter().for_each(|edit| apply(edit, &mut bytes, &seeds));
            (target.run)(&bytes);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {error}", target.name));
}

macro_rules! quick_tests {
    ($($test:ident $name:literal $cases:literal;)*) => {
        $(#[test]
        fn $test() {
            quick(*TARGETS.iter().find(|target| target.name == $name).unwrap(), $cases);
        })*

        #[test]
        fn every_target_is_run() {
            assert_eq!(TARGETS.map(|target| target.name), [$($name),*]);
        }
    };
}

quick_tests! {
    trytes "trytes" 20_000;
    transaction "transaction" 2_000;
    bundle "bundle" 500;
    gossip "gossip" 2_000;
    snapshot "snapshot" 1_000;
    vector "vector" 10_000;
    world "world" 1_000;
    iri_http "iri-http" 10_000;
    mirror_http "mirror-http" 10_000;
    record_file "record-file" 20_000;
    signature_file "signature-file" 20_000;
    balance_file "balance-file" 20_000;
    protobuf "protobuf" 20_000;
    event "event" 20_000;
    hedera_transaction "hedera-transaction" 2_000;
    hedera_query "hedera-query" 5_000;
    hedera_state "hedera-state" 5_000;
}

/// Each target has a binary for cargo-fuzz.
#[test]
fn every_target_has_a_binary() {
    let folder = Fixtures::here().0.join("harness/fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        let text = std::fs::read_to_string(folder.join(format!("fuzz_targets/{}.rs", target.name))).unwrap();
        assert!(text.contains(&format!("\"{}\"", target.name)), "{}", target.name);
    }
}
