//! Answers about the ledger, tips to approve and transactions taken in, told otherwise than they are.

use serde_json::{Value, json};
use tanglegram_ternary::{Address, Hash};

use super::{Exchange, stored};
use crate::api::NOT_SYNCHRONIZED;
use crate::mutant::{Mutant as M, Mutation};
use crate::node::Status;

/// Changes the answer.
pub(super) fn tell(mutant: M, exchange: &mut Exchange<'_>) {
    match mutant.home() {
        "getBalances" => balances(mutant, exchange),
        "getInclusionStates" => inclusion(mutant, exchange),
        "getTransactionsToApprove" => to_approve(mutant, exchange),
        "checkConsistency" => consistency(mutant, exchange),
        "wereAddressesSpentFrom" => spent(mutant, exchange),
        _ => taken_in(mutant, exchange),
    }
}

fn addresses(x: &Exchange<'_>) -> Vec<Address> {
    x.asked("addresses").iter().filter_map(|address| Hash::from_trytes(address.as_str()?).ok()).collect()
}

fn numbers(balances: &[Value]) -> Vec<i64> {
    balances.iter().filter_map(|balance| balance.as_str()?.parse().ok()).collect()
}

fn balances(mutant: M, x: &mut Exchange<'_>) {
    let addresses = addresses(x);
    match mutant {
        M::BalancesInconsistentTipsTaken if x.failure() == "Tips are not consistent" => {
            let without = x.ask(|fields| drop(fields.remove("tips")));
            x.answer(without);
            x.set("references", x.asked("tips").to_vec());
        }
        _ if !x.is_ok() => {}
        M::BalancesCreditsOnly => {
            let (_, base) = x.ask(|fields| drop(fields.remove("tips")));
            let (base, with) =
                (numbers(super::list(&base, "balances")), numbers(super::list(&x.body, "balances")));
            let most: Vec<String> =
                base.iter().zip(&with).map(|(base, with)| base.max(with).to_string()).collect();
            x.set("balances", most);
        }
        M::StaleBalances | M::GenesisBalances => {
            let ledger = &x.node.ledger;
            let first = x.node.config.genesis.index;
            let mut earlier = (first..ledger.index).rev().map(|index| ledger.balances_at(index));
            let old = match mutant {
                M::StaleBalances => earlier.find(|earlier| earlier != ledger.balances()),
                _ => Some(x.node.config.genesis.balances.clone()),
            };
            let Some(old) = old.filter(|_| !x.fields.contains_key("tips")) else { return };
            let told: Vec<String> =
                addresses.iter().map(|one| old.get(one).copied().unwrap_or(0).to_string()).collect();
            x.set("balances", told);
        }
        M::BalancesFundedOnly => x.list("balances", |list| list.retain(|balance| balance != "0")),
        M::BalancesEmptyText => x.list("balances", |list| {
            list.iter_mut().filter(|balance| **balance == "0").for_each(|balance| *balance = json!(""));
        }),
        M::BalancesAreNumbers => x.set("balances", numbers(super::list(&x.body, "balances"))),
        M::ReferencesAreMilestone => x.set("references", json!([x.node.ledger.milestone.to_string()])),
        M::BalancesIndexIsLatest => x.set("milestoneIndex", x.node.milestones.latest.0),
        M::BalancesIndexOffByOne => x.set("milestoneIndex", x.node.ledger.index - 1),
        M::NoReferences => drop(x.body.remove("references")),
        _ => {}
    }
}

fn states(x: &Exchange<'_>) -> Vec<bool> {
    super::list(&x.body, "states").iter().map(|state| *state == true).collect()
}

fn inclusion(mutant: M, x: &mut Exchange<'_>) {
    if mutant == M::InclusionParametersFirst && x.failure() == NOT_SYNCHRONIZED {
        let lax = x.ask_as(Mutation::only(M::InclusionUnsynchronized), x.fields.clone());
        if lax.0 != Status::Ok {
            x.answer(lax);
        }
    }
    if !x.is_ok() {
        return;
    }
    let transactions = x.asked("transactions").to_vec();
    let mut states = states(x);
    let is_stored = |hash: &Value| stored(x.node, hash).is_some();
    let each = |states: &mut Vec<bool>, holds: &dyn Fn(&Value) -> bool| {
        states.iter_mut().zip(&transactions).for_each(|(state, hash)| *state &= holds(hash));
    };
    match mutant {
        M::InclusionByEveryTip => {
            for tip in x.asked("tips").to_vec() {
                let (_, body) = x.ask(|fields| drop(fields.insert("tips".to_owned(), json!([tip]))));
                let by_tip = super::list(&body, "states").iter().map(|state| *state == true);
                states.iter_mut().zip(by_tip).for_each(|(state, by_tip)| *state &= by_tip);
            }
        }
        M::InclusionOfEverythingKnown => states = transactions.iter().map(is_stored).collect(),
        M::InclusionConfirmedOnly => {
            let confirmed = |hash: &Value| {
                stored(x.node, hash).is_some_and(|id| x.node.tangle.vertex(id).snapshot_index > 0)
            };
            each(&mut states, &confirmed);
        }
        M::InclusionNotOfTips => each(&mut states, &|hash| !x.asked("tips").contains(hash)),
        M::InclusionUnknownLeftOut => {
            let known = transactions.iter().zip(&states).filter(|(hash, _)| is_stored(hash));
            states = known.map(|(_, state)| *state).collect();
        }
        M::InclusionReversed => states.reverse(),
        M::InclusionStatesAreNumbers => {
            let numbers: Vec<u8> = states.iter().map(|state| u8::from(*state)).collect();
            return x.set("states", numbers);
        }
        _ => {}
    }
    x.set("states", states);
}

