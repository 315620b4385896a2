//! Answers that are told otherwise than they are: of all commands, of neighbours, of the node, of transactions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tanglegram_ternary::{Hash, Tag, Transaction};

use super::{Exchange, command, stored, tell_ledger};
use crate::config::ApiLimits;
use crate::mutant::Mutant as M;
use crate::node::Status;
use crate::store::TxId;

/// The parameters of findTransactions.
const KEYS: [&str; 4] = ["bundles", "addresses", "tags", "approvees"];

/// Changes the answer.
pub(super) fn tell(mutant: M, exchange: &mut Exchange<'_>) {
    match mutant.home() {
        "envelope" => envelope(mutant, exchange),
        "limits" => limits(mutant, exchange),
        "addNeighbors" | "removeNeighbors" | "getNeighbors" => neighbors(mutant, exchange),
        "getNodeInfo" => node_info(mutant, exchange),
        "getNodeAPIConfiguration" => configuration(mutant, exchange),
        "getTips" | "getMissingTransactions" => hashes(mutant, exchange),
        "getTrytes" => trytes(mutant, exchange),
        "findTransactions" => found(mutant, exchange),
        _ => tell_ledger::tell(mutant, exchange),
    }
}

/// What is the same for every command.
pub(super) fn envelope(mutant: M, x: &mut Exchange<'_>) {
    let text = x.failure().to_owned();
    match mutant {
        M::NoCommandIsUnknown if text.starts_with("COMMAND parameter") => x.fail("Command [null] is unknown"),
        M::UnknownCommandIsFine if text.ends_with("] is unknown") => x.status = Status::Ok,
        M::UnknownCommandIsException if text.ends_with("] is unknown") => {
            x.rename("error", "exception");
            x.status = Status::Exception;
        }
        M::BadJsonIsException if text.starts_with("Invalid JSON") => {
            x.rename("error", "exception");
            x.status = Status::Exception;
        }
        M::ErrorsAreFine => x.status = Status::Ok,
        M::ErrorsSayNothing => x.body.retain(|name, _| name != "error" && name != "exception"),
        M::ErrorsAreMessages => {
            x.rename("error", "message");
            x.rename("exception", "message");
        }
        M::ExceptionsAreErrors if x.status == Status::Exception => {
            x.rename("exception", "error");
            x.status = Status::BadRequest;
        }
        M::NoDuration => drop(x.body.remove("duration")),
        M::ErrorsHaveNoDuration if !x.is_ok() => drop(x.body.remove("duration")),
        M::DurationIsText => x.as_text("duration"),
        M::LimitedCommandUnknown if x.status == Status::Unauthorized => {
            let text = format!("Command [{}] is unknown", command(&x.fields));
            x.fail(&text);
        }
        _ => {}
    }
}

fn limits(mutant: M, x: &mut Exchange<'_>) {
    let asked = command(&x.fields).to_owned();
    let is_over = x.failure().ends_with("Could not complete request");
    match mutant {
        M::ListLimitAfterElements if is_over => {
            let limit = std::mem::replace(&mut x.node.config.limits.max_requests_list, usize::MAX);
            let unlimited = x.ask(|_| ());
            x.node.config.limits.max_requests_list = limit;
            if unlimited.0 == Status::Exception {
                x.answer(unlimited);
            }
        }
        M::FindCutToLimit if is_over && asked == "findTransactions" => {
            let most = std::mem::replace(&mut x.node.config.limits.max_find_transactions, usize::MAX);
            let unlimited = x.ask(|_| ());
            x.node.config.limits.max_find_transactions = most;
            x.answer(unlimited);
            x.list("hashes", |hashes| hashes.truncate(most));
        }
        M::FindLimitBeforeIntersection if asked == "findTransactions" => {
            for key in KEYS.into_iter().filter(|key| x.fields.contains_key(*key)).collect::<Vec<_>>() {
                let alone =
                    x.ask(|fields| fields.retain(|name, _| name == key || !KEYS.contains(&name.as_str())));
                if alone.0 == Status::BadRequest {
                    return x.answer(alone);
                }
            }
        }
        M::BodyLimitExclusive | M::BodyLimitInBytes | M::BodyLimitIgnored => {
            x.set("maxBodyLength", x.node.config.limits.max_body_length);
        }
        M::DefaultLimitsTold => {
            let limits = ApiLimits::default();
            x.set("maxFindTransactions", limits.max_find_transactions);
            x.set("maxRequestsList", limits.max_requests_list);
            x.set("maxGetTrytes", limits.max_get_trytes);
            x.set("maxBodyLength", limits.max_body_length);
        }
        _ => {}
    }
}

