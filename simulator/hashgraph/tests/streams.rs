//! The files that nodes write, and that they are the same on all of them.

use proptest::prelude::*;
use tanglegram_hashgraph::files::FileHash;
use tanglegram_hashgraph::files::balance::BalanceFile;
use tanglegram_hashgraph::files::name::Kind;
use tanglegram_hashgraph::files::record::RecordFile;
use tanglegram_hashgraph::files::signature::SignatureFile;
use tanglegram_hashgraph::services::client::{self, Draft, Form, SigningKey};
use tanglegram_hashgraph::services::{Genesis, SUPPLY, TransactionId};
use tanglegram_hashgraph::streams::{StreamFile, Timetable, keys};
use tanglegram_hashgraph::{Application, EntityId, Replica, SECOND, Timestamp};

const START: i64 = 1_568_542_815 * SECOND + 7;

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn replica() -> Replica {
    let genesis =
        Genesis::new(4, client::key(&signer())).with_account(client::key(&signer()), 10_000_000_000);
    Replica::new(&genesis, Timetable { records: 2 * SECOND, balances: 10 * SECOND })
}

/// A transfer of one tinybar to the treasury.
fn payment(time: i64) -> Vec<u8> {
    let payer = EntityId::new(0, 0, 1001);
    let id = TransactionId { payer, valid_start: time - 1 };
    let amounts = [(payer, -1), (EntityId::new(0, 0, 2), 1)];
    Draft::transfer(id, EntityId::new(0, 0, 3), &amounts).sign(&[&signer()], Form::SignedBytes)
}

fn files(replica: &mut Replica) -> Vec<StreamFile> {
    replica.take_files().collect()
}

/// What was handled, and when time passed, in tenths of seconds since the last.
#[derive(Clone, Copy, Debug)]
enum Step {
    Payment(i64),
    Garbage(i64),
    Pause(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1i64..40).prop_map(Step::Payment),
        1 => (1i64..40).prop_map(Step::Garbage),
        2 => (1i64..300).prop_map(Step::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Three nodes: one hears of every pause, one of none, one is restored on the way.
    #[test]
    fn pauses_and_restarts_change_no_file(steps in prop::collection::vec(step(), 1..30), restored in 0usize..30) {
        let mut nodes = [replica(), replica(), replica()];
        let mut written: [Vec<StreamFile>; 3] = Default::default();
        let mut time = START;
        for (number, step) in steps.iter().enumerate() {
            let (Step::Payment(passed) | Step::Garbage(passed) | Step::Pause(passed)) = *step;
            time += passed * SECOND / 10;
            match step {
                Step::Payment(_) => nodes.iter_mut().for_each(|node| node.handle(Timestamp(time), 0, &payment(time))),
                Step::Garbage(_) => nodes.iter_mut().for_each(|node| node.handle(Timestamp(time), 1, b"garbage")),
                Step::Pause(_) => nodes[0].advance(time),
            }
            if number == restored {
                let state = nodes[1].state();
                nodes[2] = replica();
                nodes[2].restore(&state).expect("a state");
            }
            let states = nodes.each_ref().map(Application::state);
            prop_assert!(states[0] == states[1] && states[1] == states[2]);
            written.iter_mut().zip(&mut nodes).for_each(|(written, node)| written.extend(node.take_files()));
        }
        for (written, node) in written.iter_mut().zip(&mut nodes) {
            node.advance(time + 100 * SECOND);
            written.extend(node.take_files());
            written.sort_by(|left, right| left.name.cmp(&right.name));
            written.dedup();
        }
        // Who heard first that time passes may know the balances of an earlier time than the others.
        let first = written[1].iter().find(|file| file.kind == Kind::Balances).map(|file| file.name.clone());
        let later = |file: &&StreamFile| file.kind == Kind::Records || Some(&file.name) >= first.as_ref();
        let all: Vec<&StreamFile> = written[0].iter().filter(later).collect();
        prop_assert_eq!(&all, &written[1].iter().collect::<Vec<_>>());
        for file in &written[2] {
            prop_assert!(all.contains(&file) || Some(&file.name) < first.as_ref(), "{}", file.name);
        }
        check_chain(&written[1]);
    }
}

/// Every record file goes on where the one before ended, and none spans more than its time.
fn check_chain(files: &[StreamFile]) {
    let mut previous = FileHash::NONE;
    for file in files.iter().filter(|file| file.kind == Kind::Records) {
        let read = RecordFile::read(&file.bytes).expect("a record file");
        assert_eq!((read.previous, read.hash), (previous, file.hash));
        assert!(!read.items.is_empty());
        previous = read.hash;
    }
}

#[test]
fn balances_are_those_of_their_time() {
    let mut node = replica();
    // At 1,568,542,820 s a point of the timetable: what is handled then is in, a nanosecond later is not.
    let point = 1_568_542_820 * SECOND;
    for time in [point - SECOND, point, point + 1] {
        node.handle(Timestamp(time), 0, &payment(time));
    }
    let files = files(&mut node);
    let balances: Vec<BalanceFile> = files
        .iter()
        .filter(|file| file.kind == Kind::Balances)
        .map(|file| BalanceFile::read(&file.bytes).expect("a balance file"))
        .collect();
    let client =
        |file: &BalanceFile| file.balances.iter().find(|(id, _)| id.num == 1001).map(|(_, balance)| *balance);
    let told: Vec<_> = balances.iter().map(|file| (file.time, client(file))).collect();
    let start = 10_000_000_000;
    assert_eq!(told, [(point - 10 * SECOND, Some(start)), (point, Some(start - 2 * 85_829))]);
    for file in &balances {
        assert_eq!(file.balances.iter().map(|(_, balance)| balance).sum::<i64>(), SUPPLY);
    }
}

#[test]
fn every_node_signs_with_its_own_key() {
    let mut node = replica();
    node.handle(Timestamp(START), 0, &payment(START));
    node.advance(START + 10 * SECOND);
    let nodes: Vec<EntityId> = (3..7).map(|num| EntityId::new(0, 0, num)).collect();
    let book = keys::address_book(&nodes);
    let file = files(&mut node).into_iter().find(|file| file.kind == Kind::Records).expect("a record file");
    assert_eq!(file.folder(nodes[1]), "recordstreams/record0.0.4");
    for (member, account) in (0..).zip(&nodes) {
        let signed = file.sign(keys::of(member).expect("a key"));
        assert_eq!(signed.len(), 438, "the length that real signature files have");
        let signed = SignatureFile::read(&signed).expect("a signature file");
        for other in &nodes {
            assert_eq!(signed.is_by(book.key(*other).expect("a key")), other == account);
        }
    }
}
