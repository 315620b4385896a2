//! A simulated network as a page: its graph at the end as a picture, and what each node knew when; for the tangle, the network of
//! Hedera nodes, or both.
//!
//! [`Film::look`] while it runs → [`Film::develop`] at its end → [`Picture::render`].

mod dag;
mod film;
mod graph;
mod hashgraph;
mod page;
mod timeline;

pub use film::Film;
pub use page::{Fact, Picture};
pub use timeline::Happened;