fn neighbors(mutant: M, x: &mut Exchange<'_>) {
    let uris = x.asked("uris").len();
    let each = |x: &mut Exchange<'_>, change: &dyn Fn(&mut Value)| {
        x.list("neighbors", |neighbors| neighbors.iter_mut().for_each(change));
    };
    match mutant {
        M::EveryUriAdded => x.set("addedNeighbors", uris),
        M::BadUriRefused if x.is_ok() && x.body["addedNeighbors"] != uris => x.fail("Invalid uris input"),
        M::AddedIsText => x.as_text("addedNeighbors"),
        M::EveryUriRemoved => x.set("removedNeighbors", uris),
        M::RemovedCalledAdded => x.rename("removedNeighbors", "addedNeighbors"),
        M::OnlyConnectedShown => x.list("neighbors", |all| all.retain(|one| one["connected"] == true)),
        M::NeighborWithoutPort => each(x, &|one| {
            let address = one["address"].as_str().and_then(|address| address.rsplit_once(':'));
            one["address"] = json!(address.map_or("", |(host, _)| host));
        }),
        M::NeighborAddressIsDomain => each(x, &|one| one["address"] = one["domain"].clone()),
        M::NeighborIsUdp => each(x, &|one| one["connectionType"] = json!("udp")),
        M::EveryoneConnected => each(x, &|one| one["connected"] = json!(true)),
        M::NoStaleCount => each(x, &|one| {
            if let Some(one) = one.as_object_mut() {
                one.remove("numberOfStaleTransactions");
            }
        }),
        M::CountersAreTexts => each(x, &|one| {
            let fields = one.as_object_mut().into_iter().flatten();
            fields
                .filter(|(_, value)| value.is_number())
                .for_each(|(_, value)| *value = json!(value.to_string()));
        }),
        _ => {}
    }
}

fn node_info(mutant: M, x: &mut Exchange<'_>) {
    let copy = |x: &mut Exchange<'_>, from: &str, to: &str| {
        for ending in ["", "Index"] {
            let value = x.body[&format!("{from}{ending}")].clone();
            x.set(&format!("{to}{ending}"), value);
        }
    };
    match mutant {
        M::SolidIsLatest => copy(x, "latestMilestone", "latestSolidSubtangleMilestone"),
        M::LatestIsSolid => copy(x, "latestSolidSubtangleMilestone", "latestMilestone"),
        M::LatestIndexOffByOne => {
            let index = x.node.milestones.latest.0 + 1;
            x.set("latestMilestoneIndex", index);
        }
        M::LatestHashIsFirst => x.set("latestMilestone", Hash::NULL.to_string()),
        M::TimeInSeconds => x.set("time", x.now / 1000),
        M::TipsAreTransactions => x.set("tips", x.node.transaction_count()),
        M::TipsNotCounted => x.set("tips", 0),
        M::RequestsNotCounted => x.set("transactionsToRequest", 0),
        M::AllNeighborsCounted => x.set("neighbors", x.node.network.list().map_or(0, |all| all.len())),
        M::StartIndexOfConfig => x.set("milestoneStartIndex", x.node.config.genesis.index),
        M::NoFeatures => drop(x.body.remove("features")),
        M::NoCoordinator => drop(x.body.remove("coordinatorAddress")),
        M::VersionIsNumber => x.set("appVersion", 1.8),
        M::MainnetName => x.set("appName", "IRI"),
        _ => {}
    }
}

