//! The laws of ARCHITECTURE.md over worlds of every kind. `cargo xtask soak` tries as many cases as there is time for.

use std::cell::RefCell;

use gwapi_worlds::{Case, Coverage, Group, law_2_totality, law_3_order, law_4, law_5_table, try_cases};

const CASES: u32 = 2_000;

/// Tries a law in so many worlds, and then whether they were worth it.
fn hold(make: fn(u64) -> Case, law: fn(&Case, &mut Coverage), groups: &[Group]) {
    let coverage = RefCell::new(Coverage::default());
    try_cases(CASES, make, |case| law(case, &mut coverage.borrow_mut()));
    coverage.borrow().assert_complete(groups);
}

#[test]
fn law_5_the_tables_equal_the_reference_in_worlds_of_every_kind() {
    hold(Case::still, law_5_table, &[Group::Worlds, Group::Requests]);
}

#[test]
fn law_4_incremental_equals_full_in_worlds_of_every_kind() {
    hold(Case::changing, law_4, &[Group::Edits, Group::Tables]);
}

#[test]
fn law_3_the_order_of_worlds_of_every_kind_is_not_seen() {
    hold(Case::still, |case, _| law_3_order(case), &[]);
}

#[test]
fn law_2_whatever_the_input_there_is_an_answer() {
    hold(Case::hostile, law_2_totality, &[Group::HostileObjects, Group::HostileRequests]);
}
