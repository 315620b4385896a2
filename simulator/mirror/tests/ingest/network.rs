//! Four nodes that write record files, and transactions to write.

use std::fs;
use std::path::PathBuf;

use tanglegram_mirror::files::address_book::{AddressBook, BookNode};
use tanglegram_mirror::files::hapi::{
    self, AccountAmount, Data, TransactionBody, TransactionReceipt, TransactionRecord,
};
use tanglegram_mirror::files::record::{Item, RecordFile, Version};
use tanglegram_mirror::files::signature::{NodeKey, SignatureFile};
use tanglegram_mirror::files::{FileHash, name, results};
use tanglegram_mirror::ingest::Importer;
use tanglegram_mirror::{EntityId, SECOND, Timestamp};

/// The accounts of the nodes.
pub(crate) const NODES: [EntityId; 4] =
    [EntityId::new(0, 0, 3), EntityId::new(0, 0, 4), EntityId::new(0, 0, 5), EntityId::new(0, 0, 6)];

/// The key of a node.
pub(crate) fn key(node: EntityId) -> NodeKey {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/keys/mirror-nodes");
    let pem = fs::read_to_string(folder.join(format!("{node}.pem"))).expect("the key is there");
    NodeKey::from_pem(&pem).expect("the key is a key")
}

/// The address book of the four.
pub(crate) fn address_book() -> AddressBook {
    AddressBook {
        nodes: NODES.map(|account| BookNode { account, key: key(account).public().clone() }).to_vec(),
    }
}

pub(crate) fn id(num: i64) -> hapi::EntityId {
    hapi::EntityId { shard: 0, realm: 0, num }
}

pub(crate) fn time(nanos: i64) -> hapi::Timestamp {
    let (seconds, nanos) = Timestamp(nanos).parts();
    hapi::Timestamp { seconds, nanos: i32::try_from(nanos).expect("less than a second") }
}

/// A transaction to be written, its parts open to change.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) body: TransactionBody,
    pub(crate) record: TransactionRecord,
}

impl Draft {
    /// A transaction of account 0.0.1001 at that many seconds.
    pub(crate) fn new(second: i64, data: Option<Data>) -> Self {
        let consensus = second * SECOND;
        let transaction_id =
            Some(hapi::TransactionId { valid_start: Some(time(consensus - 5)), account: Some(id(1001)) });
        let amount = |num, amount| AccountAmount { account: Some(id(num)), amount };
        Draft {
            body: TransactionBody {
                transaction_id,
                node_account: Some(id(3)),
                transaction_fee: 100_000,
                valid_duration: Some(hapi::Duration { seconds: 120 }),
                memo: format!("at {second}"),
                data,
            },
            record: TransactionRecord {
                receipt: Some(TransactionReceipt {
                    status: results::SUCCESS,
                    ..TransactionReceipt::default()
                }),
                consensus_timestamp: Some(time(consensus)),
                transaction_id,
                transaction_fee: 8,
                transfer_list: Some(hapi::TransferList {
                    amounts: vec![amount(1001, -8), amount(3, 5), amount(98, 3)],
                }),
                ..TransactionRecord::default()
            },
        }
    }

    pub(crate) fn transfer(second: i64) -> Self {
        Draft::new(second, Some(Data::CryptoTransfer(hapi::CryptoTransfer::default())))
    }

    pub(crate) fn receipt(&mut self) -> &mut TransactionReceipt {
        self.record.receipt.get_or_insert_default()
    }

    pub(crate) fn item(&self) -> Item<'static> {
        Item::new(&self.body, &self.record)
    }
}

/// A file, as all nodes write it.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: FileHash,
}

impl Written {
    pub(crate) fn new(version: Version, previous: FileHash, second: i64, drafts: &[Draft]) -> Self {
        let file = RecordFile::new(version, previous, drafts.iter().map(Draft::item).collect());
        Written { name: name::record(second * SECOND), bytes: file.write(), hash: file.hash }
    }

    pub(crate) fn signature_name(&self) -> String {
        name::signature(&self.name)
    }

    /// Offers the signatures of these nodes.
    pub(crate) fn offer_signatures(&self, importer: &mut Importer, nodes: &[EntityId]) {
        for node in nodes {
            let signature = SignatureFile::sign(self.hash, &key(*node)).write();
            assert_eq!(signature.len(), 438, "the length that real signature files have");
            assert_eq!(importer.offer(*node, &self.signature_name(), signature), None);
        }
    }

    /// Offers the file of a node.
    pub(crate) fn offer(&self, importer: &mut Importer, node: EntityId) {
        assert_eq!(importer.offer(node, &self.name, self.bytes.clone()), None);
    }
}

/// A chain of files, one transfer in each, from second 1,567,188,600 on.
pub(crate) fn chain(count: i64) -> Vec<Written> {
    let mut previous = FileHash::NONE;
    let start = 1_567_188_600;
    (start..start + count)
        .map(|second| {
            let version = if second % 2 == 0 { Version::V2 } else { Version::V1 };
            let file = Written::new(version, previous, second, &[Draft::transfer(second)]);
            previous = file.hash;
            file
        })
        .collect()
}
