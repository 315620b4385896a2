//! A row of time for each node: how far behind it was, and when faults happened.

use tanglegram_world::show_time;

/// Most nodes that have a row of their own.
const ROWS: usize = 60;
/// Pixels: left of the rows, of the rows, and of one row.
const LEFT: u64 = 90;
const WIDTH: u64 = 860;
const ROW: usize = 22;
/// Pixels that the numbers of two faults need.
const NEAR: u64 = 16;
/// Pixels above the rows, for the numbers of faults.
const TOP: usize = 30;
/// Steps of the axis, in seconds.
const STEPS: [u64; 17] =
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/// What is agreed on step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    /// Milestones become solid.
    Tangle,
    /// Rounds are decided.
    Hashgraph,
}

impl Ledger {
    /// What a step is called.
    pub(super) fn step(self) -> &'static str {
        match self {
            Ledger::Tangle => "milestone",
            Ledger::Hashgraph => "round",
        }
    }

    /// How far behind a node is that counts as in step, and one that counts as late.
    fn slack(self) -> (u64, u64) {
        match self {
            Ledger::Tangle => (1, 3),
            // Rounds take less than a second.
            Ledger::Hashgraph => (3, 10),
        }
    }
}

/// Everybody at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// Virtual milliseconds.
    pub(super) at: u64,
    /// The last milestone issued, or round that anybody decided.
    pub(super) newest: u64,
    /// Each node's solid milestone, or decided round; none of one that does not run, or does nothing.
    pub(super) nodes: Vec<Option<u64>>,
}

/// What happened to a network.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// Faults: when, and what.
    pub faults: Vec<(u64, String)>,
    /// Violations: when, the number of the node, and what.
    pub violations: Vec<(u64, usize, String)>,
}

/// A fault: its number in the picture, when, and what.
pub(super) struct Marked {
    pub(super) number: usize,
    pub(super) x: u64,
    pub(super) at: String,
    pub(super) what: String,
}

/// Something found wrong, with its place in the picture.
pub(super) struct Wrong {
    pub(super) x: u64,
    pub(super) y: Option<usize>,
    pub(super) at: String,
    pub(super) what: String,
}

/// A node's row.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) y: usize,
    pub(super) strips: Vec<Strip>,
    pub(super) ticks: Vec<Tick>,
    pub(super) last: String,
}

/// A time in which a node is equally far behind.
pub(super) struct Strip {
    pub(super) class: &'static str,
    pub(super) x: u64,
    pub(super) width: u64,
    pub(super) words: String,
}

/// A node gets further.
pub(super) struct Tick {
    pub(super) x: u64,
    pub(super) index: u64,
}

/// The whole picture.
pub(super) struct Timeline {
    pub(super) rows: Vec<Row>,
    /// Nodes without a row.
    pub(super) hidden: usize,
    pub(super) height: usize,
    pub(super) axis: Vec<(u64, String)>,
    pub(super) faults: Vec<Marked>,
    pub(super) labels: Vec<(u64, String)>,
    pub(super) wrong: Vec<Wrong>,
}

impl Timeline {
    pub(super) fn new(ledger: Ledger, names: &[String], looks: &[Look], happened: &Happened) -> Self {
        let scale = Scale { end: looks.last().map_or(1, |look| look.at).max(1) };
        let rows: Vec<Row> = names
            .iter()
            .take(ROWS)
            .enumerate()
            .map(|(number, name)| row(ledger, name, number, looks, &scale))
            .collect();
        let faults = happened.faults.iter().enumerate().map(|(number, (at, what))| Marked {
            number: number + 1,
            x: scale.x(*at),
            at: show_time(*at),
            what: what.clone(),
        });
        let wrong = happened.violations.iter().map(|(at, node, what)| Wrong {
            x: scale.x(*at),
            y: Some(TOP + node * ROW + ROW / 2).filter(|_| *node < ROWS),
            at: show_time(*at),
            what: what.clone(),
        });
        let faults: Vec<Marked> = faults.collect();
        Self {
            hidden: names.len() - rows.len(),
            height: TOP + rows.len() * ROW + 34,
            rows,
            axis: scale.axis(),
            labels: labels(&faults),
            faults,
            wrong: wrong.collect(),
        }
    }
}

/// Virtual milliseconds as pixels.
struct Scale {
    end: u64,
}

impl Scale {
    fn x(&self, at: u64) -> u64 {
        LEFT + at.min(self.end) * WIDTH / self.end
    }

    /// A handful of round times.
    fn axis(&self) -> Vec<(u64, String)> {
        let end = self.end / 1000;
        let step = STEPS.into_iter().find(|step| end / step <= 10).unwrap_or(end / 10 + 1);
        let times = (0..=end / step).map(|number| number * step * 1000);
        times.map(|at| (self.x(at), show_time(at))).collect()
    }
}

fn row(ledger: Ledger, name: &str, number: usize, looks: &[Look], scale: &Scale) -> Row {
    let mut strips: Vec<Strip> = Vec::new();
    let mut ticks = Vec::new();
    let mut former = None;
    for pair in looks.windows(2) {
        let (look, next) = (&pair[0], &pair[1]);
        let (x, to) = (scale.x(look.at), scale.x(next.at));
        let (class, words) = standing(ledger, look, number);
        match strips.last_mut() {
            Some(last) if last.words == words => last.width = to - last.x,
            _ => strips.push(Strip { class, x, width: to - x, words }),
        }
        if let Some(index) = look.nodes[number] {
            if former.is_some_and(|former| index > former) {
                ticks.push(Tick { x, index });
            }
            former = Some(index);
        }
    }
    let last = looks.last().and_then(|look| look.nodes[number]);
    let last = last.map_or("down".to_owned(), |index| index.to_string());
    Row { name: name.to_owned(), y: TOP + number * ROW, strips, ticks, last }
}

/// The numbers of faults above their lines; those that are close together stand together.
fn labels(faults: &[Marked]) -> Vec<(u64, String)> {
    let mut labels: Vec<(u64, String)> = Vec::new();
    for fault in faults {
        match labels.last_mut() {
            Some((x, numbers)) if fault.x.saturating_sub(*x) < NEAR => {
                numbers.push_str(&format!(", {}", fault.number));
            }
            _ => labels.push((fault.x, fault.number.to_string())),
        }
    }
    labels
}

/// How far behind a node is at a look, as a class and in words.
fn standing(ledger: Ledger, look: &Look, number: usize) -> (&'static str, String) {
    let Some(index) = look.nodes[number] else { return ("down", "down or paused".to_owned()) };
    let behind = look.newest.saturating_sub(index);
    let (level, late) = ledger.slack();
    if behind <= level {
        return ("level", "in step".to_owned());
    }
    (if behind <= late { "late" } else { "behind" }, format!("{behind} {}s behind", ledger.step()))
}
