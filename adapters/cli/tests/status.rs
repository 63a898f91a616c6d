//! `gwapi status` as users run it.
