//! The coordinator of a private net at work: a signed milestone every few seconds.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tanglegram_tangle::{Input, Millis, Node};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone::{self, IssueError};
use tanglegram_ternary::pow::{self, Control, PowError, Work};
use tanglegram_ternary::{Hash, Transaction};
use tokio::task::spawn_blocking;
use tokio::time::{self, MissedTickBehavior};

use crate::host::Host;
use crate::miner::Labour;
use crate::miner::mining_time;

/// Who issues milestones on a node, and how often.
#[derive(Clone)]
pub struct Milestones {
    /// The coordinator's keys: milestone `i` is signed by key `i`, so that the tree bounds how many there are.
    pub tree: Arc<KeyTree>,
    /// Time from one milestone to the next.
    pub interval: Duration,
    /// How many checkpoints may precede a milestone. Each is a message of the coordinator's that joins one more tip, so that a
    /// milestone confirms so many tips more than one.
    pub checkpoints: usize,
}

impl Milestones {
    /// Those of a world's coordinator.
    pub(crate) fn of(issuer: &tanglegram_world::Issuer) -> Milestones {
        let (tree, interval) = (Arc::clone(&issuer.tree), issuer.interval);
        Milestones { tree, interval, checkpoints: issuer.checkpoints }
    }
}

/// Issues milestones on one node.
pub(crate) struct Issuer {
    name: String,
    host: Rc<Host>,
    milestones: Milestones,
    labour: Labour,
    /// Stops the proof of work under way when the issuer is dropped.
    control: Arc<Control>,
}

/// Everything a milestone is made of but the keys.
struct Draft {
    index: u32,
    /// The milestone before.
    latest: Hash,
    /// What is to be confirmed, the oldest first, all of it consistent together.
    tips: Vec<Hash>,
    mwm: usize,
    /// Milliseconds since 1970.
    now: i64,
}

impl Issuer {
    /// The coordinator's work on the node of that name.
    pub(crate) fn new(name: String, host: Rc<Host>, milestones: Milestones, labour: Labour) -> Self {
        Self { name, host, milestones, labour, control: Arc::default() }
    }

    /// Issues milestones, one per interval, until the keys are used up or the task is aborted.
    pub(crate) async fn run(self) {
        let mut due = time::interval(self.milestones.interval);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        due.tick().await; // the first one is at once, and was issued already
        loop {
            due.tick().await;
            match self.issue().await {
                Ok(()) | Err(IssueError::Attach(_)) => {}
                Err(IssueError::NoKey { index }) => return self.tell_the_end(index),
                Err(error) => return eprintln!("{}: no more milestones: {error}", self.name),
            }
        }
    }

    /// Says that the keys are used up.
    pub(crate) fn tell_the_end(&self, index: u32) {
        eprintln!(
            "{}: the coordinator has no key for milestone {index}: it issues none any more, and nothing is confirmed from now on; \
             a coordinator of a larger depth lasts longer",
            self.name
        );
    }

    /// Issues the next milestone, unless the node still waits for the past of the latest one, or nobody wants any.
    pub(crate) async fn issue(&self) -> Result<(), IssueError<PowError>> {
        if !self.host.issues() {
            return Ok(());
        }
        let (most, now) = (self.milestones.checkpoints + 1, self.host.now());
        let Some(draft) = self.host.with_node(|node| next(node, now, most)) else { return Ok(()) };
        let Some(milestone) = self.finish(draft).await else { return Ok(()) };
        let transactions = milestone?.into_iter().map(Arc::new).collect();
        self.host.input(Input::Store { transactions });
        Ok(())
    }

    /// What becomes of a draft; nothing where whoever worked on it is gone.
    async fn finish(&self, draft: Draft) -> Option<Result<Vec<Transaction>, IssueError<PowError>>> {
        let (tree, control) = (Arc::clone(&self.milestones.tree), Arc::clone(&self.control));
        match self.labour {
            Labour::Threads => {
                let threads = thread::available_parallelism().map_or(1, usize::from);
                // A panic in there is a mistake in the program, told by the thread that panicked.
                spawn_blocking(move || draft.finish(&tree, &control, threads)).await.ok()
            }
            Labour::Virtual { hash_rate } => {
                let count = draft.tips.len().saturating_sub(1) + 1 + tree.security() as usize;
                time::sleep(mining_time(hash_rate, draft.mwm, count)).await;
                Some(draft.finish(&tree, &control, 1))
            }
        }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.control.cancel();
    }
}

