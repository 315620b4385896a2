//! The files of a Hedera network's nodes, and the protobuf messages in them.

use prost::Message;
use tanglegram_hashgraph::files::address_book::AddressBook;
use tanglegram_hashgraph::files::balance::BalanceFile;
use tanglegram_hashgraph::files::hapi::{Transaction, TransactionBody, TransactionRecord};
use tanglegram_hashgraph::files::record::RecordFile;
use tanglegram_hashgraph::files::signature::SignatureFile;

/// What is read as a record file is written so that it reads alike; its hash does not change.
pub(crate) fn record(bytes: &[u8]) -> bool {
    let Ok(file) = RecordFile::read(bytes) else { return false };
    let written = file.write();
    let again = RecordFile::read(&written).expect("what was written can be read");
    assert_eq!((again.items.len(), again.hash), (file.items.len(), file.hash));
    true
}

/// What is read as a signature file is written so that it reads alike.
pub(crate) fn signature(bytes: &[u8]) -> bool {
    let Ok(file) = SignatureFile::read(bytes) else { return false };
    assert_eq!(SignatureFile::read(&file.write()).as_ref(), Ok(&file));
    true
}

/// What is read as a balance file is written so that it reads alike.
pub(crate) fn balance(bytes: &[u8]) -> bool {
    let Ok(file) = BalanceFile::read(bytes) else { return false };
    let again = BalanceFile::read(&file.write()).expect("what was written can be read");
    assert_eq!((again.time, &again.balances), (file.time, &file.balances));
    true
}

/// Messages from outside: what is understood is sent so that it is understood alike.
pub(crate) fn protobuf(bytes: &[u8]) -> bool {
    let read = [round_trip::<Transaction>, round_trip::<TransactionBody>, round_trip::<TransactionRecord>];
    // A book is judged by its keys, too.
    let book = AddressBook::read(bytes).is_ok();
    read.map(|read| read(bytes)).contains(&true) || book
}

fn round_trip<M: Message + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> bool {
    let Ok(message) = M::decode(bytes) else { return false };
    let again = M::decode(&message.encode_to_vec()[..]).expect("what was written can be read");
    assert!(again == message, "{message:?} is sent as something else");
    true
}
