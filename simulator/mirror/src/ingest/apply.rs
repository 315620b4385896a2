//! What the contents of a file change in the store.

use prost::Message;
use tanglegram_hashgraph::hex;

use super::decode::{Change, Decoded, Fields};
use crate::files::{FileError, balance::BalanceFile, hapi};
use crate::store::{BalanceRow, DuplicateTime, Entities, Snapshot, Store};
use crate::{Entity, EntityId, EntityKind};

/// The balances of a file as a snapshot.
pub(super) fn snapshot(file: &BalanceFile, shard: i64) -> Result<Snapshot, FileError> {
    let row = |(at, (id, balance)): (usize, &(EntityId, i64))| {
        let outside = || FileError::Line {
            line: at + 1,
            problem: format!("account {id} is no account of shard {shard}"),
        };
        let realm = i16::try_from(id.realm).ok().filter(|_| id.shard == shard).ok_or_else(outside)?;
        let num = i32::try_from(id.num).map_err(|_| outside())?;
        Ok(BalanceRow { realm, num, balance: *balance })
    };
    let rows: Result<Vec<BalanceRow>, FileError> = file.balances.iter().enumerate().map(row).collect();
    Ok(Snapshot::new(file.time, shard, rows?))
}

/// Adds the transactions of a file, all or none.
pub(super) fn transactions(store: &mut Store, decoded: &[Decoded]) -> Result<(), DuplicateTime> {
    let mut times: Vec<i64> = decoded.iter().map(|transaction| transaction.consensus).collect();
    times.sort_unstable();
    let twice = times.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let latest = store.transactions().latest().unwrap_or(i64::MIN);
    let mut known = times.iter().copied().take_while(|time| *time <= latest);
    let known = known.find(|time| store.transactions().at(*time).is_some());
    if let Some(time) = twice.or(known) {
        return Err(DuplicateTime(time));
    }
    for transaction in decoded {
        // Who is named first is known first; node and payer are named again with the transaction itself.
        let entities = store.entities_mut();
        if transaction.entity.is_some() || transaction.proxy.is_some() {
            let named = [Some(transaction.node), Some(transaction.payer), transaction.proxy];
            named.into_iter().flatten().for_each(|account| {
                entities.find_or_insert(account, EntityKind::Account);
            });
        }
        if let Some((id, kind, change)) = &transaction.entity {
            apply(entities, *id, *kind, change);
        }
        store.insert_transaction(&transaction.transaction())?;
    }
    Ok(())
}

fn apply(entities: &mut Entities, id: EntityId, kind: EntityKind, change: &Change) {
    let is_new = entities.find(id).is_none();
    let entity = entities.find_or_insert(id, kind);
    match change {
        Change::Refer => {}
        Change::Create(fields) if is_new => entities.update(entity, |entity| set(entity, fields)),
        Change::Create(_) => {}
        Change::Update(fields) => entities.update(entity, |entity| set(entity, fields)),
        Change::Delete(deleted) => entities.update(entity, |entity| entity.deleted = Some(*deleted)),
    }
}

fn set(entity: &mut Entity, fields: &Fields) {
    if let Some(key) = &fields.key {
        let plain = hapi::Key::decode(key.as_slice()).ok().and_then(|key| key.ed25519);
        entity.ed25519 = plain.map(|key| hex::encode(&key).into());
        entity.key = Some(key.as_slice().into());
    }
    entity.expiry = fields.expiry.or(entity.expiry);
    entity.auto_renew_period = fields.auto_renew_period.or(entity.auto_renew_period);
}