fn configuration(mutant: M, x: &mut Exchange<'_>) {
    match mutant {
        M::NoListLimitTold => drop(x.body.remove("maxRequestsList")),
        M::LimitsAreTexts => {
            for name in ["maxFindTransactions", "maxRequestsList", "maxGetTrytes", "maxBodyLength"] {
                x.as_text(name);
            }
        }
        M::TestNetIsNumber => x.set("testNet", 1),
        M::LimitsNested => {
            let limits = std::mem::take(&mut x.body);
            x.body = [("duration".to_owned(), json!(0)), ("limits".to_owned(), Value::from(limits))]
                .into_iter()
                .collect();
        }
        _ => {}
    }
}

fn transaction<'n>(x: &'n Exchange<'_>, hash: &Value) -> Option<&'n Transaction> {
    x.node.tangle.transaction(stored(x.node, hash)?)
}

fn hashes(mutant: M, x: &mut Exchange<'_>) {
    let mut told: Vec<Value> = x.body.get("hashes").and_then(Value::as_array).cloned().unwrap_or_default();
    let vertex = |hash: &Value| stored(x.node, hash).map(|id| x.node.tangle.vertex(id));
    match mutant {
        M::SolidTipsOnly => told.retain(|tip| vertex(tip).is_some_and(|vertex| vertex.solid)),
        M::EveryTransactionIsTip => {
            told = x.node.transactions().map(|one| json!(one.hash().to_string())).collect()
        }
        M::OneTipMissing => drop(told.pop()),
        M::OneTipTwice => told.extend(told.first().cloned()),
        M::UnconfirmedTipsOnly => {
            told.retain(|tip| vertex(tip).is_some_and(|vertex| vertex.snapshot_index == 0))
        }
        M::TipsAreBundles => {
            let bundle = |tip: &Value| Some(json!(transaction(x, tip)?.bundle().to_string()));
            told = told.iter().filter_map(bundle).collect();
        }
        M::NothingMissing => told.clear(),
        M::EveryParentMissing => {
            let parents = x.node.transactions().flat_map(|one| [one.trunk(), one.branch()]);
            let unknown = |hash: &Hash| x.node.tangle.stored(hash).is_none() && !x.node.is_entry_point(hash);
            let unknown: BTreeSet<String> = parents.filter(unknown).map(|hash| hash.to_string()).collect();
            told = unknown.into_iter().map(Value::from).collect();
        }
        M::MissingRenamed => return x.rename("hashes", "missing"),
        _ => {}
    }
    x.set("hashes", told);
}

fn trytes(mutant: M, x: &mut Exchange<'_>) {
    let is_unknown =
        |trytes: &Value| trytes.as_str().is_some_and(|trytes| trytes.bytes().all(|tryte| tryte == b'9'));
    let known = |trytes: &Value| Transaction::from_trytes(trytes.as_str()?).ok();
    x.list("trytes", |list| match mutant {
        M::UnknownTrytesLeftOut => list.retain(|trytes| !is_unknown(trytes)),
        M::TrytesReversed => list.reverse(),
        _ => list.iter_mut().for_each(|trytes| match mutant {
            M::UnknownTrytesNull if is_unknown(trytes) => *trytes = Value::Null,
            M::UnknownTrytesEmpty if is_unknown(trytes) => *trytes = json!(""),
            M::TrytesWithoutNonce => *trytes = json!(trytes.as_str().and_then(|text| text.get(..2646))),
            M::TrytesAreHashes => {
                *trytes = known(trytes).map_or(Value::Null, |one| json!(one.hash().to_string()))
            }
            _ => {}
        }),
    });
}

/// Every key with which something was to be found, alone.
fn single_keys(x: &Exchange<'_>) -> Vec<(&'static str, Value)> {
    KEYS.into_iter().flat_map(|key| x.asked(key).iter().map(move |value| (key, value.clone()))).collect()
}

fn find(x: &mut Exchange<'_>, key: &str, values: Vec<Value>) -> Vec<Value> {
    let (_, body) = x.ask(|fields| {
        fields.retain(|name, _| !KEYS.contains(&name.as_str()));
        fields.insert(key.to_owned(), values.into());
    });
    super::list(&body, "hashes").to_vec()
}

