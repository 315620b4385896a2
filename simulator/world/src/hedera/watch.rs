//! The mirror node: members put their files into a store, with delays and losses, and the mirror node reads them there. What its
//! REST API shows is what the members agreed on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tanglegram_hashgraph::files::name;
use tanglegram_hashgraph::services::{Genesis, Handled, Ledger};
use tanglegram_hashgraph::streams::{StreamFile, Timetable, keys};
use tanglegram_hashgraph::{EntityId, Timestamp};
use tanglegram_mirror::ingest::{Event, Importer, Trust};
use tanglegram_mirror::{Dialect, Mirror, Request, Response, Store};
use tanglegram_tangle::Millis;

use super::check::Checker;
use super::client::member_account;
use crate::sim::{Files, Stream};

/// How long a file takes to get into the store at least, and how much longer it may.
const DELAY: (Millis, u64) = (50, 2_000);
/// The share of files that get lost on the way, so that the member sends them again, after so long.
const LOST: f64 = 0.1;
const AGAIN: Millis = 3_000;
/// How often in a row a file gets lost at most.
const MOST_LOST: usize = 5;
/// The longest page of the API.
const PAGE: usize = 1_000;

/// A file on its way to the store.
pub(crate) struct Upload {
    pub(crate) member: usize,
    pub(crate) file: StreamFile,
    /// Whether a bit of it flips on the way.
    spoiled: bool,
}

/// A mirror node, and the store it reads from.
pub(crate) struct Watcher {
    nodes: Vec<EntityId>,
    importer: Importer,
    mirror: Mirror,
    stream: Stream,
    /// Who put which file into the store: after a restart a member writes some again, the same.
    sent: BTreeSet<(usize, String)>,
    /// When what each member sent last is there: a member sends one file after the other.
    arrived: Vec<Millis>,
    /// What becomes of each member's files, and those that are to be sent, or sent again, once that changes.
    files: Vec<Files>,
    kept: Vec<Vec<StreamFile>>,
    imported: u64,
}

/// A transaction as the API shows it: what can be compared.
#[derive(Debug, PartialEq)]
struct Shown {
    time: String,
    id: String,
    node: String,
    result: String,
    fee: i64,
    /// By account, then by amount.
    transfers: Vec<(String, i64)>,
}

impl Watcher {
    pub(crate) fn new(members: usize, seed: u64) -> Watcher {
        let nodes: Vec<_> = (0..members).map(member_account).collect();
        Watcher {
            importer: Importer::new(0, Trust::SignedBy(keys::address_book(&nodes))),
            nodes,
            mirror: Mirror::new(Store::new(), Dialect::default()),
            stream: Stream::new(seed, "files on their way"),
            sent: BTreeSet::new(),
            arrived: vec![0; members],
            files: vec![Files::Sent; members],
            kept: vec![Vec::new(); members],
            imported: 0,
        }
    }

    /// A member has written a file: what is on its way to the store now, and when it is there.
    pub(crate) fn upload(
        &mut self,
        now: Millis,
        member: usize,
        file: StreamFile,
    ) -> Option<(Millis, Upload)> {
        if !self.sent.insert((member, file.name.clone())) {
            return None;
        }
        let files = self.files[member];
        if files != Files::Sent {
            self.kept[member].push(file.clone());
        }
        (files != Files::Held)
            .then(|| self.send(now, Upload { member, file, spoiled: files == Files::Spoiled }))
    }

    /// From now on this becomes of a member's files: what is on its way to the store now, and when it is there.
    pub(crate) fn change(&mut self, now: Millis, member: usize, files: Files) -> Vec<(Millis, Upload)> {
        self.files[member] = files;
        let ready = if files == Files::Sent { std::mem::take(&mut self.kept[member]) } else { Vec::new() };
        ready.into_iter().map(|file| self.send(now, Upload { member, file, spoiled: false })).collect()
    }

    /// Sends a file off: when it is there.
    fn send(&mut self, now: Millis, upload: Upload) -> (Millis, Upload) {
        let losses = (0..MOST_LOST).take_while(|_| self.stream.unit() < LOST).count();
        let delay = DELAY.0 + self.stream.below(DELAY.1) + losses as Millis * AGAIN;
        let arrived = &mut self.arrived[upload.member];
        *arrived = (*arrived).max(now + delay);
        (*arrived, upload)
    }

    /// A file and its signature are in the store: what the mirror node takes in now, and what it does not.
    pub(crate) fn stored(&mut self, upload: Upload) -> Vec<Event> {
        let Upload { member, file, spoiled } = upload;
        // What the mirror node has already needs no further signature.
        if self.has(&file.name) {
            return Vec::new();
        }
        let signature = keys::of(member as u16).map(|key| file.sign(key)).unwrap_or_default();
        let mut bytes = file.bytes.to_vec();
        if let Some(last) = bytes.last_mut().filter(|_| spoiled) {
            *last ^= 1;
        }
        self.importer.offer(self.nodes[member], &file.signature_name(), signature);
        self.importer.offer(self.nodes[member], &file.name, bytes);
        let events = self.importer.advance(&mut self.mirror.store);
        self.imported += events.iter().filter(|event| matches!(event, Event::Imported { .. })).count() as u64;
        events
    }

