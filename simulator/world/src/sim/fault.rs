//! What can go wrong, and right again.

use tanglegram_tangle::Millis;

use super::behaviour::Behaviour;
use super::scenario::LinkModel;

/// A fault and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// Milliseconds from the start.
    pub at: Millis,
    /// What happens.
    pub fault: Fault,
}

/// Something that goes wrong, or right again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Messages pass only within each group; nodes that are in none form one more. Replaces an earlier partition.
    Partition(Vec<Vec<usize>>),
    /// Messages from the first nodes to the second are lost, but not the other way.
    OneWay(Vec<usize>, Vec<usize>),
    /// No message from or to this node passes.
    Isolate(usize),
    /// Partitions, one-way cuts and isolations end: all messages pass again.
    Heal,
    /// The node's process stops. What it had stored is on its disk.
    Crash(usize),
    /// The node's machine stops. What was stored since the disk's last sync (each second) is lost.
    PowerLoss(usize),
    /// A stopped node starts from what is on its disk.
    Restart(usize),
    /// The node does nothing until it is resumed; what arrives waits.
    Pause(usize),
    /// A paused node goes on.
    Resume(usize),
    /// Every message takes the node so many milliseconds; 0: none, as at the start.
    Slow(usize, Millis),
    /// The node's clock is so many milliseconds ahead (or, negative, behind); 0: it is right.
    Skew(usize, i64),
    /// The node's clock jumps by so many milliseconds from where it is.
    Jump(usize, i64),
    /// From now on messages travel like this on these links.
    Link(Scope, LinkModel),
    /// From now on one property of these links is different.
    Tweak(Scope, Tweak),
    /// These links are again as the scenario says.
    RestoreLinks(Scope),
    /// The coordinator issues no milestone until it is started again.
    StopCoordinator,
    /// The coordinator goes on: it issues milestones, and one of each index.
    StartCoordinator,
    /// The coordinator signs two milestones of each index and tells each to another half of its neighbours, until it is
    /// started again. From then on honest nodes need neither agree nor catch up: those two invariants are suspended.
    Equivocate,
    /// The node behaves like this from now on.
    Behave(usize, Behaviour),
    /// This becomes of the files of a Hedera node that the mirror node is to read, from now on.
    Files(usize, Files),
}

/// What becomes of the files that a Hedera node writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Files {
    /// They are sent to the store that mirror nodes read, those held back or spoiled before too.
    #[default]
    Sent,
    /// They are held back.
    Held,
    /// They get to the store with a flipped bit; their signatures do not.
    Spoiled,
}

impl Files {
    /// All of them.
    pub const ALL: [Files; 3] = [Files::Sent, Files::Held, Files::Spoiled];

    /// Its name in world files.
    pub fn name(self) -> &'static str {
        match self {
            Files::Sent => "sent",
            Files::Held => "held",
            Files::Spoiled => "spoiled",
        }
    }
}

/// Which links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// All from and to this node.
    Node(usize),
    /// Both ways between two nodes.
    Between(usize, usize),
    /// From the first node to the second.
    From(usize, usize),
}

/// One property of a link, as in [`LinkModel`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tweak {
    /// Milliseconds added to the latency.
    Delay(Millis),
    /// Up to so many milliseconds are added at random to each message.
    Jitter(Millis),
    /// Bytes per second; 0: no limit.
    Bandwidth(u64),
    /// The share of messages that are lost.
    Loss(f64),
    /// The share of messages that arrive twice.
    Duplication(f64),
    /// The share of messages with a flipped bit.
    Corruption(f64),
    /// Whether later messages may overtake earlier ones.
    Reordering(bool),
}

impl Tweak {
    /// Changes that property of a link.
    pub(crate) fn change(self, link: &mut LinkModel) {
        match self {
            Tweak::Delay(by) => link.latency = link.latency.start + by..link.latency.end + by,
            Tweak::Jitter(jitter) => link.jitter = jitter,
            Tweak::Bandwidth(bandwidth) => link.bandwidth = bandwidth,
            Tweak::Loss(share) => link.loss = share,
            Tweak::Duplication(share) => link.duplication = share,
            Tweak::Corruption(share) => link.corruption = share,
            Tweak::Reordering(may) => link.reordering = may,
        }
    }
}

