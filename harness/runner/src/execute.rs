//! Running one vector: its exchanges in order, and the verdict.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tanglegram_target::{Client, ExchangeError, Limits, Reply, Request};
use tanglegram_vector::{Context, Scope, Step, Walk};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::pages::Pages;
use crate::prepare::{self, Prepared};
use crate::transcript;
use crate::verdict::{self, Failure, Verdict};

/// Pause before the second attempt of a step that may take a while to hold, then twice as long each, up to the most.
const SOON: Duration = Duration::from_millis(5);
const RETRY: Duration = Duration::from_millis(50);
/// Vectors with this tag may take longer, and how many times as long as others.
const SLOW: &str = "slow";
const PATIENCE: u32 = 4;

/// What running a vector showed, beside the verdict.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) verdict: Verdict,
    /// The exchange that gave no reply, if one did not: then the target may be gone.
    pub(crate) broken: Option<Arc<ExchangeError>>,
}

/// Why a vector's run stopped early.
enum Stop {
    Failed { failure: Box<Failure>, broken: Option<ExchangeError> },
    Skip(String),
}

/// Runs a vector against a node.
pub(crate) async fn execute(item: &Prepared<'_>, client: &mut Client) -> Executed {
    let usual = client.limits();
    if item.vector.tags.iter().any(|tag| tag == SLOW) {
        client.set_limits(Limits { exchange: usual.exchange * PATIENCE, ..usual });
    }
    let executed = Run::new(item, client, BTreeMap::new()).whole().await;
    client.set_limits(usual);
    executed
}

struct Run<'r, 'v> {
    item: &'r Prepared<'v>,
    client: &'r mut Client,
    captured: BTreeMap<String, Value>,
    /// The first reply that came only when it was asked for a second time.
    lost: Option<Lost>,
}

/// A reply that never came on a connection that was kept, but did on a new one.
struct Lost {
    failure: Box<Failure>,
    error: Arc<ExchangeError>,
}

impl<'r, 'v> Run<'r, 'v> {
    fn new(item: &'r Prepared<'v>, client: &'r mut Client, captured: BTreeMap<String, Value>) -> Self {
        Self { item, client, captured, lost: None }
    }

    /// Runs all steps, one after the other.
    async fn whole(mut self) -> Executed {
        let item = self.item;
        for (index, step) in item.vector.steps.iter().enumerate() {
            let ready = item.requests[index].as_ref();
            match self.step(step, index + 1, ready, None).await {
                Ok(()) => {}
                Err(Stop::Skip(reason)) => return Executed { verdict: Verdict::Skip(reason), broken: None },
                Err(Stop::Failed { mut failure, broken }) => {
                    failure.redact(self.client.endpoint());
                    return Executed { verdict: Verdict::Fail(failure), broken: broken.map(Arc::new) };
                }
            }
        }
        let Some(Lost { mut failure, error }) = self.lost else {
            return Executed { verdict: Verdict::Pass, broken: None };
        };
        failure.redact(self.client.endpoint());
        let reason = "the reply came when it was asked for again, on a new connection".to_owned();
        Executed { verdict: Verdict::Flaky(failure, reason), broken: Some(error) }
    }
}

impl Run<'_, '_> {
    /// Runs a step, with one value after the other until it holds if there are some to try.
    ///
    /// Its wait counts from `started`, or from now.
    async fn step(
        &mut self,
        step: &Step,
        number: usize,
        ready: Option<&Request>,
        started: Option<Instant>,
    ) -> Result<(), Stop> {
        if let Some(after) = step.after {
            sleep_until(started.unwrap_or_else(Instant::now) + after).await;
        }
        let Some(trying) = &step.trying else { return self.until_it_holds(step, number, ready).await };
        let mut values = trying.values.iter().peekable();
        while let Some(value) = values.next() {
            self.captured.insert(trying.name.clone(), value.clone());
            match self.until_it_holds(step, number, None).await {
                Err(Stop::Failed { broken: None, .. } | Stop::Skip(_)) if values.peek().is_some() => {}
                result => return result,
            }
        }
        Ok(())
    }

