//! The page itself.

use askama::Template;
use tanglegram_world::show_time;

use super::dag::Dag;
use super::film::{Look, Standing};

const STYLE: &str = include_str!("../../../templates/report.css");
const SIM_STYLE: &str = include_str!("../../../templates/sim.css");

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

/// A line of what there is to say about a run: name and value.
pub type Fact = (String, String);

/// A run as it is drawn.
#[derive(Debug)]
pub struct Picture {
    names: Vec<String>,
    looks: Vec<Look>,
    dag: Option<Dag>,
}

/// Something that happened at a time: its number in the picture, when, and what.
#[derive(Debug, Clone)]
struct Marked {
    number: usize,
    x: u64,
    at: String,
    what: String,
}

/// Something found wrong, with its place in the picture.
#[derive(Debug, Clone)]
struct Wrong {
    x: u64,
    y: Option<usize>,
    at: String,
    what: String,
}

/// A node's row.
struct Row {
    name: String,
    y: usize,
    strips: Vec<Strip>,
    ticks: Vec<Tick>,
    last: String,
}

/// A time in which a node is equally far behind.
struct Strip {
    class: &'static str,
    x: u64,
    width: u64,
    words: String,
}

/// A node's solid milestone rises.
struct Tick {
    x: u64,
    index: i32,
}

#[derive(Template)]
#[template(path = "sim.html")]
struct Page<'p> {
    title: String,
    tool: &'static str,
    style: &'static str,
    sim_style: &'static str,
    facts: &'p [Fact],
    dag: Option<&'p Dag>,
    rows: Vec<Row>,
    hidden: usize,
    height: usize,
    axis: Vec<(u64, String)>,
    faults: Vec<Marked>,
    labels: Vec<(u64, String)>,
    wrong: Vec<Wrong>,
}

impl Picture {
    pub(super) fn new(names: Vec<String>, looks: Vec<Look>, dag: Option<Dag>) -> Self {
        Self { names, looks, dag }
    }

    /// The page: with these facts, with faults as time and text, with violations as time, number of the node and text.
    ///
    /// # Errors
    /// In one sentence why there is none.
    pub fn render(
        &self,
        title: &str,
        facts: &[Fact],
        faults: &[(u64, String)],
        violations: &[(u64, usize, String)],
    ) -> Result<String, String> {
        let faults = faults.iter().enumerate().map(|(number, (at, what))| Marked {
            number: number + 1,
            x: self.x(*at),
            at: show_time(*at),
            what: what.clone(),
        });
        let wrong = violations.iter().map(|(at, node, what)| Wrong {
            x: self.x(*at),
            y: Some(TOP + node * ROW + ROW / 2).filter(|_| *node < ROWS),
            at: show_time(*at),
            what: what.clone(),
        });
        let rows: Vec<Row> = (0..self.names.len().min(ROWS)).map(|number| self.row(number)).collect();
        let faults: Vec<Marked> = faults.collect();
        let page = Page {
            title: title.to_owned(),
            tool: concat!("tanglegram ", env!("CARGO_PKG_VERSION")),
            style: STYLE,
            sim_style: SIM_STYLE,
            facts,
            dag: self.dag.as_ref(),
            hidden: self.names.len() - rows.len(),
            height: TOP + rows.len() * ROW + 34,
            rows,
            axis: self.axis(),
            labels: labels(&faults),
            faults,
            wrong: wrong.collect(),
        };
        page.render().map_err(|error| error.to_string())
    }

    fn end(&self) -> u64 {
        self.looks.last().map_or(1, |look| look.at).max(1)
    }

    fn x(&self, at: u64) -> u64 {
        LEFT + at.min(self.end()) * WIDTH / self.end()
    }

    /// A handful of round times.
    fn axis(&self) -> Vec<(u64, String)> {
        let steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400];
        let end = self.end() / 1000;
        let step = steps.into_iter().find(|step| end / step <= 10).unwrap_or(end / 10 + 1);
        let times = (0..=end / step).map(|number| number * step * 1000);
        times.map(|at| (self.x(at), show_time(at))).collect()
    }

    fn row(&self, number: usize) -> Row {
        let mut strips: Vec<Strip> = Vec::new();
        let mut ticks = Vec::new();
        let mut former = None;
        for pair in self.looks.windows(2) {
            let (look, next) = (&pair[0], &pair[1]);
            let (x, to) = (self.x(look.at), self.x(next.at));
            let (class, words) = standing(look, number);
            match strips.last_mut() {
                Some(last) if last.words == words => last.width = to - last.x,
                _ => strips.push(Strip { class, x, width: to - x, words }),
            }
            if let Standing::Solid(index) = look.nodes[number] {
                if former.is_some_and(|former| index > former) {
                    ticks.push(Tick { x, index });
                }
                former = Some(index);
            }
        }
        let last = match self.looks.last().map(|look| look.nodes[number]) {
            Some(Standing::Solid(index)) => index.to_string(),
            _ => "down".to_owned(),
        };
        Row { name: self.names[number].clone(), y: TOP + number * ROW, strips, ticks, last }
    }
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
fn standing(look: &Look, number: usize) -> (&'static str, String) {
    let Standing::Solid(index) = look.nodes[number] else {
        return ("down", "down or paused".to_owned());
    };
    let behind = i64::from(look.issued) - i64::from(index);
    match behind {
        ..=1 => ("level", "in step".to_owned()),
        2..=3 => ("late", format!("{behind} milestones behind")),
        _ => ("behind", format!("{behind} milestones behind")),
    }
}
