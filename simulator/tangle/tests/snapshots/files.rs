//! The files of a snapshot: what is written is read, and what is wrong is told.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tanglegram_tangle::{SUPPLY, Snapshot};
use tanglegram_ternary::Hash;

pub(crate) fn any_index() -> prop::sample::Index {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    any::<prop::sample::Index>().new_tree(&mut runner).expect("an index").current()
}

fn hash() -> impl Strategy<Value = Hash> {
    "[9A-Z]{80}[9A-M]".prop_filter_map("trytes", |text| Hash::from_trytes(&text).ok())
}

fn group() -> impl Strategy<Value = BTreeMap<Hash, i32>> {
    prop::collection::btree_map(hash(), 0..=i32::MAX, 0..8)
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let balances = prop::collection::btree_map(hash(), 1..=SUPPLY / 8, 1..8).prop_map(|mut balances| {
        let rest = SUPPLY - balances.values().sum::<i64>();
        *balances.values_mut().next().expect("one") += rest;
        balances
    });
    (hash(), 0..=i32::MAX, 0..=i64::MAX, balances, group(), group()).prop_map(
        |(hash, index, timestamp, balances, solid_entry_points, seen_milestones)| Snapshot {
            hash,
            index,
            timestamp,
            balances,
            solid_entry_points,
            seen_milestones,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(snapshot in snapshot()) {
        let read = Snapshot::parse(&snapshot.state_text(), &snapshot.meta_text());
        prop_assert_eq!(read, Ok(snapshot));
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        snapshot in snapshot(),
        line in any::<prop::sample::Index>(),
        other in prop_oneof![".{0,90}", "[9A-Z]{81};-?[0-9]{0,20}", "[0-9]{0,20}"],
    ) {
        for spoil_meta in [false, true] {
            let (mut state, mut meta) = (snapshot.state_text(), snapshot.meta_text());
            let text = if spoil_meta { &mut meta } else { &mut state };
            let mut lines: Vec<&str> = text.lines().collect();
            let position = line.index(lines.len());
            lines[position] = &other;
            *text = lines.join("\n");
            if let Ok(read) = Snapshot::parse(&state, &meta) {
                prop_assert_eq!(Snapshot::parse(&read.state_text(), &read.meta_text()), Ok(read));
            }
        }
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let hash = |name: &str| Hash::from_trytes_padded(name).expect("trytes").to_string();
    let state = format!("{};{SUPPLY}\n", hash("ALICE"));
    let meta = |lines: &[&str]| format!("{}\n{}\n", hash("MILESTONE"), lines.join("\n"));
    let (one, two) = (format!("{};7", hash("ONE")), format!("{};8", hash("TWO")));
    let cases = [
        (state.clone(), String::new()),
        (state.clone(), "MILESTONE\n".to_owned()),
        (state.clone(), meta(&["-1", "0", "0", "0"])),
        (state.clone(), meta(&["7", "now", "0", "0"])),
        (state.clone(), meta(&["7", "0", "4000000000", "0"])),
        (state.clone(), meta(&["7", "0", "2", "0", &one])),
        (state.clone(), meta(&["7", "0", "2", "0", &one, &one])),
        (state.clone(), meta(&["7", "0", "1", "1", &one, "TWO;8"])),
        (state.clone(), meta(&["7", "0", "1", "0", &one, &two])),
        (format!("{};1\n", hash("ALICE")), meta(&["7", "0", "0", "0"])),
        (format!("{state}BOB;0\n"), meta(&["7", "0", "0", "0"])),
        (format!("{state}{state}"), meta(&["7", "0", "0", "0"])),
    ];
    let texts: Vec<String> = cases
        .iter()
        .map(|(state, meta)| Snapshot::parse(state, meta).expect_err("a mistake").to_string())
        .collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    meta file: it ends before line 1, which should be the hash of a milestone
    meta file: line 1: expected the hash of a milestone, found `MILESTONE`
    meta file: line 2: expected a milestone index, found `-1`
    meta file: line 3: expected a timestamp in seconds, found `now`
    meta file: it ends before line 6, which should be a solid entry point HASH;INDEX
    meta file: it ends before line 7, which should be a solid entry point HASH;INDEX
    meta file: line 7: ONE999999999999999999999999999999999999999999999999999999999999999999999999999999 is listed twice
    meta file: line 7: expected a seen milestone HASH;INDEX, found `TWO;8`
    meta file: line 7: nothing more was announced
    state file: the balances add up to 1, not to the supply of 2779530283277761
    state file: line 2: expected 81 trytes, a semicolon and a balance, found `BOB;0`
    state file: line 2: address ALICE9999999999999999999999999999999999999999999999999999999999999999999999999999 is listed twice
    ");
    assert!(Snapshot::parse(&state, &meta(&["7", "0", "1", "1", &one, &two, ""])).is_ok());
}
