//! Every check can fail: nodes that lie about one thing each are found out, and the truth is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanglegram_tangle::{Breach, Node, Step};
use tanglegram_ternary::{Address, Hash, Transaction, TransactionBuilder};

use super::{Checker, Invariant};
use crate::sim::outage::genesis;
use crate::sim::subject::Subject;
use crate::sim::{Scenario, Simulation, Trace, Workload};

/// A node that lies.
struct Liar<'a> {
    node: &'a Node,
    solid: (i32, Hash),
    latest: i32,
    balances: BTreeMap<Address, i64>,
    confirmed: BTreeMap<Hash, Option<i32>>,
    /// A transaction that only this one has, and the milestone whose tail it makes it.
    own: Option<(Arc<Transaction>, i32)>,
    audit: Result<(), Breach>,
}

impl Liar<'_> {
    /// One that tells the truth so far.
    fn of(node: &Node) -> Liar<'_> {
        Liar {
            node,
            solid: node.solid(),
            latest: node.latest(),
            balances: node.balances().clone(),
            confirmed: BTreeMap::new(),
            own: None,
            audit: Ok(()),
        }
    }
}

impl Subject for Liar<'_> {
    fn solid(&self) -> (i32, Hash) {
        self.solid
    }

    fn latest(&self) -> i32 {
        self.latest
    }

    fn milestone(&self, index: i32) -> Option<Hash> {
        let own = self.own.as_ref().filter(|(_, of)| *of == index).map(|(own, _)| own.hash());
        own.or_else(|| self.node.milestone(index))
    }

    fn balances(&self) -> &BTreeMap<Address, i64> {
        &self.balances
    }

    fn confirmed_by(&self, hash: &Hash) -> Option<i32> {
        self.confirmed.get(hash).copied().unwrap_or_else(|| self.node.confirmed_by(hash))
    }

    fn transaction(&self, hash: &Hash) -> Option<Arc<Transaction>> {
        let own = self.own.as_ref().filter(|(own, _)| own.hash() == *hash).map(|(own, _)| own.clone());
        own.or_else(|| self.node.transaction(hash))
    }

    fn is_bottom(&self, hash: &Hash) -> bool {
        self.node.is_entry_point(hash)
    }

    fn audit(&self) -> Result<(), Breach> {
        self.audit.clone()
    }
}

/// A node that confirmed payments, what it confirmed in order, and a checker that knows the genesis.
struct Case {
    simulation: Simulation,
    steps: Vec<(Hash, Step)>,
}

impl Case {
    fn new() -> Case {
        let workload = Workload { rate: 2.0, value_share: 1.0, ..Workload::default() };
        let mut simulation =
            Simulation::new(Scenario { workload, ..Scenario::default() }, 4, Trace::default()).unwrap();
        simulation.advance_to(65_000);
        let node = simulation.node(1).unwrap();
        let mut steps: Vec<(Hash, Step)> = node
            .transactions()
            .filter_map(|tx| Some((tx.hash(), Step::Confirmed(node.confirmed_by(&tx.hash())?))))
            .collect();
        steps.sort_by_key(|(_, step)| match step {
            Step::Confirmed(index) => *index,
            _ => 0,
        });
        Case { simulation, steps }
    }

    fn node(&self) -> &Node {
        self.simulation.node(1).unwrap()
    }

    fn checker(&self) -> Checker {
        let scenario = self.simulation.scenario();
        Checker::new(&scenario.nodes, 1, &genesis(scenario).balances)
    }

    /// What is found when this node has confirmed these steps, and later is looked at again.
    fn found(&self, subject: &impl Subject, steps: &[(Hash, Step)]) -> Vec<Invariant> {
        let mut checker = self.checker();
        checker.solidified(0, 1, subject, 1, steps);
        checker.violations.iter().map(|violation| violation.invariant).collect()
    }

    /// The confirmed tail of a payment, and the address it takes from.
    fn payment(&self) -> (Arc<Transaction>, Address) {
        let transactions = self.steps.iter().map(|(hash, _)| self.node().transaction(hash).unwrap());
        let input = transactions.clone().find(|tx| tx.value() < 0).expect("a payment was confirmed");
        let tail = transactions.clone().find(|tx| tx.is_tail() && tx.bundle() == input.bundle());
        (tail.expect("its tail too"), input.address())
    }
}

#[test]
fn the_truth_passes() {
    let case = Case::new();
    assert!(case.steps.len() > 100);
    assert_eq!(case.found(case.node(), &case.steps), []);
    assert_eq!(case.found(&Liar::of(case.node()), &case.steps), []);
}

#[test]
fn iotas_from_nowhere_are_noticed() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    *liar.balances.values_mut().next().unwrap() += 1;
    assert_eq!(case.found(&liar, &case.steps), [Invariant::Supply, Invariant::Ledger]);
}

#[test]
fn an_address_below_zero_is_noticed() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    let mut balances = liar.balances.values_mut();
    let (one, other) = (balances.next().unwrap(), balances.next().unwrap());
    *other += *one + 5;
    *one = -5;
    assert_eq!(case.found(&liar, &case.steps), [Invariant::Overspent, Invariant::Ledger]);
}

#[test]
fn funds_at_the_wrong_address_are_noticed() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    let mut balances = liar.balances.values_mut();
    *balances.next().unwrap() -= 1;
    *balances.next().unwrap() += 1;
    assert_eq!(case.found(&liar, &case.steps), [Invariant::Ledger]);
}

