//! A simulated network as a page: the tangle at its end as a picture, and what each node knew when.
//!
//! [`Film::look`] while it runs → [`Film::develop`] at its end → [`Picture::render`].

mod dag;
mod film;
mod page;

pub use film::Film;
pub use page::{Fact, Picture};
