//! From the messages of a record file to what is kept of them.

use prost::Message;

use crate::files::hapi::{self, Data};
use crate::files::{FileError, record::Item, results};
use crate::store::NewTransaction;
use crate::{EntityId, EntityKind, SECOND};

/// What a transaction does to an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Names it, no more.
    Refer,
    /// Creates it; nothing changes where its number was known already.
    Create(Fields),
    /// Changes what is given.
    Update(Fields),
    /// Marks it deleted, or not deleted.
    Delete(bool),
}

/// What is told of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) key: Option<Vec<u8>>,
    pub(super) expiry: Option<i64>,
    pub(super) auto_renew_period: Option<i64>,
}

/// A transaction with what it does to an entity.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pub(super) consensus: i64,
    pub(super) payer: EntityId,
    pub(super) node: EntityId,
    pub(super) entity: Option<(EntityId, EntityKind, Change)>,
    pub(super) proxy: Option<EntityId>,
    valid_start: i64,
    name: &'static str,
    result: &'static str,
    transfers: Vec<(EntityId, i64)>,
    charged_fee: i64,
    memo: String,
    max_fee: i64,
    valid_duration: i64,
}

impl Decoded {
    /// The transaction itself.
    pub(super) fn transaction(&self) -> NewTransaction<'_> {
        NewTransaction {
            consensus: self.consensus,
            payer: self.payer,
            valid_start: self.valid_start,
            name: self.name,
            result: self.result,
            node: self.node,
            transfers: &self.transfers,
            charged_fee: Some(self.charged_fee),
            memo: Some(self.memo.as_bytes()),
            max_fee: Some(self.max_fee),
            valid_duration: Some(self.valid_duration),
        }
    }
}

fn malformed(what: &'static str, problem: impl ToString) -> FileError {
    FileError::Message { what, problem: problem.to_string() }
}

fn parse<M: Message + Default>(bytes: &[u8], what: &'static str) -> Result<M, FileError> {
    M::decode(bytes).map_err(|error| malformed(what, error))
}

fn nanoseconds(time: Option<hapi::Timestamp>) -> Result<i64, FileError> {
    let time = time.unwrap_or_default();
    let seconds = time.seconds.checked_mul(SECOND);
    seconds
        .and_then(|nanos| nanos.checked_add(time.nanos.into()))
        .ok_or_else(|| malformed("a time", "beyond 64 bits"))
}

fn id(entity: Option<hapi::EntityId>) -> EntityId {
    let hapi::EntityId { shard, realm, num } = entity.unwrap_or_default();
    EntityId::new(shard, realm, num)
}

/// Decodes a transaction with its record.
pub(super) fn decode(item: &Item<'_>) -> Result<Decoded, FileError> {
    let transaction: hapi::Transaction = parse(&item.transaction, "a transaction")?;
    let record: hapi::TransactionRecord = parse(&item.record, "a record")?;
    let body = match transaction.body {
        Some(body) => *body,
        None => parse(&transaction.body_bytes, "the body of a transaction")?,
    };
    let transaction_id = body.transaction_id.unwrap_or_default();
    let payer = id(transaction_id.account);
    let receipt = record.receipt.unwrap_or_default();
    let unknown = || malformed("a receipt", format!("{} is the number of no result", receipt.status));
    let duration =
        body.valid_duration.ok_or_else(|| malformed("the body of a transaction", "no valid duration"))?;
    let (entity, proxy) = body.data.as_ref().map_or(Ok((None, None)), |data| change(data, &receipt))?;
    let mut transfers = transfer_list(record.transfer_list.as_ref());
    if record.transfer_list.is_some() {
        transfers.extend(initial_balance(body.data.as_ref(), &receipt, payer, &transfers));
    }
    Ok(Decoded {
        consensus: nanoseconds(record.consensus_timestamp)?,
        payer,
        node: id(body.node_account),
        entity: entity.map(|entity: (EntityId, EntityKind, Change)| only_referred(entity, receipt.status)),
        proxy,
        valid_start: nanoseconds(transaction_id.valid_start)?,
        name: body.data.as_ref().map_or("UNKNOWN", name),
        result: results::name(receipt.status).ok_or_else(unknown)?,
        transfers,
        charged_fee: record.transaction_fee.cast_signed(),
        memo: body.memo,
        max_fee: body.transaction_fee.cast_signed(),
        valid_duration: duration.seconds,
    })
}

/// A transaction that failed changes nothing, but names the entity.
fn only_referred(entity: (EntityId, EntityKind, Change), status: i32) -> (EntityId, EntityKind, Change) {
    let (id, kind, change) = entity;
    (id, kind, if status == results::SUCCESS { change } else { Change::Refer })
}

fn transfer_list(list: Option<&hapi::TransferList>) -> Vec<(EntityId, i64)> {
    list.into_iter()
        .flat_map(|list| &list.amounts)
        .map(|transfer| (id(transfer.account), transfer.amount))
        .collect()
}

