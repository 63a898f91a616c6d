//! The laws of ARCHITECTURE.md over worlds of every kind. `cargo xtask soak` tries as many cases as there is time for.

use std::cell::RefCell;

use gwapi_worlds::{Case, Coverage, Group, law_2_totality, law_3_order, law_4, law_5_table, try_cases};

/// What is compared: requests, edits, tables, hostile objects. A world has several.
const ENOUGH: u64 = 2_000;

/// Tries a law in so many worlds, and says what they were worth.
fn seen(worlds: u32, make: fn(u64) -> Case, law: fn(&Case, &mut Coverage)) -> Coverage {
    let coverage = RefCell::new(Coverage::default());
    try_cases(worlds, make, |case| law(case, &mut coverage.borrow_mut()));
    coverage.into_inner()
}

#[test]
fn law_5_the_tables_equal_the_reference_in_worlds_of_every_kind() {
    let coverage = seen(600, Case::still, law_5_table);
    coverage.assert_worth(Group::Requests, ENOUGH);
    coverage.assert_worth(Group::Worlds, 600);
}

#[test]
fn law_4_incremental_equals_full_in_worlds_of_every_kind() {
    let coverage = seen(400, Case::changing, law_4);
    coverage.assert_worth(Group::Edits, ENOUGH);
    coverage.assert_worth(Group::Tables, ENOUGH);
}

#[test]
fn law_3_the_order_of_worlds_of_every_kind_is_not_seen() {
    seen(300, Case::still, |case, _| law_3_order(case));
}

#[test]
fn law_2_whatever_the_input_there_is_an_answer() {
    let coverage = seen(250, Case::hostile, law_2_totality);
    coverage.assert_worth(Group::HostileObjects, ENOUGH);
    // Few hostile worlds have a Gateway to ask.
    coverage.assert_worth(Group::HostileRequests, ENOUGH / 5);
}
