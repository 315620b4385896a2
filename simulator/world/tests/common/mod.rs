//! World files as tests write them.

use std::path::Path;

use tanglegram_world::{World, WorldError};

pub(crate) fn parse(text: &str) -> Result<World, WorldError> {
    World::parse("test", text, Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// A mistake as `line:column: message (help)`.
#[allow(dead_code, reason = "not all who read worlds make mistakes")]
pub(crate) fn mistake(text: &str) -> String {
    mistake_of(parse(text).map(drop))
}

/// The mistake that was found, in the same form.
#[allow(dead_code, reason = "not all who read worlds make mistakes")]
pub(crate) fn mistake_of(read: Result<(), WorldError>) -> String {
    match read {
        Err(WorldError::Invalid(fault)) => {
            let help = fault.hint().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}: {fault}{help}", fault.place())
        }
        other => panic!("{other:?}"),
    }
}