#[test]
fn funds_spent_twice_are_noticed() {
    let case = Case::new();
    let (tail, _) = case.payment();
    let mut steps = case.steps.clone();
    let Step::Confirmed(last) = steps.last().unwrap().1 else { panic!("only confirmations") };
    // The same payment once more, in the last milestone's past.
    steps.push((tail.hash(), Step::Confirmed(last)));
    let found = case.found(case.node(), &steps);
    assert!(found.contains(&Invariant::DoubleSpend), "{found:?}");
}

#[test]
fn what_is_confirmed_no_more_is_noticed() {
    let case = Case::new();
    let (tail, _) = case.payment();
    let mut checker = case.checker();
    checker.solidified(0, 1, case.node(), 1, &case.steps);
    let mut liar = Liar::of(case.node());
    liar.confirmed.insert(tail.hash(), None);
    checker.solidified(1, 1, &liar, 1, &[]);
    assert_eq!(checker.violations.len(), 1);
    assert_eq!(checker.violations[0].invariant, Invariant::Confirmation);
    checker.violations.clear();
    checker.finished(2, 1, &liar);
    assert_eq!(checker.violations[0].invariant, Invariant::Confirmation);
}

#[test]
fn a_parent_confirmed_later_is_noticed() {
    let case = Case::new();
    let (tail, _) = case.payment();
    let mut liar = Liar::of(case.node());
    liar.confirmed.insert(tail.trunk(), Some(1_000));
    let found = case.found(&liar, &case.steps);
    assert!(!found.is_empty() && found.iter().all(|found| *found == Invariant::Monotony), "{found:?}");
}

#[test]
fn a_loose_parent_is_noticed() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    liar.audit = Err(Breach::LooseParent { transaction: Hash::NULL, parent: Hash::NULL });
    let mut checker = case.checker();
    checker.finished(0, 1, &liar);
    assert_eq!(checker.violations[0].invariant, Invariant::Solidity);
}

#[test]
fn a_solid_milestone_above_the_latest_is_noticed() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    liar.latest = liar.solid.0 - 1;
    assert_eq!(case.found(&liar, &case.steps), [Invariant::Order]);
}

#[test]
fn a_milestone_that_goes_back_is_noticed() {
    let case = Case::new();
    let mut checker = case.checker();
    checker.solidified(7, 1, case.node(), 1_000, &case.steps);
    assert_eq!(checker.violations[0].invariant, Invariant::Finality);
    assert_eq!(checker.violations[0].at, 7);
    let told = checker.violations[0].to_string();
    assert!(told.starts_with("invariant `finality` violated at n1 after 7 ms: "), "{told}");
}

#[test]
fn a_ledger_unlike_the_others_is_noticed_unless_the_coordinator_is_to_blame() {
    let case = Case::new();
    let mut liar = Liar::of(case.node());
    let mut balances = liar.balances.values_mut();
    *balances.next().unwrap() -= 1;
    *balances.next().unwrap() += 1;
    let mut checker = case.checker();
    checker.solidified(0, 0, case.node(), 1, &case.steps);
    checker.solidified(1, 1, &liar, 1, &case.steps);
    assert_eq!(checker.violations.len(), 1);
    assert_eq!(checker.violations[0].invariant, Invariant::Agreement);
    checker.violations.clear();
    checker.divide();
    checker.solidified(2, 1, &liar, 1, &[]);
    assert_eq!(checker.violations, []);
}

#[test]
fn confirmation_by_another_milestone_is_noticed() {
    let case = Case::new();
    let mut checker = case.checker();
    checker.solidified(0, 0, case.node(), 1, &case.steps);
    let hash = case.payment().0.hash();
    checker.solidified(1, 1, &Liar::of(case.node()), 1, &[(hash, Step::Confirmed(9_999))]);
    assert!(checker.violations.iter().any(|found| found.invariant == Invariant::Agreement));
}

#[test]
fn what_carries_a_milestones_signature_may_be_remade_but_no_other_part_of_it() {
    let case = Case::new();
    let (index, tail) = case.node().solid();
    let siblings = case.node().transaction(&tail).unwrap().trunk();
    let found = |part: &Hash, is_tail: bool| {
        let mut remade =
            TransactionBuilder::from_trits(&case.node().transaction(part).unwrap().trits()).unwrap();
        let remade = Arc::new(remade.set_attachment_timestamp(1).unwrap().build());
        let hash = remade.hash();
        let mut liar = Liar::of(case.node());
        liar.own = Some((remade, if is_tail { index } else { -1 }));
        liar.solid = (index, if is_tail { hash } else { tail });
        // What the others have for it, a later milestone confirms here.
        let steps = case.steps.iter().map(|(old, step)| match step {
            _ if old != part => (*old, *step),
            _ => (*old, Step::Confirmed(index + 1)),
        });
        let steps: Vec<_> = steps.chain([(hash, Step::Confirmed(index))]).collect();
        let mut checker = case.checker();
        checker.solidified(0, 1, &liar, 1, &steps);
        checker.solidified(1, 0, case.node(), 1, &case.steps);
        checker.violations.iter().map(|violation| violation.invariant).collect::<Vec<_>>()
    };
    assert_eq!(found(&tail, true), []);
    assert_eq!(found(&siblings, false), [Invariant::Agreement]);
}

#[test]
fn a_disk_that_forgets_is_noticed() {
    let mut case = Case::new();
    case.simulation.apply(crate::sim::Fault::Crash(2)).unwrap();
    case.simulation.hosts[2].disk = tanglegram_tangle::Disk::default();
    case.simulation.apply(crate::sim::Fault::Restart(2)).unwrap();
    let violations = case.simulation.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].invariant, violations[0].node), (Invariant::Durability, 2));
}