    /// Runs a step; again and again, if it may take a while.
    async fn until_it_holds(
        &mut self,
        step: &Step,
        number: usize,
        ready: Option<&Request>,
    ) -> Result<(), Stop> {
        let made;
        let request = match ready {
            Some(request) => request,
            None => {
                made = self.request(step, number)?;
                &made
            }
        };
        let deadline = step.within.map(|within| Instant::now() + within);
        let mut pause = SOON;
        loop {
            let result = self.once(step, number, request).await;
            let again = deadline.is_some_and(|deadline| Instant::now() + pause < deadline);
            match result {
                Err(Stop::Failed { broken: None, .. }) if again => sleep(pause).await,
                result => return result,
            }
            pause = RETRY.min(pause * 2);
        }
    }

    fn request(&self, step: &Step, number: usize) -> Result<Request, Stop> {
        let scope = Scope { world: &self.item.names, captured: &self.captured };
        prepare::request(step, self.item.authorize(), &scope).map_err(|error| {
            let failure = self.failure(step, number, Some(error.to_string()), String::new());
            Stop::Failed { failure, broken: None }
        })
    }

    async fn once(&mut self, step: &Step, number: usize, request: &Request) -> Result<(), Stop> {
        let result = if step.during.is_empty() {
            exchange(self.client, request, step.nonloopback).await
        } else {
            let mut other = Client::new(self.client.endpoint().clone(), self.client.limits());
            let answered = Notify::new();
            let call = async {
                let result = exchange(self.client, request, step.nonloopback).await;
                answered.notify_one();
                result
            };
            let aside = aside(self.item, &step.during, &mut other, &self.captured, &answered);
            let (result, inner) = tokio::join!(call, aside);
            let mut inner = inner.map_err(|stop| stop.inside_of(number))?;
            self.captured.append(&mut inner.captured);
            self.lost = self.lost.take().or(inner.lost);
            result
        };
        let reply = self.heard(step, number, request, result)?;
        self.judge(step, number, request, &reply)?;
        self.capture(step, number, request, &reply)?;
        match &step.walk {
            Some(walk) => self.walk(walk, step, number, request, reply).await,
            None => Ok(()),
        }
    }

    /// Follows the links to the next pages to the end: each page is held to what the step expects, and no row may come
    /// twice.
    async fn walk(
        &mut self,
        walk: &Walk,
        step: &Step,
        number: usize,
        request: &Request,
        reply: Reply,
    ) -> Result<(), Stop> {
        let (mut request, mut reply) = (request.clone(), reply);
        let pages = Pages::new(walk, &Scope { world: &self.item.names, captured: &self.captured });
        let mut pages = pages.map_err(|error| self.bad_walk(step, number, &request, &reply, error))?;
        loop {
            let next = match pages.add(&reply) {
                Ok(next) => next,
                Err(error) => return Err(self.bad_walk(step, number, &request, &reply, error)),
            };
            let Some(next) = next else { return Ok(()) };
            request = prepare::get(&next, self.item.authorize())
                .map_err(|error| self.bad_walk(step, number, &request, &reply, error.to_string()))?;
            let result = self.client.exchange(&request).await;
            reply = self.heard(step, number, &request, result)?;
            self.judge(step, number, &request, &reply)?;
        }
    }

    fn bad_walk(&self, step: &Step, number: usize, request: &Request, reply: &Reply, error: String) -> Stop {
        let transcript = self.transcript(request, Some(reply));
        let mut failure = self.failure(step, number, Some(error), transcript);
        failure.reply = Some(reply.clone());
        Stop::Failed { failure, broken: None }
    }

    fn judge(&self, step: &Step, number: usize, request: &Request, reply: &Reply) -> Result<(), Stop> {
        let scope = Scope { world: &self.item.names, captured: &self.captured };
        let context =
            Context { scope, transaction_hash: tanglegram_target::transaction_hash, now_ms: now_ms() };
        let differences = verdict::judge(&step.expect, reply, &context);
        if differences.is_empty() {
            return Ok(());
        }
        if let Some(reason) = &step.given {
            return Err(Stop::Skip(reason.clone()));
        }
        let mut failure = self.failure(step, number, None, self.transcript(request, Some(reply)));
        failure.differences = differences.into_vec();
        failure.reply = Some(reply.clone());
        Err(Stop::Failed { failure, broken: None })
    }

