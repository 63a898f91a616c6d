//! Random worlds for tests: manifests of every kind, what happens to them, and who asks.
//!
//! ```text
//!  seed ─▶ Case { controller, facts, manifests, edits, requests } ─▶ a law that holds, or does not
//! ```
//!
//! Manifests are JSON and go through [`Object::from_json`](gwapi_core::Object::from_json), so that reading, defaults and
//! invalid values take part. The vocabulary is small on purpose, so that everything meets everything; [`Coverage`] counts
//! what was met. `cargo xtask soak` runs the laws without end, and the tests of each crate a few thousand cases.
//!
//! Start reading at [`Case`], then `kinds`: a new kind is a line there.
#![forbid(unsafe_code)]

mod case;
mod controller;
mod coverage;
mod draw;
mod edit;
mod engine;
mod expected;
mod facts;
mod hostile;
mod kinds;
mod manifest;
mod request;
mod vocabulary;
mod world_coverage;

#[cfg(feature = "match")]
pub mod agree;
#[cfg(feature = "match")]
mod answers;
#[cfg(feature = "match")]
mod order;
#[cfg(feature = "match")]
mod recompiled;
#[cfg(feature = "match")]
mod request_coverage;
#[cfg(feature = "status")]
mod statuses;
#[cfg(feature = "match")]
mod tables;
#[cfg(feature = "soak")]
mod totality;

pub use case::{Case, CaseTree, Cases, try_cases};
pub use coverage::{Coverage, Group};
pub use draw::{Draw, Theme};
pub use edit::{Edit, Sort, What};
pub use engine::{Batch, EngineWatcher, Step, Watcher, law_4_engine, replay};
#[cfg(feature = "match")]
pub use order::law_3_order;
#[cfg(feature = "match")]
pub use recompiled::{TableWatcher, law_4_tables};
pub use request::{InMesh, Request};
#[cfg(feature = "status")]
pub use statuses::{StatusWatcher, law_4_statuses};
#[cfg(feature = "match")]
pub use tables::law_5_table;
#[cfg(feature = "soak")]
pub use totality::{law_2_totality, law_4};
pub use vocabulary::OURS;
pub use world_coverage::count_world;