impl Scope {
    /// The nodes it names.
    pub(crate) fn nodes(self) -> Vec<usize> {
        match self {
            Scope::All => Vec::new(),
            Scope::Node(node) => vec![node],
            Scope::Between(a, b) | Scope::From(a, b) => vec![a, b],
        }
    }

    /// Whether messages from one node to another are meant.
    pub(crate) fn covers(self, from: usize, to: usize) -> bool {
        match self {
            Scope::All => true,
            Scope::Node(node) => from == node || to == node,
            Scope::Between(a, b) => (from, to) == (a, b) || (from, to) == (b, a),
            Scope::From(a, b) => (from, to) == (a, b),
        }
    }

    fn renumbered(self, renumber: &impl Fn(usize) -> Option<usize>) -> Option<Scope> {
        Some(match self {
            Scope::All => Scope::All,
            Scope::Node(node) => Scope::Node(renumber(node)?),
            Scope::Between(a, b) => Scope::Between(renumber(a)?, renumber(b)?),
            Scope::From(a, b) => Scope::From(renumber(a)?, renumber(b)?),
        })
    }
}

impl Timed {
    /// The same with nodes numbered anew; `None` where it concerned only nodes that are gone.
    pub(crate) fn renumbered(&self, renumber: &impl Fn(usize) -> Option<usize>) -> Option<Timed> {
        Some(Timed { at: self.at, fault: self.fault.renumbered(renumber)? })
    }
}

impl Fault {
    /// The numbers of all nodes it names.
    pub fn nodes(&self) -> Vec<usize> {
        match self {
            Fault::Partition(groups) => groups.concat(),
            Fault::OneWay(from, to) => [from.as_slice(), to].concat(),
            Fault::Isolate(node)
            | Fault::Crash(node)
            | Fault::PowerLoss(node)
            | Fault::Restart(node)
            | Fault::Pause(node)
            | Fault::Resume(node)
            | Fault::Slow(node, _)
            | Fault::Skew(node, _)
            | Fault::Jump(node, _)
            | Fault::Behave(node, _)
            | Fault::Files(node, _) => vec![*node],
            Fault::Link(scope, _) | Fault::Tweak(scope, _) | Fault::RestoreLinks(scope) => scope.nodes(),
            Fault::Heal | Fault::StopCoordinator | Fault::StartCoordinator | Fault::Equivocate => Vec::new(),
        }
    }

    fn renumbered(&self, renumber: &impl Fn(usize) -> Option<usize>) -> Option<Fault> {
        let all = |nodes: &[usize]| nodes.iter().filter_map(|&node| renumber(node)).collect::<Vec<_>>();
        let some = |nodes: &[usize]| Some(all(nodes)).filter(|nodes| !nodes.is_empty());
        Some(match self {
            Fault::Partition(groups) => {
                Fault::Partition(groups.iter().filter_map(|group| some(group)).collect())
            }
            Fault::OneWay(from, to) => Fault::OneWay(some(from)?, some(to)?),
            Fault::Isolate(node) => Fault::Isolate(renumber(*node)?),
            Fault::Crash(node) => Fault::Crash(renumber(*node)?),
            Fault::PowerLoss(node) => Fault::PowerLoss(renumber(*node)?),
            Fault::Restart(node) => Fault::Restart(renumber(*node)?),
            Fault::Pause(node) => Fault::Pause(renumber(*node)?),
            Fault::Resume(node) => Fault::Resume(renumber(*node)?),
            Fault::Slow(node, cost) => Fault::Slow(renumber(*node)?, *cost),
            Fault::Skew(node, skew) => Fault::Skew(renumber(*node)?, *skew),
            Fault::Jump(node, by) => Fault::Jump(renumber(*node)?, *by),
            Fault::Behave(node, behaviour) => Fault::Behave(renumber(*node)?, behaviour.clone()),
            Fault::Files(node, files) => Fault::Files(renumber(*node)?, *files),
            Fault::Link(scope, model) => Fault::Link(scope.renumbered(renumber)?, model.clone()),
            Fault::Tweak(scope, tweak) => Fault::Tweak(scope.renumbered(renumber)?, *tweak),
            Fault::RestoreLinks(scope) => Fault::RestoreLinks(scope.renumbered(renumber)?),
            Fault::Heal | Fault::StopCoordinator | Fault::StartCoordinator | Fault::Equivocate => {
                self.clone()
            }
        })
    }
}
