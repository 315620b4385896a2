//! All vectors, clauses and worlds there are, read and checked together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tanglegram_vector::{
    Catalogue, Clause, Mistake, Problem, Source, SpecFile, Vector, VectorFile, WorldFacts, read_file,
    read_spec,
};

use crate::network;
use crate::snapshot::Recorded;
use tanglegram_target::{DIALECTS, Fixture, IRI, MIRROR_DIALECTS, WORLDS, World};

/// Everything a run can draw from.
#[derive(Debug)]
pub struct Library {
    /// The specification files, sorted by name.
    pub specs: Vec<SpecFile>,
    /// The vector files, sorted by name.
    pub files: Vec<VectorFile>,
    /// The tangle that the fixture worlds are fed with.
    pub fixture: Arc<Fixture>,
    /// The replies recorded of networks.
    pub recorded: Arc<Recorded>,
    /// Whether the vectors are the ones built in.
    pub is_built_in: bool,
}

impl Library {
    /// Reads all files; `specs` first, since vectors name clauses.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn read(
        specs: &[Arc<Source>],
        vectors: &[Arc<Source>],
        fixture: Arc<Fixture>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let specs = collect(specs.iter().map(read_spec), &mut problems);
        let catalogue = catalogue(&specs, &fixture);
        let read = |source: &Arc<Source>| read_file(source, stem(&source.name), &catalogue);
        let files = collect(vectors.iter().map(read), &mut problems);
        duplicates(&specs, &files, &mut problems);
        let vectors = files.iter().flat_map(|file: &VectorFile| &file.vectors);
        let networks = vectors.filter_map(|vector| Some((vector, vector.network.as_ref()?)));
        problems.extend(networks.flat_map(|(vector, its)| network::check(vector, its)));
        let recorded = Arc::default();
        if problems.is_empty() {
            Ok(Self { specs, files, fixture, recorded, is_built_in: false })
        } else {
            Err(problems)
        }
    }

    /// Every vector, file by file.
    pub fn vectors(&self) -> impl Iterator<Item = &Arc<Vector>> {
        self.files.iter().flat_map(|file| &file.vectors)
    }

    /// Every clause, file by file.
    pub fn clauses(&self) -> impl Iterator<Item = &Clause> {
        self.specs.iter().flat_map(|spec| &spec.clauses)
    }

    /// For each clause the paths of the vectors that hold a node to it.
    pub fn coverage(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut coverage: BTreeMap<&str, Vec<&str>> =
            self.clauses().map(|clause| (clause.id.as_str(), Vec::new())).collect();
        for vector in self.vectors() {
            for clause in &vector.clauses {
                coverage.entry(clause).or_default().push(&vector.path);
            }
        }
        coverage
    }
}

/// The good ones; what is wrong with the others goes to `problems`.
fn collect<T>(read: impl Iterator<Item = Result<T, Vec<Problem>>>, problems: &mut Vec<Problem>) -> Vec<T> {
    let mut good = Vec::new();
    for result in read {
        match result {
            Ok(value) => good.push(value),
            Err(wrong) => problems.extend(wrong),
        }
    }
    good
}

/// What vectors may name.
pub fn catalogue(specs: &[SpecFile], fixture: &Fixture) -> Catalogue {
    let world = |world: &World| {
        let states = world.states.iter().map(|state| (*state).to_owned()).collect();
        let names = if world.api == IRI { fixture.names.clone() } else { Arc::default() };
        (world.name.to_owned(), WorldFacts { states, names })
    };
    Catalogue {
        clauses: specs.iter().flat_map(|spec| &spec.clauses).map(|clause| clause.id.clone()).collect(),
        worlds: WORLDS.iter().map(world).collect(),
        network: network::names(),
        dialects: DIALECTS.iter().chain(&MIRROR_DIALECTS).map(|dialect| (*dialect).to_owned()).collect(),
    }
}

/// A file's name without folder and ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".yaml").unwrap_or(file)
}

/// Names that are unique in each file may still be taken twice across files.
fn duplicates(specs: &[SpecFile], files: &[VectorFile], problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (spec, clause) in specs.iter().flat_map(|spec| spec.clauses.iter().map(move |clause| (spec, clause)))
    {
        if !seen.insert(clause.id.as_str()) {
            let mistake = Mistake::Duplicate { what: "clause", name: clause.id.clone() };
            problems.push(Problem { mistake, span: clause.span, help: None, source: spec.source.clone() });
        }
    }
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for vector in files.iter().flat_map(|file| &file.vectors) {
        if let Some(first) = seen.insert(&vector.path, vector.place()) {
            let mistake = Mistake::Duplicate { what: "vector", name: vector.path.clone() };
            let help = Some(format!("the first is at {first}"));
            problems.push(Problem { mistake, span: vector.span, help, source: vector.source.clone() });
        }
    }
}
