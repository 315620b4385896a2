//! Local snapshots and what is kept on a disk: a node that forgot its past, or was started again, is the node it was.

mod files;
#[allow(dead_code, reason = "shared with the laws")]
#[path = "../laws/net.rs"]
mod net;

use std::sync::Arc;

use net::{Asked, Net, Step, View, step};
use proptest::prelude::*;
use proptest::sample::Index;
use tanglegram_tangle::persist::log::{self, LogError};
use tanglegram_tangle::{
    Disk, Input, LocalSnapshots, Node, Record, RestoreError, SUPPLY, Snapshot, SnapshotError,
};
use tanglegram_ternary::{Hash, Transaction};

const IDENTITY: [u8; 32] = [7; 32];

/// Deeper than any of these tangles reaches back: [`Net`] attaches to what is among the newest, and so does what that stands on.
fn options(pruning_delay: Option<i32>) -> LocalSnapshots {
    LocalSnapshots { depth: 12, interval_synced: 1, interval_unsynced: 1, pruning_delay }
}

fn node(net: &Net) -> Asked {
    let mut config = net.config();
    config.max_depth = 2;
    let mut node = Node::new(config, 3);
    node.keep_journal();
    Asked { node }
}

/// Long tangles with many milestones.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let milestone = || any::<Index>().prop_map(|trunk| Step::Milestone { trunk });
    prop::collection::vec(prop_oneof![step(), milestone()], 30..50)
}

/// Feeds a node, which takes a snapshot after some of the transactions.
fn feed(asked: &mut Asked, transactions: &[Arc<Transaction>], snapshots: &[(Index, Option<i32>)]) -> Disk {
    let mut disk = Disk::default();
    for (position, transaction) in transactions.iter().enumerate() {
        asked.store_at(position as u64 + 1, transaction);
        for (_, delay) in snapshots.iter().filter(|(at, _)| at.index(transactions.len()) == position) {
            let _ = asked.node.take_snapshot(options(*delay));
        }
        disk.sync(&mut asked.node);
    }
    disk
}

fn snapshots() -> impl Strategy<Value = Vec<(Index, Option<i32>)>> {
    prop::collection::vec((any::<Index>(), prop::option::of(0..3)), 1..4)
}

/// What milestones above an index confirmed, and what none did.
fn above(node: &Node, index: i32, transactions: &[Arc<Transaction>]) -> Vec<Arc<Transaction>> {
    let is_above = |tx: &&Arc<Transaction>| node.confirmed_by(&tx.hash()).is_none_or(|by| by > index);
    transactions.iter().filter(is_above).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_changes_nothing_above_it(steps in steps(), snapshots in snapshots()) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let (mut full, mut cut) = (node(&net), node(&net));
        feed(&mut full, &transactions, &[]);
        feed(&mut cut, &transactions, &snapshots);
        let snapshot = cut.node.snapshot();
        prop_assert_eq!(full.node.balances(), cut.node.balances());
        prop_assert_eq!(snapshot.balances.values().sum::<i64>(), SUPPLY);
        cut.node.audit_ledger().expect("a sound ledger");
        cut.node.audit_tangle().expect("a sound tangle");
        let rest = above(&full.node, snapshot.index, &transactions);
        let missing = |node: &Node| rest.iter().filter(|tx| node.confirmed_by(&tx.hash()).is_none()).count();
        prop_assert_eq!(missing(&full.node), missing(&cut.node));
        if full.node.solid_milestone_index() > snapshot.index {
            prop_assert_eq!(full.spent(), cut.spent());
            prop_assert_eq!(full.inclusion_states(&rest), cut.inclusion_states(&rest));
        }
    }

    #[test]
    fn a_node_started_from_a_snapshot_goes_on_as_the_others(steps in steps(), snapshots in snapshots()) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let (mut full, mut cut) = (node(&net), node(&net));
        feed(&mut full, &transactions, &[]);
        feed(&mut cut, &transactions, &snapshots);
        let snapshot = cut.node.snapshot();
        let read = Snapshot::parse(&snapshot.state_text(), &snapshot.meta_text());
        prop_assert_eq!(read.as_ref(), Ok(&snapshot));
        let mut young = Asked { node: Node::from_snapshot(cut.node.config().clone(), 5, &snapshot) };
        prop_assert_eq!(young.node.snapshot().index, snapshot.index);
        for transaction in above(&full.node, snapshot.index, &transactions) {
            young.store_at(1_000, &transaction);
        }
        prop_assert_eq!(young.node.solid_milestone(), full.node.solid_milestone());
        prop_assert_eq!(young.node.balances(), full.node.balances());
        young.node.audit_tangle().expect("a sound tangle");
    }

    #[test]
    fn a_restarted_node_is_the_node_it_was(
        steps in steps(),
        snapshots in snapshots(),
        crash in any::<Index>(),
        rewritten in any::<bool>(),
    ) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let (before, after) = transactions.split_at(crash.index(transactions.len()));
        let mut asked = node(&net);
        let disk = feed(&mut asked, before, &snapshots);
        let config = asked.node.config().clone();
        let node = if rewritten {
            Node::restore(config, 3, None, asked.node.image())
        } else {
            disk.restore(config, 3, None)
        };
        let mut again = Asked { node: node.expect("the node") };
        prop_assert_eq!(View::of(&net, &mut asked, before), View::of(&net, &mut again, before));
        prop_assert_eq!(asked.node.snapshot(), again.node.snapshot());
        feed(&mut asked, after, &[]);
        feed(&mut again, after, &[]);
        prop_assert_eq!(View::of(&net, &mut asked, &transactions), View::of(&net, &mut again, &transactions));
    }

    #[test]
    fn what_is_written_is_read(steps in steps(), snapshots in snapshots(), cut in any::<Index>(), at in any::<Index>()) {
        let mut net = Net::new();
        let transactions = net.grow(&steps);
        let mut asked = node(&net);
        feed(&mut asked, &transactions, &snapshots);
        let frames = [asked.node.image(), vec![], asked.node.image().split_off(1)];
        let mut bytes = Vec::new();
        log::encode_identity(&IDENTITY, &mut bytes);
        let mut ends = vec![bytes.len()];
        for (number, records) in (1..).zip(&frames) {
            log::encode(number, records, &mut bytes);
            ends.push(bytes.len());
        }
        let contents = log::decode(&bytes, &IDENTITY).expect("whole");
        prop_assert_eq!(&contents.records, &frames.concat());
        prop_assert_eq!((contents.length, contents.next_frame), (bytes.len() as u64, 4));
        // Cut off anywhere: whole frames are read, the rest is not.
        let length = cut.index(bytes.len());
        let torn = log::decode(&bytes[..length], &IDENTITY).expect("a torn end is no fault");
        let whole = ends.iter().rev().find(|&&end| end <= length).copied().unwrap_or(0);
        prop_assert_eq!(torn.length, whole as u64);
        // Changed anywhere: found.
        let position = at.index(bytes.len());
        bytes[position] ^= 4;
        match log::decode(&bytes, &IDENTITY) {
            Ok(contents) => prop_assert!(contents.length < bytes.len() as u64 && position >= ends[2]),
            Err(LogError::NotALog) => prop_assert!(position < 8),
            Err(LogError::Damaged { offset }) => prop_assert!(offset <= position as u64),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), kind in 0_u8..7) {
        let mut file = Vec::new();
        log::encode_identity(&IDENTITY, &mut file);
        let length = file.len();
        log::encode(1, &[], &mut file);
        prop_assert!(log::decode(&[&file[..length], &bytes].concat(), &IDENTITY).is_ok());
        let _ = log::decode(&bytes, &IDENTITY);
        let _ = log::decode(&log::frame(1, &[&[kind], &bytes[..]].concat(), &file[..length]), &IDENTITY);
    }
}

