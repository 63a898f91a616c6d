//! What a table decided, for a data plane to obey.

use std::fmt;

use gwapi_core::{
    Hostname,
    choices::ZeroWeights,
    model::{Cors, Fraction, HttpMatch, PathMatch, RequestRedirect, Retry, Timeouts},
    name::ObjectKey,
    refusal::Refusal,
    resolution::{BackendTarget, ResolvedBackend, ResolvedFilter, ResolvedRule, RuleMatches},
};
use http::StatusCode;

use crate::{
    index::ServedRule,
    split::{Pick, Split},
    table::ServedListener,
};

/// What becomes of a request, as a view into the table.
///
/// It holds nothing that the controller's features do not declare: a rule that asks for more is not in the table (law 12).
#[derive(Clone, Copy, Debug)]
pub struct Decision<'t> {
    /// The listener that the request belongs to.
    pub listener: &'t ServedListener,
    /// The rule that serves it; nothing if none does.
    pub rule: Option<ChosenRule<'t>>,
    /// What is done with the request.
    pub outcome: Outcome<'t>,
}

/// The rule that serves a request.
#[derive(Clone, Copy, Debug)]
pub struct ChosenRule<'t> {
    /// The route.
    pub route: &'t ObjectKey,
    /// The rule, with its place in the route, its name, filters, backends, timeouts and retries.
    pub rule: &'t ResolvedRule,
    /// Which of its matches won.
    pub match_index: usize,
    /// Which of the route's own hostnames won; nothing if the route has none.
    pub hostname: Option<&'t Hostname>,
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'t> {
    /// A backend is picked.
    Forward(Forward<'t>),
    /// It is answered with a redirect.
    Redirect(&'t RequestRedirect),
    /// It is answered with a status, and nothing is forwarded.
    Respond {
        /// The status.
        status: StatusCode,
        /// Why.
        why: Cause<'t>,
    },
}

/// The backends of a rule with their shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward<'t> {
    /// The shares.
    pub split: &'t Split,
    /// The backends, in the order of the manifest. The split speaks of their places.
    pub backends: &'t [ResolvedBackend],
}

/// What was picked for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picked<'t> {
    /// The request goes to a backend.
    Backend {
        /// The place of the backend in the list.
        index: usize,
        /// Where it goes.
        target: &'t BackendTarget,
        /// The filters of this entry, to be run after those of the rule (H-010). They belong to the entry and never to the
        /// Service (pitfall 36).
        filters: &'t [ResolvedFilter],
    },
    /// The entry answers with a redirect (H-034).
    Redirect {
        /// The place of the backend in the list.
        index: usize,
        /// The redirect.
        redirect: &'t RequestRedirect,
    },
    /// The request would have gone to an entry that cannot be used, and is answered (I-006).
    Respond {
        /// The status.
        status: StatusCode,
        /// Why.
        why: Cause<'t>,
    },
}

/// Why a request is answered and not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'t> {
    /// No rule matches (F-019).
    NoRule,
    /// A filter of the rule or of the picked backend does not resolve, and is not skipped (H-006).
    UnresolvedFilter(&'t Refusal),
    /// The rule has neither backends nor a filter that answers (I-004, H-013).
    NoBackends,
    /// No backend of the rule has any weight (I-003).
    NoWeight,
    /// The backend that was picked does not resolve (I-006).
    InvalidBackend(&'t Refusal),
    /// No backend with a weight can be used (I-005).
    InvalidBackends,
}

/// A copy of the request for another backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror<'t> {
    /// Where the copy goes.
    pub target: &'t BackendTarget,
    /// Which share of the requests is copied.
    pub fraction: Fraction,
}

impl<'t> Decision<'t> {
    pub(crate) fn not_found(listener: &'t ServedListener) -> Self {
        let outcome = Outcome::Respond { status: StatusCode::NOT_FOUND, why: Cause::NoRule };
        Self { listener, rule: None, outcome }
    }

    /// The filters of the rule, in the order of the manifest, to be run before those of the picked backend (H-001, H-010). None
    /// if one of them does not resolve: such a request gets an error, and nothing else happens to it (H-006).
    #[must_use]
    pub fn filters(&self) -> &'t [ResolvedFilter] {
        match (self.rule, self.outcome) {
            (None, _) | (_, Outcome::Respond { why: Cause::UnresolvedFilter(_), .. }) => &[],
            (Some(chosen), _) => &chosen.rule.filters,
        }
    }

    /// The settings for cross-origin requests. A preflight is answered from them and goes no further, whatever the outcome
    /// is (H-052).
    #[must_use]
    pub fn cors(&self) -> Option<&'t Cors> {
        self.filters().iter().find_map(|filter| match filter {
            ResolvedFilter::Cors(cors) => Some(cors),
            _ => None,
        })
    }

    /// The copies that the rule asks for. See [`mirrors`] for those of a picked backend.
    pub fn mirrors(&self) -> impl Iterator<Item = Mirror<'t>> + use<'t> {
        mirrors(self.filters())
    }

    /// Timeouts.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.rule.map(|chosen| chosen.rule.timeouts).unwrap_or_default()
    }

    /// Retries.
    #[must_use]
    pub fn retry(&self) -> Option<&'t Retry> {
        self.rule?.rule.retry.as_ref()
    }

    /// The prefix that `ReplacePrefixMatch` replaces; nothing if the match that won has another type of path (H-038).
    #[must_use]
    pub fn matched_prefix(&self) -> Option<&'t str> {
        match self.rule?.http_match() {
            Some(HttpMatch { path: PathMatch::Prefix(prefix), .. }) => Some(prefix),
            _ => None,
        }
    }

    /// What becomes of one request; nothing if the outcome is no choice between backends. Each pick takes its own sample,
    /// uniform over all of `u64`.
    #[must_use]
    pub fn pick(&self, sample: u64) -> Option<Picked<'t>> {
        match self.outcome {
            Outcome::Forward(forward) => Some(forward.sample(sample)),
            Outcome::Redirect(_) | Outcome::Respond { .. } => None,
        }
    }
}