    fn capture(&mut self, step: &Step, number: usize, request: &Request, reply: &Reply) -> Result<(), Stop> {
        for capture in &step.captures {
            let Some(value) = verdict::capture(capture, reply) else {
                if let Some(reason) = &step.lacking {
                    return Err(Stop::Skip(reason.clone()));
                }
                let error = format!("nothing to capture at /{}", capture.pointer.join("/"));
                let transcript = self.transcript(request, Some(reply));
                let mut failure = self.failure(step, number, Some(error), transcript);
                failure.reply = Some(reply.clone());
                return Err(Stop::Failed { failure, broken: None });
            };
            self.captured.insert(capture.name.clone(), value);
        }
        Ok(())
    }

    /// The reply, if one came; that it had to be asked for twice is kept in mind.
    fn heard(
        &mut self,
        step: &Step,
        number: usize,
        request: &Request,
        result: Result<Reply, ExchangeError>,
    ) -> Result<Reply, Stop> {
        let without = |error: &ExchangeError| {
            self.failure(step, number, Some(error.to_string()), self.transcript(request, None))
        };
        match result {
            Ok(reply) => {
                if let (Some(error), None) = (&reply.lost, &self.lost) {
                    self.lost = Some(Lost { failure: without(error), error: Arc::clone(error) });
                }
                Ok(reply)
            }
            Err(error @ (ExchangeError::NoOtherAddress | ExchangeError::NotRecorded)) => {
                Err(Stop::Skip(error.to_string()))
            }
            Err(error) => Err(Stop::Failed { failure: without(&error), broken: Some(error) }),
        }
    }

    fn transcript(&self, request: &Request, reply: Option<&Reply>) -> String {
        let sent = transcript::sent(self.client.endpoint(), request);
        reply.map_or(sent.clone(), |reply| sent + &transcript::came(reply))
    }

    fn failure(&self, step: &Step, number: usize, error: Option<String>, transcript: String) -> Box<Failure> {
        let place = self.item.vector.place_of(step.span);
        Box::new(Failure { step: number, place, error, transcript, ..Failure::default() })
    }
}

impl Stop {
    /// The same, told as part of the step it happened in.
    fn inside_of(self, number: usize) -> Self {
        match self {
            Self::Failed { mut failure, broken } => {
                failure.step = number;
                Self::Failed { failure, broken }
            }
            skip => skip,
        }
    }
}

async fn exchange(client: &mut Client, request: &Request, outside: bool) -> Result<Reply, ExchangeError> {
    if outside { client.exchange_from_outside(request).await } else { client.exchange(request).await }
}

/// What is left of steps that went on while another call was under way.
struct Aside {
    captured: BTreeMap<String, Value>,
    lost: Option<Lost>,
}

/// Runs the steps that go on while another call is under way; their waits count from now, its start. The last may be
/// run again until that call is `answered`.
fn aside<'a>(
    item: &'a Prepared<'_>,
    steps: &'a [Step],
    client: &'a mut Client,
    captured: &'a BTreeMap<String, Value>,
    answered: &'a Notify,
) -> Pin<Box<dyn Future<Output = Result<Aside, Stop>> + 'a>> {
    let started = Some(Instant::now());
    Box::pin(async move {
        let mut run = Run::new(item, client, captured.clone());
        for (index, step) in steps.iter().enumerate() {
            run.step(step, index + 1, None, started).await?;
            let Some(again) = step.again else { continue };
            while timeout(again.max(RETRY), answered.notified()).await.is_err() {
                run.step(step, index + 1, None, started).await?;
            }
        }
        Ok(Aside { captured: run.captured, lost: run.lost })
    })
}

/// Now, in milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "the clock of the one who asks, to judge a node's timestamps")]
pub(crate) fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