    /// How many files the mirror node took in.
    pub(crate) fn imported(&self) -> u64 {
        self.imported
    }

    /// Whether the mirror node took this file in.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.importer.is_imported(name)
    }

    /// Compares what the API shows of a file that was just taken in with what the members agreed on: what is wrong.
    pub(crate) fn compare(
        &self,
        name: &str,
        checker: &Checker,
        genesis: &Genesis,
        timetable: Timetable,
    ) -> Option<String> {
        let time = name::time(name)?;
        match name::classify(name)?.0 {
            name::Kind::Records => {
                let end = timetable.end_of_records(time);
                let agreed = checker.results(time..end).filter_map(|handled| agreed(handled)).collect();
                self.compare_transactions(time, end, agreed)
            }
            name::Kind::Balances => self.compare_balances(time, &balances(checker, genesis, time)),
        }
    }

    fn compare_transactions(&self, from: i64, to: i64, agreed: Vec<Shown>) -> Option<String> {
        let (from, to) = (Timestamp(from), Timestamp(to));
        let query = format!("timestamp=gte:{from}&timestamp=lt:{to}&order=asc&limit={PAGE}");
        let shown = self.get(&format!("/api/v1/transactions?{query}"));
        let shown: Vec<Shown> =
            shown["transactions"].as_array().into_iter().flatten().map(shown_of).collect();
        let wrong = (0..agreed.len().min(PAGE).max(shown.len()))
            .find(|&place| agreed.get(place) != shown.get(place))?;
        Some(format!("the mirror node shows {:?}, agreed on is {:?}", shown.get(wrong), agreed.get(wrong)))
    }

    fn compare_balances(&self, time: i64, agreed: &BTreeMap<String, i64>) -> Option<String> {
        let time = Timestamp(time);
        let shown = self.get(&format!("/api/v1/balances?timestamp={time}&order=asc&limit={PAGE}"));
        if shown["timestamp"] != time.to_string() {
            return Some(format!(
                "the mirror node shows the balances of {}, not of {time}",
                shown["timestamp"]
            ));
        }
        let rows = shown["balances"].as_array().into_iter().flatten();
        let wrong = |row: &Value| {
            let (account, balance) = (text(&row["account"]), row["balance"].as_i64());
            (agreed.get(&account).copied() != balance).then(|| {
                format!(
                    "at {time} {account} has {balance:?} at the mirror node, not {:?}",
                    agreed.get(&account)
                )
            })
        };
        rows.clone().find_map(wrong).or_else(|| {
            let (shown, agreed) = (rows.count(), agreed.len().min(PAGE));
            (shown != agreed)
                .then(|| format!("at {time} the mirror node shows {shown} accounts, not {agreed}"))
        })
    }

    /// What the mirror node's API answers.
    pub(crate) fn rest(&self, request: &Request) -> Response {
        self.mirror.handle(request)
    }

    /// The JSON that the API answers with; `null` where it does not.
    fn get(&self, target: &str) -> Value {
        let response = self.rest(&Request::get(target));
        serde_json::from_slice(&response.body).unwrap_or_default()
    }
}

/// What the API is to show; nothing of what moved nothing.
fn agreed(handled: &Handled) -> Option<Shown> {
    let mut transfers: Vec<_> =
        amounts(handled).map(|(account, amount)| (account.to_string(), amount)).collect();
    transfers.sort();
    (!transfers.is_empty()).then(|| Shown {
        time: Timestamp(handled.consensus).to_string(),
        id: handled.id.to_string(),
        node: handled.node.to_string(),
        result: format!("{:?}", handled.result),
        fee: handled.record.transaction_fee.cast_signed(),
        transfers,
    })
}

fn amounts(handled: &Handled) -> impl Iterator<Item = (EntityId, i64)> {
    let amounts = handled.record.transfer_list.iter().flat_map(|list| &list.amounts);
    amounts.filter_map(|amount| {
        amount.account.map(|id| (EntityId::new(id.shard, id.realm, id.num), amount.amount))
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn shown_of(row: &Value) -> Shown {
    let transfers = row["transfers"].as_array().into_iter().flatten();
    let transfer = |row: &Value| (text(&row["account"]), row["amount"].as_i64().unwrap_or_default());
    let mut transfers: Vec<_> = transfers.map(transfer).collect();
    transfers.sort();
    Shown {
        time: text(&row["consensus_timestamp"]),
        id: text(&row["transaction_id"]),
        node: text(&row["node"]),
        result: text(&row["result"]),
        fee: row["charged_tx_fee"].as_i64().unwrap_or_default(),
        transfers,
    }
}

/// The balances at a time: what the transfers agreed on make of the genesis.
fn balances(checker: &Checker, genesis: &Genesis, time: i64) -> BTreeMap<String, i64> {
    let ledger = Ledger::new(genesis);
    let mut balances: BTreeMap<EntityId, i64> =
        ledger.accounts().iter().map(|(id, account)| (id, account.balance)).collect();
    for (account, amount) in checker.results(..=time).flat_map(|handled| amounts(handled)) {
        *balances.entry(account).or_default() += amount;
    }
    balances.into_iter().map(|(account, balance)| (account.to_string(), balance)).collect()
}