impl<'t> ChosenRule<'t> {
    /// The match that won, if the rule is one of an HTTPRoute.
    #[must_use]
    pub fn http_match(&self) -> Option<&'t HttpMatch> {
        match &self.rule.matches {
            RuleMatches::Http(matches) => matches.get(self.match_index),
            RuleMatches::Grpc(_) | RuleMatches::L4 => None,
        }
    }
}

impl<'t> Outcome<'t> {
    /// What a rule does with every request that it gets.
    pub(crate) fn of(served: &'t ServedRule, zero_weights: ZeroWeights) -> Self {
        let rule = &*served.rule;
        let respond = |status, why| Self::Respond { status, why };
        if let Some(refusal) = unresolved_filter(&rule.filters) {
            return respond(StatusCode::INTERNAL_SERVER_ERROR, Cause::UnresolvedFilter(refusal));
        }
        if let Some(redirect) = redirect(&rule.filters) {
            return Self::Redirect(redirect);
        }
        if rule.backends.is_empty() {
            return respond(StatusCode::INTERNAL_SERVER_ERROR, Cause::NoBackends);
        }
        if served.split.total() == 0 {
            return respond(status_of(zero_weights), Cause::NoWeight);
        }
        if !rule.backends.iter().any(|backend| backend.weight > 0 && fault(backend).is_none()) {
            return respond(StatusCode::INTERNAL_SERVER_ERROR, Cause::InvalidBackends);
        }
        Self::Forward(Forward { split: &served.split, backends: &rule.backends })
    }
}

impl<'t> Forward<'t> {
    /// What becomes of a request whose sample, uniform over all of `u64`, is this one.
    #[must_use]
    pub fn sample(&self, random: u64) -> Picked<'t> {
        self.picked(self.split.sample(random))
    }

    /// What becomes of a request at a point of the split.
    #[must_use]
    pub fn at(&self, point: u32) -> Picked<'t> {
        self.picked(self.split.at(point))
    }

    /// What becomes of a request that falls to the backend at this place of the list.
    #[must_use]
    pub fn backend(&self, index: usize) -> Picked<'t> {
        self.picked(Pick::Backend(index))
    }

    fn picked(&self, pick: Pick) -> Picked<'t> {
        let respond = |why| Picked::Respond { status: StatusCode::INTERNAL_SERVER_ERROR, why };
        let backend = match pick {
            Pick::Backend(index) => self.backends.get(index).map(|backend| (index, backend)),
            Pick::None => None,
        };
        let Some((index, backend)) = backend else { return respond(Cause::NoWeight) };
        match (&backend.target, fault(backend)) {
            (Err(refusal), _) => respond(Cause::InvalidBackend(refusal)),
            (Ok(_), Some(refusal)) => respond(Cause::UnresolvedFilter(refusal)),
            (Ok(target), None) => match redirect(&backend.filters) {
                Some(redirect) => Picked::Redirect { index, redirect },
                None => Picked::Backend { index, target, filters: &backend.filters },
            },
        }
    }
}

/// The copies that filters ask for. A mirror that does not resolve is left out, and the request itself is served (H-049).
pub fn mirrors(filters: &[ResolvedFilter]) -> impl Iterator<Item = Mirror<'_>> {
    filters.iter().filter_map(|filter| match filter {
        ResolvedFilter::RequestMirror { target: Ok(target), fraction } => Some(Mirror { target, fraction: *fraction }),
        _ => None,
    })
}

/// Why a backend cannot be sent to: its reference, or a filter that may not be skipped.
#[must_use]
pub fn fault(backend: &ResolvedBackend) -> Option<&Refusal> {
    backend.target.as_ref().err().or_else(|| unresolved_filter(&backend.filters))
}

fn unresolved_filter(filters: &[ResolvedFilter]) -> Option<&Refusal> {
    filters.iter().find_map(|filter| match filter {
        ResolvedFilter::Unresolved { refusal, .. } => Some(refusal),
        _ => None,
    })
}

fn redirect(filters: &[ResolvedFilter]) -> Option<&RequestRedirect> {
    filters.iter().find_map(|filter| match filter {
        ResolvedFilter::RequestRedirect(redirect) => Some(redirect),
        _ => None,
    })
}

fn status_of(zero_weights: ZeroWeights) -> StatusCode {
    match zero_weights {
        ZeroWeights::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ZeroWeights::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule => f.write_str("no rule matches"),
            Self::UnresolvedFilter(refusal) | Self::InvalidBackend(refusal) => refusal.fmt(f),
            Self::NoBackends => f.write_str("the rule has no backends and no filter that answers"),
            Self::NoWeight => f.write_str("no backend of the rule has any weight"),
            Self::InvalidBackends => f.write_str("no backend of the rule can be used"),
        }
    }
}