fn to_approve(mutant: M, x: &mut Exchange<'_>) {
    match mutant {
        M::DepthBeforeReference if !x.is_ok() => {
            let without = x.ask(|fields| drop(fields.remove("reference")));
            if without.0 != Status::Ok {
                x.answer(without);
            }
        }
        M::ReferenceIsBranch => {
            let Some(reference) =
                x.fields.get("reference").filter(|reference| reference.is_string()).cloned()
            else {
                return;
            };
            let without = x.ask(|fields| drop(fields.remove("reference")));
            x.answer(without);
            x.set("branchTransaction", reference);
        }
        M::ApproveNoTails if x.is_ok() => {
            let inner = x.node.transactions().find(|one| one.current_index() != 0);
            if let Some(inner) = inner {
                x.set("trunkTransaction", inner.hash().to_string());
            }
        }
        M::ApproveUnknown => x.set("branchTransaction", "A".repeat(81)),
        M::TrunkRenamed => x.rename("trunkTransaction", "trunk"),
        _ => {}
    }
}

fn consistency(mutant: M, x: &mut Exchange<'_>) {
    let text = x.failure().to_owned();
    let info = x.body.get("info").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (is_unknown, is_no_tail) = (text.contains("missing:"), text.contains("not a tail"));
    let says = |x: &mut Exchange<'_>, state: bool, info: &str| {
        x.status = Status::Ok;
        x.body = [
            ("state".to_owned(), json!(state)),
            ("info".to_owned(), json!(info)),
            ("duration".to_owned(), json!(0)),
        ]
        .into_iter()
        .collect();
    };
    match mutant {
        M::ConsistencyNoTailIsState if is_no_tail => says(x, false, &text),
        M::ConsistencyUnknownIsState if is_unknown => says(x, false, &text),
        _ if !x.is_ok() => {}
        M::ConsistencyTailsAlone => {
            let alone = |x: &mut Exchange<'_>, tail: Value| {
                x.ask(|fields| drop(fields.insert("tails".to_owned(), json!([tail])))).1["state"] == true
            };
            if x.asked("tails").to_vec().into_iter().all(|tail| alone(x, tail)) {
                says(x, true, "");
            }
        }
        M::ConsistencyAlways => says(x, true, ""),
        M::ConsistencyNever => says(x, false, "tails are not consistent"),
        M::ConsistencyBundlesUnchecked if info.contains("bundle is invalid") => says(x, true, ""),
        M::ConsistencySolidityUnchecked if info.contains("not solid") => says(x, true, ""),
        M::InconsistencyIsError if x.body["state"] == false => {
            x.body.retain(|name, _| name == "duration");
            x.fail(&info);
        }
        M::ConsistencyWithoutInfo => x.set("info", ""),
        M::ConsistencyStateIsText => x.as_text("state"),
        M::ConsistencyOfNothingFalse if x.asked("tails").is_empty() => says(x, false, "no tails"),
        _ => {}
    }
}

fn spent(mutant: M, x: &mut Exchange<'_>) {
    if !x.is_ok() {
        return;
    }
    let addresses = addresses(x);
    let mut states = states(x);
    let balances: Vec<i64> = addresses.iter().map(|address| x.node.ledger.balance(address)).collect();
    let touched = |address: &Address, pays: bool| {
        let all = x.node.transactions().filter(|one| one.address() == *address);
        all.filter(|one| !pays || (one.value() < 0 && x.node.confirmed_by(&one.hash()).is_some())).count() > 0
    };
    match mutant {
        M::SpentIfReceived => {
            states = addresses
                .iter()
                .zip(&balances)
                .map(|(one, balance)| *balance > 0 || touched(one, false))
                .collect();
        }
        M::SpentConfirmedOnly => states = addresses.iter().map(|address| touched(address, true)).collect(),
        M::SpentUnlessFunded => {
            states.iter_mut().zip(&balances).for_each(|(state, balance)| *state &= *balance == 0)
        }
        M::SpentIfEmpty => states = balances.iter().map(|balance| *balance == 0).collect(),
        M::SpentNever => states.fill(false),
        M::SpentAlways => states.fill(true),
        M::SpentReversed => states.reverse(),
        _ => {}
    }
    x.set("states", states);
}

fn taken_in(mutant: M, x: &mut Exchange<'_>) {
    match mutant {
        M::InterruptTellsState => drop(x.body.insert("interrupted".to_owned(), json!(true))),
        M::BroadcastTellsHashes => drop(x.body.insert("hashes".to_owned(), json!([]))),
        M::StoreThrows if !x.is_ok() => {
            x.rename("error", "exception");
            x.status = Status::Exception;
        }
        M::StorePartly if !x.is_ok() => {
            for trytes in x.asked("trytes").to_vec() {
                let (status, _) = x.ask(|fields| drop(fields.insert("trytes".to_owned(), json!([trytes]))));
                if status != Status::Ok {
                    return;
                }
            }
        }
        _ => {}
    }
}
