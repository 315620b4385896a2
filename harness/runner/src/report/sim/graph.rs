//! A graph of transactions or events as it is drawn.

/// Pixels around a picture.
pub(super) const EDGE: usize = 34;

/// The newest part of a graph, with the places of all in it.
#[derive(Debug)]
pub(super) struct Graph {
    /// The node whose graph it is.
    pub(super) node: String,
    pub(super) width: usize,
    pub(super) height: usize,
    /// What stands at the left of a row, and how far down.
    pub(super) lanes: Vec<(usize, String)>,
    pub(super) dots: Vec<Dot>,
    pub(super) lines: Vec<Line>,
    /// What is not drawn: the older ones.
    pub(super) older: usize,
}

/// A transaction or event.
#[derive(Debug)]
pub(super) struct Dot {
    pub(super) x: usize,
    pub(super) y: usize,
    /// A milestone or witness: its index or round.
    pub(super) stone: Option<u64>,
    /// Whether it is confirmed, has its place in the order, or is famous.
    pub(super) is_done: bool,
    /// What there is to say, line by line.
    pub(super) words: Vec<String>,
}

/// That one refers to another.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) from: (usize, usize),
    pub(super) to: (usize, usize),
    /// Whether it is the branch, or the parent that somebody else made.
    pub(super) is_branch: bool,
}
