//! Bad, missing, cut, reordered and repeated files: told of, held back or passed over, and nothing is lost.

use tanglegram_mirror::files::balance::BalanceFile;
use tanglegram_mirror::files::record::Version;
use tanglegram_mirror::files::signature::SignatureFile;
use tanglegram_mirror::files::{FileHash, name};
use tanglegram_mirror::ingest::{Event, Importer, Obstacle, Trust};
use tanglegram_mirror::store::Span;
use tanglegram_mirror::{EntityId, Store};

use super::network::{Draft, NODES, Written, address_book, chain, key};

fn unsigned() -> (Importer, Store) {
    (Importer::new(0, Trust::Anyone), Store::new())
}

fn signed() -> (Importer, Store) {
    (Importer::new(0, Trust::SignedBy(address_book())), Store::new())
}

fn imported(events: &[Event]) -> Vec<&str> {
    let names = events.iter().filter(|event| matches!(event, Event::Imported { .. })).map(Event::name);
    names.collect()
}

fn obstacles(events: &[Event]) -> Vec<&Obstacle> {
    events
        .iter()
        .filter_map(|event| if let Event::Held { obstacle, .. } = event { Some(obstacle) } else { None })
        .collect()
}

#[test]
fn three_of_four_signatures_are_enough() {
    let (mut importer, mut store) = signed();
    let file = &chain(1)[0];
    file.offer(&mut importer, NODES[0]);
    file.offer_signatures(&mut importer, &NODES[..2]);
    let events = importer.advance(&mut store);
    assert_eq!(obstacles(&events), [&Obstacle::Signatures { agreeing: 2, nodes: 4 }]);
    assert_eq!(importer.advance(&mut store), [], "what was told is not told again");
    file.offer_signatures(&mut importer, &NODES[2..3]);
    assert_eq!(imported(&importer.advance(&mut store)), [&file.name]);
    assert_eq!(store.transactions().len(), 1);
}

#[test]
fn signatures_have_to_agree_and_to_be_good() {
    let (mut importer, mut store) = signed();
    let file = &chain(1)[0];
    file.offer(&mut importer, NODES[0]);
    file.offer_signatures(&mut importer, &NODES[..2]);
    let forged = SignatureFile::sign(file.hash, &key(NODES[0])).write();
    importer.offer(NODES[2], &file.signature_name(), forged);
    let other_hash = SignatureFile::sign(FileHash([5; 48]), &key(NODES[3])).write();
    importer.offer(NODES[3], &file.signature_name(), other_hash);
    let stranger = EntityId::new(0, 0, 77);
    importer.offer(stranger, &file.signature_name(), vec![4]);
    let events = importer.advance(&mut store);
    assert_eq!(imported(&events), [""; 0]);
    let bad: Vec<EntityId> = obstacles(&events)
        .into_iter()
        .filter_map(
            |obstacle| if let Obstacle::BadSignature { node, .. } = obstacle { Some(*node) } else { None },
        )
        .collect();
    assert_eq!(bad, [NODES[2], stranger]);
    assert!(obstacles(&events).contains(&&Obstacle::Signatures { agreeing: 2, nodes: 4 }), "{events:?}");
    file.offer_signatures(&mut importer, &NODES[2..3]);
    assert_eq!(imported(&importer.advance(&mut store)), [&file.name]);
}

#[test]
fn another_node_has_the_file_that_was_signed() {
    let (mut importer, mut store) = signed();
    let file = &chain(1)[0];
    file.offer_signatures(&mut importer, &NODES);
    importer.offer(NODES[0], &file.name, file.bytes[..file.bytes.len() - 1].to_vec());
    let mut changed = file.bytes.clone();
    changed[20] ^= 1;
    importer.offer(NODES[1], &file.name, changed);
    let events = importer.advance(&mut store);
    let wrong = obstacles(&events)
        .into_iter()
        .filter(|obstacle| matches!(obstacle, Obstacle::WrongContent { .. }))
        .count();
    assert_eq!((wrong, imported(&events).len()), (2, 0), "{events:?}");
    file.offer(&mut importer, NODES[2]);
    assert_eq!(imported(&importer.advance(&mut store)), [&file.name]);
}

#[test]
fn a_missing_file_holds_back_those_after_it() {
    let (mut importer, mut store) = unsigned();
    let files = chain(4);
    for at in [0, 3, 2] {
        files[at].offer(&mut importer, NODES[0]);
    }
    let events = importer.advance(&mut store);
    assert_eq!(imported(&events), [&files[0].name]);
    let expected = Obstacle::Chain { expected: files[0].hash, found: files[1].hash };
    assert_eq!(obstacles(&events), [&expected], "the third waits for the second");
    files[1].offer(&mut importer, NODES[0]);
    assert_eq!(imported(&importer.advance(&mut store)), [&files[1].name, &files[2].name, &files[3].name]);
    assert_eq!(store.transactions().len(), 4);
}

