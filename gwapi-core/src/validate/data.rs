//! The schemas and rules of the CRDs, derived from them by `cargo xtask crds`.

/// One entry a line, a blank of indentation a level; `schema` reads it. The first column says which channel has the line:
/// `s` standard, `x` experimental, a blank both.
pub const CRDS: &str = include_str!("crds.txt");
