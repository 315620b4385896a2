//! Everything here must agree with what a real IRI 1.8.5 node accepted: see `fixtures/recorded/iri-1.8/README.md`.

mod bundles;
mod fixture;
mod milestones;
mod transactions;