fn found(mutant: M, x: &mut Exchange<'_>) {
    let is_without = KEYS.iter().all(|key| !x.fields.contains_key(*key));
    let has_null =
        KEYS.iter().any(|key| x.asked(key).iter().any(|one| *one == json!(Hash::NULL.to_string())));
    match mutant {
        M::FindWithoutParameters if is_without => {
            x.answer((
                Status::Ok,
                [("hashes".to_owned(), json!([])), ("duration".to_owned(), json!(0))].into_iter().collect(),
            ));
        }
        M::FindNullTaken if has_null => {
            x.answer((
                Status::Ok,
                [("hashes".to_owned(), json!([])), ("duration".to_owned(), json!(0))].into_iter().collect(),
            ));
        }
        _ if !x.is_ok() => {}
        M::FindIsUnion | M::FindTwice => {
            let keys = single_keys(x);
            let mut all: Vec<Value> =
                keys.into_iter().flat_map(|(key, value)| find(x, key, vec![value])).collect();
            if mutant == M::FindIsUnion {
                let mut seen = BTreeSet::new();
                all.retain(|hash| seen.insert(hash.to_string()));
            } else {
                let right = x.asked_hashes();
                all.retain(|hash| right.contains(hash));
            }
            x.set("hashes", all);
        }
        M::FindKeysIntersected => {
            for (key, value) in single_keys(x) {
                let found = find(x, key, vec![value]);
                x.list("hashes", |hashes| hashes.retain(|hash| found.contains(hash)));
            }
        }
        M::FindIndirectApprovers if x.fields.contains_key("approvees") => {
            let found = x.asked_hashes();
            let more = find(x, "approvees", found);
            x.list("hashes", |hashes| hashes.extend(more));
        }
        M::FindOneMissing => x.list("hashes", |hashes| drop(hashes.pop())),
        M::FindTagPrefixes | M::FindBothTags => by_tag(mutant, x),
        _ => keep_found(mutant, x),
    }
}

/// Adds what has such tags, where only tags were asked for.
fn by_tag(mutant: M, x: &mut Exchange<'_>) {
    let tags: Vec<String> = x.asked("tags").iter().filter_map(|tag| Some(tag.as_str()?.to_owned())).collect();
    if tags.is_empty() || KEYS.iter().any(|key| *key != "tags" && x.fields.contains_key(*key)) {
        return;
    }
    let fits = |one: &Transaction| match mutant {
        M::FindTagPrefixes => tags.iter().any(|tag| one.tag().to_string().starts_with(tag)),
        _ => tags.iter().any(|tag| Tag::from_trytes_padded(tag).is_ok_and(|tag| tag == one.obsolete_tag())),
    };
    let mut found = x.asked_hashes();
    let fitting = x.node.transactions().filter(|one| fits(one)).map(|one| json!(one.hash().to_string()));
    let more: Vec<Value> = fitting.filter(|hash| !found.contains(hash)).collect();
    found.extend(more);
    x.set("hashes", found);
}

/// Leaves out some of what was found.
fn keep_found(mutant: M, x: &mut Exchange<'_>) {
    let approvees = x.asked("approvees").to_vec();
    let tags = x.asked("tags").to_vec();
    let has_tag = |one: &Transaction| {
        tags.iter().any(|tag| {
            one.tag().to_string().trim_end_matches('9')
                == tag.as_str().unwrap_or_default().trim_end_matches('9')
        })
    };
    let approves = |parent: Hash| approvees.contains(&json!(parent.to_string()));
    let is_kept = |one: &Transaction, id: TxId| match mutant {
        M::FindTrunksOnly if !approvees.is_empty() => approves(one.trunk()),
        M::FindBranchesOnly if !approvees.is_empty() => approves(one.branch()),
        M::FindNoObsoleteTags if !tags.is_empty() => has_tag(one),
        M::FindTailsOnly => x.node.tangle.is_tail(id),
        M::FindConfirmedOnly => x.node.tangle.vertex(id).snapshot_index > 0,
        _ => true,
    };
    let mut found = x.asked_hashes();
    found.retain(|hash| {
        let id = stored(x.node, hash);
        id.is_some_and(|id| x.node.tangle.transaction(id).is_some_and(|one| is_kept(one, id)))
    });
    x.set("hashes", found);
}

impl Exchange<'_> {
    /// The hashes that the answer has.
    fn asked_hashes(&self) -> Vec<Value> {
        super::list(&self.body, "hashes").to_vec()
    }
}
