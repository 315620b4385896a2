//! What is written reads back as it was, and what is no file is refused.

use std::borrow::Cow;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::{Digest, Sha384};
use tanglegram_mirror::files::address_book::AddressBook;
use tanglegram_mirror::files::balance::BalanceFile;
use tanglegram_mirror::files::record::{Item, RecordFile, Version};
use tanglegram_mirror::files::signature::SignatureFile;
use tanglegram_mirror::files::{FileError, FileHash, name};
use tanglegram_mirror::ingest::{Event, Importer, Trust};
use tanglegram_mirror::{EntityId, Store, dataset};

use super::network::{NODES, address_book, chain, key};

fn record_file() -> impl Strategy<Value = RecordFile<'static>> {
    let item = (vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40)).prop_map(|(transaction, record)| Item {
        transaction: Cow::Owned(transaction),
        record: Cow::Owned(record),
    });
    let version = prop::sample::select(vec![Version::V1, Version::V2]);
    (version, any::<[u8; 32]>(), vec(item, 0..8)).prop_map(|(version, seed, items)| {
        let mut previous = [0; 48];
        previous[..32].copy_from_slice(&seed);
        RecordFile::new(version, FileHash(previous), items)
    })
}

/// A good file of each kind, with its name.
static GOOD: LazyLock<[(String, Vec<u8>); 5]> = LazyLock::new(|| {
    let records = chain(1).remove(0);
    let balances = vec![(EntityId::new(0, 0, 5), 250), (EntityId::new(0, 1, 6), -1)];
    let balances = BalanceFile { time: 1_567_189_800_010_147_001, balances };
    let signature = SignatureFile { hash: records.hash, signature: vec![7; 384] };
    let data = r#"{ "entities": [{ "id": "0.0.5", "type": "account" }], "balance_snapshots": [{ "consensus_ns": "7", "balances": [["0.0.5", "1"]] }],
        "transactions": [{ "consensus_ns": "8", "valid_start_ns": "1", "payer": "0.0.5", "node": "0.0.3", "name": "N", "result": "R", "memo_hex": "00", "transfers": [["0.0.5", 5]] }] }"#;
    [
        (records.name.clone(), records.bytes.clone()),
        (name::balance(balances.time), balances.write()),
        (records.signature_name(), signature.write()),
        ("addressbook.bin".to_owned(), address_book().write().expect("keys can be written")),
        ("dataset.json".to_owned(), data.into()),
    ]
});