#[test]
fn records_in_a_wrong_order_are_refused() {
    let mut net = Net::new();
    let transactions = net.grow(&[Step::Milestone { trunk: files::any_index() }]);
    let mut asked = node(&net);
    let snapshot = Arc::new(asked.node.snapshot());
    let config = || net.config();
    asked.store_at(1, &transactions[0]);
    let mut records = asked.node.take_journal();
    records.push(Record::Start { snapshot: snapshot.clone() });
    let late = Node::restore(config(), 1, None, records.clone()).err();
    assert_eq!(late, Some(RestoreError::Late { record: 1 }));
    records.pop();
    records.push(Record::Snapshot {
        snapshot: Arc::new(Snapshot { index: 9, ..(*snapshot).clone() }),
        pruned: None,
    });
    let foreign = Node::restore(config(), 1, None, records).err();
    assert_eq!(foreign, Some(RestoreError::Foreign { record: 1, index: 9, hash: Hash::NULL }));
}

#[test]
fn a_file_of_another_network_is_refused() {
    let mut bytes = Vec::new();
    log::encode_identity(&IDENTITY, &mut bytes);
    assert_eq!(
        log::decode(&bytes, &[8; 32]),
        Err(LogError::OtherNetwork { what: "genesis and coordinator" })
    );
    assert_eq!(log::decode(b"-----BEGIN", &IDENTITY), Err(LogError::NotALog));
    assert_eq!(log::decode(b"", &IDENTITY).map(|contents| contents.length), Ok(0));
}

#[test]
fn there_is_no_snapshot_without_milestones() {
    let mut asked = node(&Net::new());
    let refused = asked.node.take_snapshot(options(None));
    assert_eq!(refused, Err(SnapshotError::NoMilestone { first: 6, last: -7 }));
    assert!(asked.node.take_journal().is_empty());
}

#[test]
fn a_snapshot_is_taken_when_it_is_due() {
    let mut net = Net::new();
    let steps = vec![Step::Milestone { trunk: files::any_index() }; 15];
    let transactions = net.grow(&steps);
    let mut config = net.config();
    config.max_depth = 2;
    config.local_snapshots = Some(LocalSnapshots { interval_synced: 2, ..options(Some(1)) });
    let mut asked = Asked { node: Node::new(config, 3) };
    let initial = |asked: &mut Asked| {
        let info = asked.ask_text(r#"{"command":"getNodeInfo"}"#).body;
        let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
        (info["milestoneStartIndex"].as_i64(), info["lastSnapshottedMilestoneIndex"].as_i64())
    };
    let (last, before) = transactions.split_last().expect("transactions");
    let tick = |asked: &mut Asked| {
        let time = asked.node.next_timeout().expect("a time to look");
        asked.node.handle(time, Input::Tick, &mut Vec::new());
    };
    before.iter().for_each(|transaction| asked.store_at(1, transaction));
    tick(&mut asked);
    assert_eq!((initial(&mut asked), asked.node.next_timeout()), ((Some(6), Some(5)), None));
    asked.store_at(2, last);
    tick(&mut asked);
    // The milestone at 20 makes it 15 from the genesis at 5: more than a depth of 12 and an interval of 2.
    assert_eq!(initial(&mut asked), (Some(8), Some(8)));
    assert!(asked.ask_text(r#"{"command":"getNodeInfo"}"#).body.contains(r#""snapshotPruning""#));
}
