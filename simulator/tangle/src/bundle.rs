//! Lazy bundle validation: a bundle is judged when somebody first needs to know, and the verdict is kept on its tail.

use tanglegram_ternary::{Transaction, bundle};

use crate::SUPPLY;
use crate::store::{Tangle, TxId};

/// What is known of the bundle that starts at a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Verdict {
    /// Not judged yet, or incomplete when it was.
    #[default]
    Unchecked,
    Valid,
    Invalid,
}

/// Which rules a bundle has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Indices, sum, bundle hash and signatures: what a milestone needs to move funds.
    Base,
    /// Also that it approves nothing but tails and its members share their branch: asked of tips and milestones.
    Extra,
}

/// The members, in index order, of the bundle that starts at `tail`; `None` if it is not valid or not complete.
///
/// An earlier verdict is final: a bundle found valid under the base rules stays so under the extra ones, and an invalid one
/// stays invalid under the base rules, as in the real node.
pub(crate) fn validate(tangle: &mut Tangle, tail: TxId, rules: Rules) -> Option<Vec<TxId>> {
    let (verdict, members) = judge(tangle, tail, rules);
    if verdict != Verdict::Unchecked && tangle.is_stored(tail) {
        tangle.set_verdict(tail, verdict);
    }
    (verdict == Verdict::Valid).then_some(members)
}

fn judge(tangle: &Tangle, tail: TxId, rules: Rules) -> (Verdict, Vec<TxId>) {
    let known = tangle.vertex(tail).verdict;
    if !tangle.is_tail(tail) {
        // Not a bundle's start: that says nothing about the bundle it may be part of.
        return (Verdict::Unchecked, Vec::new());
    }
    if known == Verdict::Invalid {
        return (Verdict::Invalid, Vec::new());
    }
    let members = match collect(tangle, tail) {
        Ok(members) => members,
        Err(verdict) => return (verdict, Vec::new()),
    };
    let valid = known == Verdict::Valid || keeps(tangle, &members, rules);
    (if valid { Verdict::Valid } else { Verdict::Invalid }, members)
}

/// Follows the trunks through the members and checks what each says of itself, in the order the real node does: a fault
/// before a gap is invalid, a gap before a fault leaves the bundle open.
fn collect(tangle: &Tangle, tail: TxId) -> Result<Vec<TxId>, Verdict> {
    let start = tangle.transaction(tail).ok_or(Verdict::Unchecked)?;
    if start.last_index() < 0 {
        return Err(Verdict::Invalid);
    }
    let (mut members, mut sum, mut id) = (Vec::new(), 0_i64, tail);
    for index in 0..=start.last_index() {
        let member =
            tangle.transaction(id).filter(|tx| continues(tx, start, index)).ok_or(Verdict::Unchecked)?;
        members.push(id);
        sum += member.value();
        let consistent = member.current_index() == index && member.last_index() == start.last_index();
        let spendable = member.value() == 0 || member.address().last_trit() == 0;
        if !consistent || sum.abs() > SUPPLY || !spendable {
            return Err(Verdict::Invalid);
        }
        id = tangle.vertex(id).trunk;
    }
    if sum == 0 { Ok(members) } else { Err(Verdict::Invalid) }
}

/// Whether the walk along the trunks still is in the bundle.
fn continues(member: &Transaction, start: &Transaction, index: i64) -> bool {
    index == 0 || (member.bundle() == start.bundle() && member.current_index() != 0)
}

fn keeps(tangle: &Tangle, members: &[TxId], rules: Rules) -> bool {
    (rules == Rules::Base || keeps_extra(tangle, members))
        && tangle.verdict_or(members[0], || keeps_base(tangle, members))
}

/// Bundle hash and signatures: a function of the members alone.
fn keeps_base(tangle: &Tangle, members: &[TxId]) -> bool {
    let transactions: Vec<&Transaction> = members.iter().filter_map(|&id| tangle.transaction(id)).collect();
    let hash = bundle::hash(transactions.iter().map(|tx| tx.essence()));
    transactions.iter().all(|tx| tx.bundle() == hash) && bundle::verify_signatures(&transactions)
}

fn keeps_extra(tangle: &Tangle, members: &[TxId]) -> bool {
    let Some((&head, others)) = members.split_last() else { return false };
    let head = tangle.vertex(head);
    tangle.current_index(head.trunk) == 0
        && tangle.current_index(head.branch) == 0
        && others.iter().all(|&id| tangle.vertex(id).branch == head.trunk)
}
