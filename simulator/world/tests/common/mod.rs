//! World files as tests write them.

use std::path::Path;

use tanglegram_world::{World, WorldError};

pub(crate) fn parse(text: &str) -> Result<World, WorldError> {
    World::parse("test", text, Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// A mistake as `line:column: message (help)`.
pub(crate) fn mistake(text: &str) -> String {
    match parse(text) {
        Err(WorldError::Invalid(fault)) => {
            let help = fault.hint().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}: {fault}{help}", fault.place())
        }
        other => panic!("{text}\n{other:?}"),
    }
}
