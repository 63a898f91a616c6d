//! Paths in the form that matching uses.
