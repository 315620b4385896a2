//! Several vectors under way at once, on one thread, each worker with a connection of its own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tanglegram_target::{Client, Endpoint, ExchangeError, Limits, MIRROR, World};
use tokio::time::{Instant, sleep};

use crate::execute::{Executed, execute};
use crate::preflight::{mirror_preflight, preflight};
use crate::prepare::Prepared;
use crate::verdict::{Outcome, Verdict};

/// Exchanges that may use up their whole time before the target is given up.
const TIMEOUTS: usize = 3;
/// Pause before a vector that failed is run again.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a run, and what went wrong on them.
#[derive(Debug)]
pub(crate) struct Crew {
    limits: Limits,
    clients: Vec<Client>,
    timeouts: Cell<usize>,
}

/// Vectors to be run and their outcomes, which are told in the order of the vectors.
struct Work<'w, 'l> {
    items: &'l [Prepared<'l>],
    endpoint: &'w Endpoint,
    limits: Limits,
    timeouts: &'w Cell<usize>,
    next: Cell<usize>,
    told: RefCell<Told<'w, 'l>>,
    /// Why the run cannot go on, if it cannot.
    gone: RefCell<Option<String>>,
}

/// Outcomes that wait for one before them.
struct Told<'w, 'l> {
    waiting: BTreeMap<usize, Outcome<'l>>,
    count: usize,
    observe: &'w mut dyn FnMut(Outcome<'l>),
}

impl Crew {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, clients: Vec::new(), timeouts: Cell::new(0) }
    }

    /// Runs vectors against a node, so many at once; an error if the run cannot go on.
    pub(crate) async fn work<'l>(
        &mut self,
        items: &'l [Prepared<'l>],
        endpoint: &Endpoint,
        jobs: usize,
        observe: &mut dyn FnMut(Outcome<'l>),
    ) -> Result<(), String> {
        // Those that are connected to the node already are kept.
        self.clients.retain(|client| client.endpoint() == endpoint);
        while self.clients.len() < jobs.clamp(1, items.len()) {
            self.clients.push(Client::new(endpoint.clone(), self.limits));
        }
        let told = RefCell::new(Told { waiting: BTreeMap::new(), count: 0, observe });
        let (next, gone) = (Cell::new(0), RefCell::new(None));
        let (limits, timeouts) = (self.limits, &self.timeouts);
        let work = Work { items, endpoint, limits, timeouts, next, told, gone };
        let workers = self.clients.iter_mut().take(jobs.max(1)).map(|client| work.worker(client));
        all(workers.map(|worker| Box::pin(worker) as _).collect()).await;
        work.gone.into_inner().map_or(Ok(()), Err)
    }
}

impl<'l> Work<'_, 'l> {
    /// Takes one vector after the other until there is none, or the target is gone.
    async fn worker(&self, client: &mut Client) {
        while self.gone.borrow().is_none() {
            let number = self.next.replace(self.next.get() + 1);
            let Some(item) = self.items.get(number) else { return };
            let started = Instant::now();
            let Executed { verdict, broken } = self.tries(item, client).await;
            let outcome = Outcome { vector: item.vector, verdict, elapsed: started.elapsed() };
            self.told.borrow_mut().tell(number, outcome);
            self.goes_on(item, broken.as_deref()).await;
        }
    }

    /// Runs a vector, and as long as it fails runs it again as often as it allows: from its first step on, with nothing
    /// captured, on a connection of its own.
    async fn tries(&self, item: &Prepared<'_>, client: &mut Client) -> Executed {
        let tries = u32::from(item.vector.retries) + 1;
        let (mut number, mut first) = (1, None);
        loop {
            let Executed { verdict, broken } = execute(item, client).await;
            let failure = match verdict {
                Verdict::Fail(failure) if number < tries => failure,
                last => return Executed { verdict: last.on_try(number, tries, first), broken },
            };
            if !self.goes_on(item, broken.as_deref()).await {
                return Executed { verdict: Verdict::Fail(failure), broken: None };
            }
            first.get_or_insert(failure);
            sleep(PAUSE).await;
            *client = Client::new(client.endpoint().clone(), client.limits());
            number += 1;
        }
    }

    /// Whether the run goes on after an exchange without reply, if there was one.
    async fn goes_on(&self, item: &Prepared<'_>, broken: Option<&ExchangeError>) -> bool {
        let Some(error) = broken else { return true };
        let Err(why) = self.still_there(item, error).await else { return true };
        self.gone.borrow_mut().get_or_insert(why);
        false
    }

    /// After an exchange without reply: does the target answer at all?
    async fn still_there(&self, item: &Prepared<'_>, error: &ExchangeError) -> Result<(), String> {
        // Behind faults, replies that never end are theirs.
        let counts = error.is_timeout() && self.endpoint.detour().is_none();
        self.timeouts.set(self.timeouts.get() + usize::from(counts));
        if self.timeouts.get() >= TIMEOUTS {
            return Err(format!("the target let {} requests run out of time", self.timeouts.get()));
        }
        // Past the faults that may lie before it.
        let endpoint = World::credited(&item.vector.world, self.endpoint).without_detour();
        let mut fresh = Client::new(endpoint, self.limits);
        let answer = if item.vector.api() == MIRROR {
            mirror_preflight(&mut fresh).await
        } else {
            preflight(&mut fresh).await.map(drop)
        };
        answer.map_err(|why| format!("the target stopped answering: {why}"))
    }
}

impl<'l> Told<'_, 'l> {
    fn tell(&mut self, number: usize, outcome: Outcome<'l>) {
        self.waiting.insert(number, outcome);
        while let Some(outcome) = self.waiting.remove(&self.count) {
            self.count += 1;
            (self.observe)(outcome);
        }
    }
}

/// What waits for a vector that was cut off is told all the same.
impl Drop for Told<'_, '_> {
    fn drop(&mut self) {
        for outcome in std::mem::take(&mut self.waiting).into_values() {
            (self.observe)(outcome);
        }
    }
}

/// Waits until all futures are done, which are under way at once.
async fn all(mut open: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    poll_fn(|context| {
        open.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