proptest! {
    #[test]
    fn record_files(file in record_file()) {
        let bytes = file.write();
        prop_assert_eq!(RecordFile::read(&bytes), Ok(file));
    }

    #[test]
    fn cut_record_files_are_refused(file in record_file(), at in any::<prop::sample::Index>()) {
        let bytes = file.write();
        let cut = &bytes[..at.index(bytes.len())];
        if let Ok(part) = RecordFile::read(cut) {
            // Only where a record ends is a cut not seen, and then the hash is another.
            prop_assert!(part.items.len() < file.items.len() && part.hash != file.hash);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = RecordFile::read(&bytes);
        let _ = SignatureFile::read(&bytes);
        let _ = BalanceFile::read(&bytes);
        let _ = AddressBook::read(&bytes);
    }

    /// A byte changed, some left out, some said twice: whoever reads it says what is wrong, or takes it for what it became.
    #[test]
    fn damaged_files_are_told_of(which in 0usize..5, at in any::<Index>(), byte: u8, cut in 0usize..9, again in 0usize..9) {
        let (name, good) = &GOOD[which];
        let at = at.index(good.len());
        let mut bytes = [&good[..at], &[byte][..], &good[(at + cut).min(good.len())..]].concat();
        bytes.extend_from_within(..again.min(bytes.len()));
        match which {
            2 => drop(SignatureFile::read(&bytes)),
            3 => drop(AddressBook::read(&bytes)),
            4 => drop(dataset::load(&String::from_utf8_lossy(&bytes))),
            _ => {
                let (mut importer, mut store) = (Importer::new(0, Trust::Anyone), Store::new());
                prop_assert_eq!(importer.offer(NODES[0], name, bytes), None);
                let events = importer.advance(&mut store);
                prop_assert_eq!(events.len(), 1, "{:?}", events);
                let taken = matches!(events[0], Event::Imported { .. });
                prop_assert!(taken || store.transactions().is_empty(), "a file is taken as a whole or not at all");
            }
        }
    }

    #[test]
    fn signature_files(hash in any::<[u8; 32]>(), signature in vec(any::<u8>(), 0..400)) {
        let mut whole = [7; 48];
        whole[..32].copy_from_slice(&hash);
        let file = SignatureFile { hash: FileHash(whole), signature };
        prop_assert_eq!(SignatureFile::read(&file.write()), Ok(file));
    }

    #[test]
    fn balance_files(time in 0i64..i64::MAX, balances in vec((0i64..3, 0i64..1 << 40, any::<i64>()), 0..20)) {
        let balances = balances.into_iter().map(|(realm, num, balance)| (EntityId::new(0, realm, num), balance)).collect();
        let file = BalanceFile { time, balances };
        prop_assert_eq!(BalanceFile::read(&file.write()), Ok(file));
    }
}

/// The layout byte by byte, as real importers read it.
#[test]
fn layout_of_a_record_file() {
    let item = Item { transaction: Cow::Borrowed(b"tx"), record: Cow::Borrowed(b"rec") };
    let file = RecordFile::new(Version::V2, FileHash([9; 48]), vec![item]);
    let header = [&[0, 0, 0, 2, 0, 0, 0, 3, 1][..], &[9; 48]].concat();
    let body = [&[2, 0, 0, 0, 2][..], b"tx", &[0, 0, 0, 3], b"rec"].concat();
    assert_eq!(file.write(), [header.clone(), body.clone()].concat());
    let hash: [u8; 48] = Sha384::digest([header, Sha384::digest(&body).to_vec()].concat()).into();
    assert_eq!(file.hash, FileHash(hash));
}

/// A signature within a record file is read over and not hashed.
#[test]
fn signatures_within_record_files() {
    let item = |text: &'static [u8]| Item { transaction: Cow::Borrowed(text), record: Cow::Borrowed(text) };
    for version in [Version::V1, Version::V2] {
        let plain = RecordFile::new(version, FileHash::NONE, vec![item(b"a"), item(b"b")]);
        let bytes = plain.write();
        let signature = [3, 0, 0, 0, 2, 8, 8];
        let with = [&bytes[..bytes.len() - 11], &signature, &bytes[bytes.len() - 11..], &signature].concat();
        let read = RecordFile::read(&with);
        assert_eq!(read, Ok(plain));
    }
}

#[test]
fn signatures_and_address_books() {
    let book = address_book();
    let bytes = book.write().unwrap();
    assert_eq!(AddressBook::read(&bytes), Ok(book.clone()));
    let signature = SignatureFile::sign(FileHash([1; 48]), &key(NODES[0]));
    assert!(signature.is_by(book.key(NODES[0]).unwrap()));
    assert!(!signature.is_by(book.key(NODES[1]).unwrap()));
    let other_hash = SignatureFile { hash: FileHash([2; 48]), ..signature };
    assert!(!other_hash.is_by(book.key(NODES[0]).unwrap()));
    for (nodes, is_enough) in [(2, false), (3, true), (4, true)] {
        assert_eq!(book.is_super_majority(nodes), is_enough, "{nodes} of 4");
    }
}

#[test]
fn balance_files_of_the_real_network() {
    let text = "timestamp:2019-08-30T18:30:00.010147001Z\r\nshardNum,realmNum,accountNum,balance\r\n0,0,1,250\r\n\r\n0,0,2,5\r\n";
    let file = BalanceFile::read(text.as_bytes()).unwrap();
    assert_eq!(file.time, 1_567_189_800_010_147_001);
    assert_eq!(file.balances, [(EntityId::new(0, 0, 1), 250), (EntityId::new(0, 0, 2), 5)]);
}

#[test]
fn what_is_wrong_is_told() {
    let message = |result: Result<BalanceFile, FileError>| result.unwrap_err().to_string();
    let head = "TimeStamp:2019-08-30T18:30:00.0Z\nshardNum,realmNum,accountNum,balance\n";
    let messages = [
        message(BalanceFile::read(b"")),
        message(BalanceFile::read(b"TimeStamp:2019-08-30T18:30:00Z\n")),
        message(BalanceFile::read(b"TimeStamp:2019-02-30T18:30:00.0Z\n")),
        message(BalanceFile::read(b"TimeStamp:2019-08-30T18:30:00.0Z\n0,0,1,5\n")),
        message(BalanceFile::read(format!("{head}0,0,1\n").as_bytes())),
        message(BalanceFile::read(format!("{head}0,0,1,5x\n").as_bytes())),
        RecordFile::read(&[0, 0, 0, 5]).unwrap_err().to_string(),
        RecordFile::read(&[0, 0, 0, 2, 0, 0, 0, 3, 7]).unwrap_err().to_string(),
        RecordFile::read(&[0, 0, 0, 2, 0]).unwrap_err().to_string(),
        SignatureFile::read(&[&[4][..], &[0; 48], &[3, 255, 255, 255, 255]].concat())
            .unwrap_err()
            .to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    line 1: no line `TimeStamp:…` among the first 10
    line 1: `2019-08-30T18:30:00Z` is no time of the form 2019-08-30T18:30:00.010147001Z
    line 1: `2019-02-30T18:30:00.0Z` is no time of the form 2019-08-30T18:30:00.010147001Z
    line 1: no line `shardNum,realmNum,accountNum,balance` follows the time
    line 3: 3 columns in place of 4
    line 3: `5x` is no 64-bit integer
    version 5 of the record file format is not known: 1 and 2 are
    byte 8 is 0x07, which starts nothing known here; the hash of the file before (0x01) was expected
    the file ends at byte 5, within the API version
    the signature has the negative length -1
    ");
}