/// What the next milestone of a node is, on at most so many tips; none while the latest one is not solid.
fn next(node: &mut Node, now: Millis, most: usize) -> Option<Draft> {
    let latest = node.latest_milestone_index();
    (latest == node.solid_milestone_index()).then_some(())?;
    let (latest_hash, tips) = node.oldest_tips(most);
    Some(Draft {
        index: u32::try_from(latest).ok()? + 1,
        latest: latest_hash,
        tips,
        mwm: node.config().required_weight() as usize,
        now: now.try_into().unwrap_or(i64::MAX),
    })
}

impl Draft {
    /// The checkpoints and the milestone, parents before children.
    fn finish(
        self,
        tree: &KeyTree,
        control: &Control,
        threads: usize,
    ) -> Result<Vec<Transaction>, IssueError<PowError>> {
        // Rather none than checkpoints without their milestone.
        tree.leaf(self.index).ok_or(IssueError::NoKey { index: self.index })?;
        let work = Work { mwm: self.mwm, timestamp: self.now, threads, control };
        let attach = |member, trunk: &Hash, branch: &Hash| pow::attach(member, trunk, branch, &work);
        let seconds = self.now / 1000;
        let (mut transactions, trunk) = milestone::checkpoints(&self.tips, &self.latest, seconds, attach)?;
        transactions.extend(milestone::issue(tree, self.index, seconds, (&trunk, &self.latest), attach)?);
        Ok(transactions)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tanglegram_ternary::{Tag, TransactionBuilder, bundle};
    use tanglegram_world::World;

    use super::*;

    /// What the clock shows in these tests.
    const NOW: Millis = 1_700_000_000_000;
    const WORLD: &str = "wallet: { seed: ALICE }\n\
        coordinator: { seed: COO, depth: 2, security: 1, mode: CURLP27 }\n\
        options: { mwm: 1 }\nnodes: { n0: {} }\n";

    fn net() -> (Node, Arc<KeyTree>) {
        let world = World::parse("net", WORLD, Path::new("")).unwrap();
        (world.nodes[0].start(1), world.coordinator.unwrap().tree)
    }

    fn store(node: &mut Node, transactions: Vec<Transaction>) -> Vec<Hash> {
        let hashes = transactions.iter().map(Transaction::hash).collect();
        let transactions = transactions.into_iter().map(Arc::new).collect();
        node.handle(NOW, Input::Store { transactions }, &mut Vec::new());
        hashes
    }

    /// A message with nothing but a tag and a time, in seconds.
    fn message(time: i64) -> TransactionBuilder {
        let (mut message, tag) = (TransactionBuilder::new(), Tag::from_trytes_padded("MESSAGE").unwrap());
        message.set_tag(&tag).set_obsolete_tag(&tag).set_timestamp(time).unwrap().set_indices(0, 0).unwrap();
        let bundle = bundle::hash([message.essence()]);
        message.set_bundle(&bundle);
        message
    }

    fn messages(count: usize) -> Vec<Transaction> {
        let work = Work { mwm: 1, timestamp: NOW as i64, threads: 1, control: &Control::new() };
        let attach = |number| {
            let message = message(work.timestamp / 1000 + number);
            pow::attach(message, &Hash::NULL, &Hash::NULL, &work).unwrap()
        };
        (0..count as i64).map(attach).collect()
    }

    fn issue(node: &mut Node, tree: &KeyTree, most: usize) -> Result<usize, IssueError<PowError>> {
        let transactions = next(node, NOW, most).unwrap().finish(tree, &Control::new(), 1)?;
        Ok(store(node, transactions).len())
    }

    #[test]
    fn checkpoints_let_a_milestone_confirm_many_tips() {
        let (mut node, tree) = net();
        assert_eq!(issue(&mut node, &tree, 1), Ok(2));
        let hashes = store(&mut node, messages(5));
        // Four tips need three checkpoints, besides the two transactions of the milestone.
        assert_eq!(issue(&mut node, &tree, 4), Ok(3 + 2));
        let confirmed =
            |node: &Node| hashes.iter().filter_map(|hash| node.confirmed_by(hash)).collect::<Vec<_>>();
        assert_eq!(confirmed(&node), [2; 4]);
        assert_eq!(issue(&mut node, &tree, 4), Ok(2));
        assert_eq!(confirmed(&node), [2, 2, 2, 2, 3]);
        assert_eq!(node.audit_tangle(), Ok(()));
    }

    #[test]
    fn without_a_key_there_are_no_checkpoints_either() {
        let (mut node, tree) = net();
        for index in 1..=3 {
            assert_eq!(issue(&mut node, &tree, 1), Ok(2), "{index}");
        }
        store(&mut node, messages(3));
        assert_eq!(issue(&mut node, &tree, 9), Err(IssueError::NoKey { index: 4 }));
    }
}
