//! The coordinator of a private net at work: a signed milestone every few seconds.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tanglegram_tangle::{Input, Node};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone::{self, IssueError};
use tanglegram_ternary::pow::{self, Control, PowError, Work};
use tanglegram_ternary::{Hash, Transaction};
use tokio::task::spawn_blocking;
use tokio::time::{self, MissedTickBehavior};

use crate::clock;
use crate::host::Host;

/// Who issues milestones on a node, and how often.
#[derive(Clone)]
pub struct Milestones {
    /// The coordinator's keys: milestone `i` is signed by key `i`, so that the tree bounds how many there are.
    pub tree: Arc<KeyTree>,
    /// Time from one milestone to the next.
    pub interval: Duration,
}

/// Issues milestones on one node.
pub(crate) struct Issuer {
    host: Rc<Host>,
    milestones: Milestones,
    /// Stops the proof of work under way when the issuer is dropped.
    control: Arc<Control>,
}

/// Everything a milestone is made of but the keys.
struct Draft {
    index: u32,
    parents: (Hash, Hash),
    mwm: usize,
    /// Milliseconds since 1970.
    now: i64,
}

impl Issuer {
    pub(crate) fn new(host: Rc<Host>, milestones: Milestones) -> Self {
        Self { host, milestones, control: Arc::default() }
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
                Err(error) => return tracing::warn!(%error, "no more milestones"),
            }
        }
    }

    /// Issues the next milestone, unless the node still waits for the past of the latest one.
    pub(crate) async fn issue(&self) -> Result<(), IssueError<PowError>> {
        let Some(draft) = self.host.with_node(next) else { return Ok(()) };
        let (tree, control) = (Arc::clone(&self.milestones.tree), Arc::clone(&self.control));
        // A panic in there is a mistake in the program, told by the thread that panicked; there is no milestone then.
        let Ok(milestone) = spawn_blocking(move || draft.finish(&tree, &control)).await else {
            return Ok(());
        };
        let transactions = milestone?.into_iter().map(Arc::new).collect();
        self.host.input(Input::Store { transactions });
        Ok(())
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.control.cancel();
    }
}

/// What the next milestone of a node is; none while the latest one is not solid.
fn next(node: &mut Node) -> Option<Draft> {
    let latest = node.latest_milestone_index();
    (latest == node.solid_milestone_index()).then_some(())?;
    Some(Draft {
        index: u32::try_from(latest).ok()? + 1,
        parents: node.milestone_parents_by_age(),
        mwm: node.config().required_weight() as usize,
        now: clock::now().try_into().unwrap_or(i64::MAX),
    })
}

impl Draft {
    fn finish(self, tree: &KeyTree, control: &Control) -> Result<Vec<Transaction>, IssueError<PowError>> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let work = Work { mwm: self.mwm, timestamp: self.now, threads, control };
        let (trunk, branch) = &self.parents;
        milestone::issue(tree, self.index, self.now / 1000, (trunk, branch), |member, trunk, branch| {
            pow::attach(member, trunk, branch, &work)
        })
    }
}
