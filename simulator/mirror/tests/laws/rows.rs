//! Random requests for accounts and balances, and a model that looks at every row.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use tanglegram_mirror::{Dialect, EntityId, Store, Timestamp, dataset};

use super::data::{Compare, compare};

/// Snapshots by their second, each with the balance of some accounts; and the accounts that have a key, which is their number.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    snapshots: Vec<(i64, Vec<(EntityId, i64)>)>,
    keyed: Vec<i64>,
}

fn key(num: i64) -> String {
    format!("{num:064x}")
}

pub(crate) fn ledger() -> impl Strategy<Value = Ledger> {
    let rows = btree_map((0i64..3, 1i64..30), 0i64..5, 0..25);
    let snapshots = btree_map(0i64..8, rows, 1..5).prop_map(|snapshots| {
        let row = |((realm, num), balance)| (EntityId::new(0, realm, num), balance);
        snapshots.into_iter().map(|(second, rows)| (second, rows.into_iter().map(row).collect())).collect()
    });
    (snapshots, vec(1i64..30, 0..6)).prop_map(|(snapshots, keyed)| Ledger { snapshots, keyed })
}

impl Ledger {
    pub(crate) fn store(&self) -> Store {
        let entity = |num: &i64| json!({ "id": format!("0.0.{num}"), "type": "account", "key_hex": format!("1220{}", key(*num)), "ed25519_hex": key(*num) });
        let rows = |rows: &[(EntityId, i64)]| -> Vec<Value> {
            rows.iter().map(|(id, balance)| json!([id.to_string(), balance])).collect()
        };
        let snapshot = |(second, all): &(i64, Vec<(EntityId, i64)>)| json!({ "consensus_ns": time(*second).0, "balances": rows(all) });
        let entities: Vec<Value> = self.keyed.iter().map(entity).collect();
        let snapshots: Vec<Value> = self.snapshots.iter().map(snapshot).collect();
        let text = json!({ "entities": entities, "balance_snapshots": snapshots }).to_string();
        dataset::load(&text).expect("a ledger is a data set")
    }
}

/// A second of the ledger as a time.
fn time(second: i64) -> Timestamp {
    Timestamp((1_500_000_000 + second) * 1_000_000_000 + 7)
}

/// What a random request for rows asks.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    ids: Vec<(Compare, EntityId)>,
    balances: Vec<(Compare, i64)>,
    keys: Vec<(Compare, i64)>,
    times: Vec<(Compare, i64)>,
    ascending: Option<bool>,
    pub(crate) limit: usize,
}

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let id = (0i64..3, 1i64..30).prop_map(|(realm, num)| EntityId::new(0, realm, num));
    let parts = (
        vec((compare(), id), 0..3),
        vec((compare(), 0i64..5), 0..3),
        vec((compare(), 1i64..30), 0..2),
        vec((compare(), 0i64..8), 0..3),
    );
    (parts, any::<Option<bool>>(), 1usize..12).prop_map(|((ids, balances, keys, times), ascending, limit)| {
        Ask { ids, balances, keys, times, ascending, limit }
    })
}

impl Ask {
    pub(crate) fn target(&self, list: &str) -> String {
        let mut target = format!("/api/v1/{list}?limit={}", self.limit);
        for (op, id) in &self.ids {
            target += &format!("&account.id={}:{id}", op.0);
        }
        for (op, than) in &self.balances {
            target += &format!("&account.balance={}:{than}", op.0);
        }
        for (op, than) in &self.keys {
            target += &format!("&account.publickey={}:{}", op.0, key(*than));
        }
        for (op, than) in &self.times {
            target += &format!("&timestamp={}:{}", op.0, time(*than));
        }
        if let Some(ascending) = self.ascending {
            target += if ascending { "&order=asc" } else { "&order=desc" };
        }
        target
    }

    /// The accounts that answer it, of the snapshot that is shown, by looking at every row.
    pub(crate) fn model(&self, ledger: &Ledger, list: &str, dialect: Dialect) -> Vec<EntityId> {
        let in_time = |second: i64| {
            // On balances `eq` means at or before; on accounts times do not matter.
            let holds = |(op, than): &(Compare, i64)| {
                Compare(if op.0 == "eq" { "lte" } else { op.0 }).holds(second, *than)
            };
            list == "accounts" || self.times.iter().all(holds)
        };
        let shown = ledger.snapshots.iter().rev().find(|(second, rows)| !rows.is_empty() && in_time(*second));
        let id_holds = |(op, than): &(Compare, EntityId), id: EntityId| {
            if dialect.whole_ids { op.holds(id, *than) } else { op.holds_by_parts(id, *than) }
        };
        let has_key = |id: EntityId| id.realm == 0 && ledger.keyed.contains(&id.num);
        let fits = |(id, balance): &&(EntityId, i64)| {
            self.ids.iter().all(|condition| id_holds(condition, *id))
                && self.balances.iter().all(|(op, than)| op.holds(*balance, *than))
                && (self.keys.is_empty() || has_key(*id))
                && self.keys.iter().all(|(op, than)| op.holds(id.num, *than))
        };
        let mut ids: Vec<EntityId> =
            shown.into_iter().flat_map(|(_, rows)| rows).filter(fits).map(|(id, _)| *id).collect();
        let ascending = self.ascending.unwrap_or(list == "accounts");
        if list == "accounts" && !dialect.whole_ids {
            ids.sort_by_key(|id| if ascending { (id.num, id.realm) } else { (-id.num, id.realm) });
        } else if !ascending {
            ids.reverse();
        }
        ids
    }
}