#[test]
fn a_chain_that_starts_again_needs_leave() {
    let (mut importer, mut store) = unsigned();
    let files = chain(2);
    files[0].offer(&mut importer, NODES[0]);
    let restart = Written::new(Version::V2, FileHash::NONE, 1_567_188_700, &[Draft::transfer(1_567_188_700)]);
    restart.offer(&mut importer, NODES[0]);
    let events = importer.advance(&mut store);
    assert_eq!(obstacles(&events), [&Obstacle::Chain { expected: files[0].hash, found: FileHash::NONE }]);
    importer.skip_chain_up_to(&restart.name);
    assert_eq!(imported(&importer.advance(&mut store)), [&restart.name]);
}

#[test]
fn a_cut_file_blocks_until_the_whole_comes() {
    let (mut importer, mut store) = unsigned();
    let files = chain(2);
    importer.offer(NODES[0], &files[0].name, files[0].bytes[..70].to_vec());
    files[1].offer(&mut importer, NODES[0]);
    let events = importer.advance(&mut store);
    assert!(matches!(obstacles(&events)[..], [Obstacle::Unreadable { .. }]), "{events:?}");
    assert!(store.transactions().is_empty());
    files[0].offer(&mut importer, NODES[0]);
    assert_eq!(imported(&importer.advance(&mut store)).len(), 2);
}

#[test]
fn a_file_with_a_known_consensus_time_changes_nothing() {
    let (mut importer, mut store) = unsigned();
    let first = Written::new(Version::V2, FileHash::NONE, 100, &[Draft::transfer(100)]);
    let second = Written::new(Version::V2, first.hash, 101, &[Draft::transfer(101), Draft::transfer(100)]);
    first.offer(&mut importer, NODES[0]);
    second.offer(&mut importer, NODES[0]);
    let events = importer.advance(&mut store);
    assert_eq!(obstacles(&events), [&Obstacle::DuplicateTime(100_000_000_000)]);
    assert_eq!(store.transactions().len(), 1, "all of a file or nothing of it");
    let twice = Written::new(Version::V2, first.hash, 101, &[Draft::transfer(101), Draft::transfer(101)]);
    twice.offer(&mut importer, NODES[0]);
    assert_eq!(obstacles(&importer.advance(&mut store)), [&Obstacle::DuplicateTime(101_000_000_000)]);
}

#[test]
fn files_that_came_before_are_passed_over() {
    let (mut importer, mut store) = unsigned();
    let file = &chain(1)[0];
    file.offer(&mut importer, NODES[0]);
    importer.advance(&mut store);
    let event = importer.offer(NODES[1], &file.name, file.bytes.clone()).unwrap();
    insta::assert_snapshot!(event, @"2019-08-30T18_10_00.0Z.rcd: imported already: skipped");
    let event = importer.offer(NODES[1], "notes.txt", Vec::new()).unwrap();
    insta::assert_snapshot!(event, @"notes.txt: not a record file (.rcd), balance file (.csv) or signature (_sig): ignored");
    assert_eq!(importer.advance(&mut store), []);
    assert_eq!(store.transactions().len(), 1);
}

#[test]
fn a_result_that_nobody_knows_holds_the_file_back() {
    let (mut importer, mut store) = unsigned();
    let mut draft = Draft::transfer(100);
    draft.receipt().status = 9999;
    let mut timeless = Draft::transfer(100);
    timeless.body.valid_duration = None;
    for draft in [draft, timeless] {
        let file = Written::new(Version::V2, FileHash::NONE, 100, &[Draft::transfer(99), draft]);
        file.offer(&mut importer, NODES[0]);
        let events = importer.advance(&mut store);
        assert!(matches!(obstacles(&events)[..], [Obstacle::Unreadable { .. }]), "{events:?}");
        assert!(store.transactions().is_empty());
    }
}

#[test]
fn balance_files_come_in_any_order() {
    let (mut importer, mut store) = signed();
    let file = |time: i64, balance| BalanceFile { time, balances: vec![(EntityId::new(0, 0, 2), balance)] };
    for (time, balance) in [(300, 3), (100, 1), (200, 2)] {
        let bytes = file(time, balance).write();
        let hash = BalanceFile::hash(&bytes);
        let name = name::balance(time);
        for node in &NODES[..3] {
            importer.offer(*node, &name::signature(&name), SignatureFile::sign(hash, &key(*node)).write());
        }
        importer.offer(NODES[1], &name, bytes);
        assert_eq!(imported(&importer.advance(&mut store)), [&name]);
    }
    let newest = store.newest_snapshot(&Span::all()).unwrap();
    assert_eq!((newest.time(), newest.find(0, 2).unwrap().balance), (300, 3));
}

#[test]
fn a_bad_balance_file_holds_back_no_other() {
    let (mut importer, mut store) = unsigned();
    let other_shard = BalanceFile { time: 100, balances: vec![(EntityId::new(7, 0, 2), 5)] };
    let good = BalanceFile { time: 200, balances: vec![(EntityId::new(0, 0, 2), 5)] };
    for file in [other_shard, good] {
        importer.offer(NODES[0], &name::balance(file.time), file.write());
    }
    let events = importer.advance(&mut store);
    assert_eq!(imported(&events), [&name::balance(200)]);
    assert!(matches!(obstacles(&events)[..], [Obstacle::Unreadable { .. }]), "{events:?}");
}
