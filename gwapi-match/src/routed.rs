//! The answer of a table as numbers, and as something to keep.

use std::sync::Arc;

use crate::{
    decision::{Decision, L4Decision},
    index::Place,
    table::{Family, Generation, ListenerId, Table},
};

/// Which rule serves a request or connection, or that none does: numbers that only the table knows that gave them (law 6).
///
/// `Copy` and without lifetime, so that it can be kept where the table cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Routed {
    pub(crate) generation: Generation,
    pub(crate) listener: u32,
    pub(crate) family: Family,
    pub(crate) place: Option<Place>,
}

impl Routed {
    pub(crate) fn listener_id(self) -> ListenerId {
        ListenerId { generation: self.generation, index: self.listener }
    }

    /// The answer to a question that the table does not understand. No table has a decision for it.
    pub(crate) fn unknown() -> Self {
        Self { generation: Generation::NONE, listener: 0, family: Family::Http, place: None }
    }

    /// Whether a rule was found. What it says, also to requests without a rule, is in [`Table::decision`].
    #[must_use]
    pub fn is_found(self) -> bool {
        self.place.is_some()
    }
}

/// A decision that can be kept while others change the configuration, at the price of one reference count.
///
/// ```
/// use std::sync::Arc;
/// use gwapi_match::{PinnedDecision, Table, head::RequestHead, headers::Headers};
///
/// /// What to keep of a request whose response filters run later.
/// fn keep<H: Headers>(table: &Arc<Table>, listener: gwapi_match::ListenerId, head: &RequestHead<'_, H>) -> PinnedDecision {
///     PinnedDecision::new(table.clone(), table.route(listener, head))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PinnedDecision {
    table: Arc<Table>,
    routed: Routed,
}

impl PinnedDecision {
    /// Keeps what a table answered.
    #[must_use]
    pub fn new(table: Arc<Table>, routed: Routed) -> Self {
        Self { table, routed }
    }

    /// What was decided of a request; nothing if it was by another table than the one that is kept.
    #[must_use]
    pub fn decision(&self) -> Option<Decision<'_>> {
        self.table.decision(self.routed)
    }

    /// What was decided of a connection; nothing if it was by another table than the one that is kept.
    #[must_use]
    pub fn l4(&self) -> Option<L4Decision<'_>> {
        self.table.l4(self.routed)
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }
}

/// Answers outlive the request that they are for.
const _: () = {
    const fn keepable<T: Send + Sync + 'static>() {}
    const fn copyable<T: Copy + 'static>() {}
    copyable::<Routed>();
    keepable::<PinnedDecision>();
};
