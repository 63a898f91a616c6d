//! x
#![no_std]
extern crate alloc;
pub mod choices;
pub mod controller;
pub mod duration;
pub mod facts;
pub mod features;
mod hostname;
pub mod ingest;
pub mod model;
pub mod name;
mod pattern;
pub mod refusal;
pub mod resolution;
pub mod resolve;
pub mod snapshot;
pub mod time;
pub use hostname::*;
pub use pattern::*;
