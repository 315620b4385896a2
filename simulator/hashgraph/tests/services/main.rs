//! The crypto service as clients and nodes meet it.

mod accounts;
mod document;
mod duplicates;
mod hostile;
mod kit;
mod laws;
mod queries;
mod refusals;