/// The transfer of the initial balance of a new account, where the record leaves it out.
fn initial_balance(
    data: Option<&Data>,
    receipt: &hapi::TransactionReceipt,
    payer: EntityId,
    transfers: &[(EntityId, i64)],
) -> Vec<(EntityId, i64)> {
    let (Some(Data::CryptoCreateAccount(create)), Some(account)) = (data, receipt.account) else {
        return Vec::new();
    };
    let (account, amount) = (id(Some(account)), create.initial_balance.cast_signed());
    let is_there = transfers.contains(&(account, amount));
    if receipt.status != results::SUCCESS || is_there || (account.shard, account.realm) != (0, 0) {
        return Vec::new();
    }
    vec![(payer, amount.wrapping_neg()), (account, amount)]
}

/// The name of a transaction's type.
fn name(data: &Data) -> &'static str {
    match data {
        Data::ContractCall(_) => "CONTRACTCALL",
        Data::ContractCreateInstance(_) => "CONTRACTCREATEINSTANCE",
        Data::ContractUpdateInstance(_) => "CONTRACTUPDATEINSTANCE",
        Data::ContractDeleteInstance(_) => "CONTRACTDELETEINSTANCE",
        Data::CryptoAddClaim(_) => "CRYPTOADDCLAIM",
        Data::CryptoCreateAccount(_) => "CRYPTOCREATEACCOUNT",
        Data::CryptoDelete(_) => "CRYPTODELETE",
        Data::CryptoDeleteClaim(_) => "CRYPTODELETECLAIM",
        Data::CryptoTransfer(_) => "CRYPTOTRANSFER",
        Data::CryptoUpdateAccount(_) => "CRYPTOUPDATEACCOUNT",
        Data::FileAppend(_) => "FILEAPPEND",
        Data::FileCreate(_) => "FILECREATE",
        Data::FileDelete(_) => "FILEDELETE",
        Data::FileUpdate(_) => "FILEUPDATE",
        Data::SystemDelete(_) => "SYSTEMDELETE",
        Data::SystemUndelete(_) => "SYSTEMUNDELETE",
        Data::Freeze(_) => "FREEZE",
    }
}

type EntityChange = (Option<(EntityId, EntityKind, Change)>, Option<EntityId>);

/// What a transaction does to which entity, and the proxy account it names.
fn change(data: &Data, receipt: &hapi::TransactionReceipt) -> Result<EntityChange, FileError> {
    use EntityKind::{Account, Contract, File};
    let fields = |key: &Option<Vec<u8>>, renew: Option<hapi::Duration>, expiry: Option<hapi::Timestamp>| {
        let expiry = expiry.map(|time| nanoseconds(Some(time))).transpose()?;
        Ok(Fields { key: key.clone(), expiry, auto_renew_period: renew.map(|period| period.seconds) })
    };
    let (entity, kind, change, proxy) = match data {
        Data::ContractCall(body) => (body.contract, Contract, Change::Refer, None),
        Data::ContractCreateInstance(body) => {
            let fields = fields(&body.admin_key, body.auto_renew_period, None)?;
            (receipt.contract, Contract, Change::Create(fields), body.proxy_account)
        }
        Data::ContractUpdateInstance(body) => {
            let fields = fields(&body.admin_key, body.auto_renew_period, body.expiration_time)?;
            (body.contract, Contract, Change::Update(fields), body.proxy_account)
        }
        Data::ContractDeleteInstance(body) => (body.contract, Contract, Change::Delete(true), None),
        Data::CryptoCreateAccount(body) => {
            let fields = fields(&body.key, body.auto_renew_period, None)?;
            (receipt.account, Account, Change::Create(fields), body.proxy_account)
        }
        Data::CryptoUpdateAccount(body) => {
            let fields = fields(&body.key, body.auto_renew_period, body.expiration_time)?;
            (body.account, Account, Change::Update(fields), body.proxy_account)
        }
        Data::CryptoDelete(body) => (body.delete_account, Account, Change::Delete(true), None),
        Data::CryptoAddClaim(body) => {
            (body.claim.as_ref().and_then(|claim| claim.account), Account, Change::Refer, None)
        }
        Data::CryptoDeleteClaim(body) => (body.account, Account, Change::Refer, None),
        Data::CryptoTransfer(_) | Data::Freeze(_) => (None, Account, Change::Refer, None),
        Data::FileCreate(body) => {
            (receipt.file, File, Change::Create(fields(&body.keys, None, body.expiration_time)?), None)
        }
        Data::FileUpdate(body) => {
            (body.file, File, Change::Update(fields(&body.keys, None, body.expiration_time)?), None)
        }
        Data::FileAppend(body) => (body.file, File, Change::Refer, None),
        Data::FileDelete(body) => (body.file, File, Change::Delete(true), None),
        Data::SystemDelete(body) | Data::SystemUndelete(body) => {
            let kind = if body.contract.is_some() { Contract } else { File };
            let deletes = matches!(data, Data::SystemDelete(_));
            (body.contract.or(body.file), kind, Change::Delete(deletes), None)
        }
    };
    let proxy = proxy.map(|proxy| id(Some(proxy))).filter(|proxy| *proxy != EntityId::new(0, 0, 0));
    Ok((entity.map(|entity| (id(Some(entity)), kind, change)), proxy))
}
