//! The page itself.

use askama::Template;

use super::graph::Graph;
use super::timeline::{Happened, Ledger, Look, Timeline};

const STYLE: &str = include_str!("../../../templates/report.css");
const SIM_STYLE: &str = include_str!("../../../templates/sim.css");

/// A line of what there is to say about a run: name and value.
pub type Fact = (String, String);

/// A run as it is drawn.
#[derive(Debug)]
pub struct Picture {
    pub(super) parts: Vec<Part>,
}

/// One of its networks.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) ledger: Ledger,
    pub(super) names: Vec<String>,
    pub(super) looks: Vec<Look>,
    pub(super) graph: Option<Graph>,
}

/// A network as the template takes it.
struct Shown<'p> {
    is_tangle: bool,
    step: &'static str,
    time: Timeline,
    graph: Option<&'p Graph>,
}

#[derive(Template)]
#[template(path = "sim.html")]
struct Page<'p> {
    title: String,
    tool: &'static str,
    style: &'static str,
    sim_style: &'static str,
    facts: &'p [Fact],
    wrong: usize,
    parts: Vec<Shown<'p>>,
}

impl Picture {
    /// The page: with these facts, and what happened to each network, that of the tangle first.
    ///
    /// # Errors
    /// In one sentence why there is none.
    pub fn render(&self, title: &str, facts: &[Fact], happened: &[Happened]) -> Result<String, String> {
        let none = Happened::default();
        let parts = self.parts.iter().enumerate().map(|(place, part)| Shown {
            is_tangle: part.ledger == Ledger::Tangle,
            step: part.ledger.step(),
            time: Timeline::new(part.ledger, &part.names, &part.looks, happened.get(place).unwrap_or(&none)),
            graph: part.graph.as_ref(),
        });
        let parts: Vec<_> = parts.collect();
        let page = Page {
            title: title.to_owned(),
            tool: concat!("tanglegram ", env!("CARGO_PKG_VERSION")),
            style: STYLE,
            sim_style: SIM_STYLE,
            facts,
            wrong: parts.iter().map(|part| part.time.wrong.len()).sum(),
            parts,
        };
        page.render().map_err(|error| error.to_string())
    }
}
