//! The examples of the README and of the pages in docs/, compiled and run with the other documentation tests. They stand here and
//! not in a crate that is published: a package cannot include files from outside of its folder.

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// What a controller does with the crates.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating-controllers.md")]
pub struct Controllers;

/// What a proxy does with the crates.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating-proxies.md")]
pub struct Proxies;
