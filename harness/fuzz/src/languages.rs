//! The two languages that people write.

use std::cell::OnceCell;
use std::path::Path;

use tanglegram_runner::{Library, catalogue};
use tanglegram_vector::{Catalogue, Source, read_expected, read_file};
use tanglegram_world::World;

thread_local! {
    static KNOWN: OnceCell<Catalogue> = const { OnceCell::new() };
}

/// A vector file, or the same text as a profile or baseline, is understood, or every mistake has a place within the text.
pub(crate) fn vector(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let source = Source::new("fuzz.yaml", text.clone());
    let read = KNOWN.with(|known| read_file(&source, "fuzz", known.get_or_init(known_names)));
    let understood = read.is_ok();
    let mistakes = read.err().into_iter().chain(read_expected(&source).err());
    for problem in mistakes.flatten() {
        assert!(problem.span.start <= text.len() && problem.span.end <= text.len(), "{problem:?}");
        assert!(!problem.to_string().is_empty() && !problem.place().is_empty());
    }
    understood
}

fn known_names() -> Catalogue {
    let library = Library::load(None, None).expect("the built-in files are good");
    catalogue(&library.specs, &library.fixture)
}

/// A world file is understood, or refused with a reason. Files it names are not looked for anywhere that exists.
pub(crate) fn world(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    // Making the keys of a coordinator is real work: worlds with deep trees are not started here.
    if text.contains("depth") || text.contains("milestone-keys") {
        return true;
    }
    match World::parse("fuzz", &text, Path::new("/nowhere")) {
        Ok(world) => !world.nodes.is_empty() || !world.mirrors.is_empty(),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
