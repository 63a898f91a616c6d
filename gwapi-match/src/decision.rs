//! What a table decided, for a data plane to obey.

use std::fmt;

use gwapi_core::{
    Hostname,
    choices::ZeroWeights,
    model::{Cors, Fraction, GrpcMatch, HttpMatch, PathMatch, RequestRedirect, Retry, SecretRef, Timeouts},
    name::ObjectKey,
    refusal::Refusal,
    resolution::{BackendTarget, BackendTls, ResolvedBackend, ResolvedFilter, ResolvedRule, RuleMatches},
};
use http::StatusCode;

use crate::{
    index::{Bucket, Entry, ServedRule},
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
    is_cleared: bool,
}

/// What becomes of a connection that carries no requests, or of a flow of datagrams, as a view into the table.
#[derive(Clone, Copy, Debug)]
pub struct L4Decision<'t> {
    /// The listener that the connection belongs to.
    pub listener: &'t ServedListener,
    /// The rule that has it.
    pub rule: ChosenRule<'t>,
    /// What is done.
    pub outcome: L4Outcome<'t>,
}

/// What is done with connections and flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L4Outcome<'t> {
    /// A backend is picked for each: [`L4Decision::pick`].
    Forward(Forward<'t>),
    /// All are closed, or dropped.
    Reject(Cause<'t>),
}

/// What was picked for one connection or flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L4Picked<'t> {
    /// It goes to a backend.
    Backend {
        /// The place of the backend in the list.
        index: usize,
        /// Where it goes.
        target: &'t BackendTarget,
    },
    /// It would have gone to an entry that cannot be used: a connection is closed as [`Connection::Refuse`] says, a datagram is
    /// dropped (L-013, L-014, M-007, M-010).
    ///
    /// [`Connection::Refuse`]: crate::connect::Connection::Refuse
    Reject(Cause<'t>),
}

/// How a connection to a backend is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendTlsPlan<'t> {
    /// Server name, trust, and names that the certificate may have.
    pub tls: &'t BackendTls,
    /// What the backend is shown if it asks for a certificate.
    pub certificate: Option<&'t SecretRef>,
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
    is_grpc: bool,
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
    /// A filter of the rule or of the picked backend does not resolve, and is not skipped (H-006, H-077).
    UnresolvedFilter(&'t Refusal),
    /// The rule has neither backends nor a filter that answers (I-004, H-013).
    NoBackends,
    /// No backend of the rule has any weight (I-003).
    NoWeight,
    /// The backend that was picked does not resolve (I-006), or cannot be reached in the way that is asked for (N-010).
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
        Self { listener, rule: None, outcome, is_cleared: false }
    }

    pub(crate) fn of(listener: &'t ServedListener, rule: ChosenRule<'t>, outcome: Outcome<'t>) -> Self {
        Self { listener, rule: Some(rule), outcome, is_cleared: false }
    }

    /// The same, once everything that has to let the request pass has done so: the services of ExternalAuth filters and the
    /// extensions that the host knows, those of the rule and those of the picked backend.
    /// [`react`](crate::exchange::react) forwards nothing past a filter of these that nobody has asked (H-070, S-010).
    #[must_use]
    pub fn cleared(self) -> Self {
        Self { is_cleared: true, ..self }
    }

    pub(crate) fn is_cleared(&self) -> bool {
        self.is_cleared
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

impl<'t> L4Decision<'t> {
    /// What becomes of one connection or flow. Each takes its own sample, uniform over all of `u64` (M-006).
    #[must_use]
    pub fn pick(&self, sample: u64) -> L4Picked<'t> {
        match self.outcome {
            L4Outcome::Forward(forward) => forward.l4(forward.split.sample(sample)),
            L4Outcome::Reject(why) => L4Picked::Reject(why),
        }
    }

    /// What becomes of a connection or flow at a point of the split.
    #[must_use]
    pub fn at(&self, point: u32) -> L4Picked<'t> {
        match self.outcome {
            L4Outcome::Forward(forward) => forward.l4(forward.split.at(point)),
            L4Outcome::Reject(why) => L4Picked::Reject(why),
        }
    }
}

impl<'t> L4Outcome<'t> {
    /// What a rule does with every connection or flow that it gets.
    pub(crate) fn of(served: &'t ServedRule) -> Self {
        Forward::of(served).map_or_else(Self::Reject, Self::Forward)
    }
}

impl<'t> ChosenRule<'t> {
    pub(crate) fn of(bucket: &'t Bucket, entry: &'t Entry) -> Self {
        Self {
            route: &entry.rule.route.meta.key,
            rule: &entry.rule.rule,
            match_index: entry.match_index,
            hostname: bucket.hostname.as_ref(),
        }
    }

    /// The match that won, if the rule is one of an HTTPRoute.
    #[must_use]
    pub fn http_match(&self) -> Option<&'t HttpMatch> {
        match &self.rule.matches {
            RuleMatches::Http(matches) => matches.get(self.match_index),
            RuleMatches::Grpc(_) | RuleMatches::L4 => None,
        }
    }

    /// The match that won, if the rule is one of a GRPCRoute.
    #[must_use]
    pub fn grpc_match(&self) -> Option<&'t GrpcMatch> {
        match &self.rule.matches {
            RuleMatches::Grpc(matches) => matches.get(self.match_index),
            RuleMatches::Http(_) | RuleMatches::L4 => None,
        }
    }
}

impl<'t> Outcome<'t> {
    /// What a rule does with every request that it gets.
    pub(crate) fn of(served: &'t ServedRule, zero_weights: ZeroWeights) -> Self {
        let filters = &*served.rule.filters;
        let respond = |why: Cause<'t>| Self::Respond { status: why.status(served.is_grpc(), zero_weights), why };
        if let Some(refusal) = unresolved_filter(filters) {
            return respond(Cause::UnresolvedFilter(refusal));
        }
        match redirect(filters) {
            Some(redirect) => Self::Redirect(redirect),
            None => Forward::of(served).map_or_else(respond, Self::Forward),
        }
    }
}

impl<'t> Cause<'t> {
    /// The status of HTTP for it. Answers to gRPC are such that clients read the code from the status too, if that is all that
    /// they get (K-009, K-012).
    fn status(self, is_grpc: bool, zero_weights: ZeroWeights) -> StatusCode {
        match self {
            Self::NoRule => StatusCode::NOT_FOUND,
            Self::UnresolvedFilter(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ if is_grpc => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoWeight => status_of(zero_weights),
            Self::NoBackends | Self::InvalidBackend(_) | Self::InvalidBackends => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a client of gRPC is told, whatever the kind of the route.
    #[must_use]
    pub fn grpc_code(self) -> GrpcCode {
        match self {
            // K-009.
            Self::NoRule => GrpcCode::Unimplemented,
            // H-006 leaves the code free.
            Self::UnresolvedFilter(_) => GrpcCode::Internal,
            // K-012, K-013; I-003.
            Self::NoBackends | Self::NoWeight | Self::InvalidBackend(_) | Self::InvalidBackends => GrpcCode::Unavailable,
        }
    }
}

/// A status of gRPC that we answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrpcCode {
    /// No rule is for the method.
    Unimplemented = 12,
    /// The configuration asks for what cannot be done.
    Internal = 13,
    /// No backend can be asked.
    Unavailable = 14,
}

impl GrpcCode {
    /// The value of `grpc-status`.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The name of the code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unimplemented => "Unimplemented",
            Self::Internal => "Internal",
            Self::Unavailable => "Unavailable",
        }
    }
}

impl fmt::Display for GrpcCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'t> Forward<'t> {
    /// The backends of a rule, or why none of them ever gets anything.
    fn of(served: &'t ServedRule) -> Result<Self, Cause<'t>> {
        let backends = &*served.rule.backends;
        if backends.is_empty() {
            return Err(Cause::NoBackends);
        }
        if served.split.total() == 0 {
            return Err(Cause::NoWeight);
        }
        if !backends.iter().any(|backend| backend.weight > 0 && fault(backend).is_none()) {
            return Err(Cause::InvalidBackends);
        }
        Ok(Self { split: &served.split, backends, is_grpc: served.is_grpc() })
    }

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
        match self.chosen(pick) {
            // Points of a split have a weight, so that what is done without any makes no difference.
            Err(why) => Picked::Respond { status: why.status(self.is_grpc, ZeroWeights::default()), why },
            Ok((index, backend, target)) => match redirect(&backend.filters) {
                Some(redirect) => Picked::Redirect { index, redirect },
                None => Picked::Backend { index, target, filters: &backend.filters },
            },
        }
    }

    fn l4(&self, pick: Pick) -> L4Picked<'t> {
        match self.chosen(pick) {
            Err(why) => L4Picked::Reject(why),
            Ok((index, _, target)) => L4Picked::Backend { index, target },
        }
    }

    /// The entry that was picked, or why it cannot be used.
    fn chosen(&self, pick: Pick) -> Result<(usize, &'t ResolvedBackend, &'t BackendTarget), Cause<'t>> {
        let Pick::Backend(index) = pick else { return Err(Cause::NoWeight) };
        let backend = self.backends.get(index).ok_or(Cause::NoWeight)?;
        let target = usable(&backend.target).map_err(Cause::InvalidBackend)?;
        match unresolved_filter(&backend.filters) {
            Some(refusal) => Err(Cause::UnresolvedFilter(refusal)),
            None => Ok((index, backend, target)),
        }
    }
}

/// The copies that filters ask for. A mirror that does not resolve is left out, and the request itself is served (H-049).
pub fn mirrors(filters: &[ResolvedFilter]) -> impl Iterator<Item = Mirror<'_>> {
    filters.iter().filter_map(|filter| match filter {
        ResolvedFilter::RequestMirror { target, fraction } => Some(Mirror { target: usable(target).ok()?, fraction: *fraction }),
        _ => None,
    })
}

/// Why a backend cannot be sent to: its reference, the TLS that is asked for, or a filter that may not be skipped.
#[must_use]
pub fn fault(backend: &ResolvedBackend) -> Option<&Refusal> {
    usable(&backend.target).err().or_else(|| unresolved_filter(&backend.filters))
}

/// Where a reference leads, if anything may be sent there: never in clear text to a backend for which TLS is asked (N-010).
///
/// # Errors
/// If the reference does not resolve, or the TLS that is asked for cannot be done.
pub fn usable(target: &Result<BackendTarget, Refusal>) -> Result<&BackendTarget, &Refusal> {
    let target = target.as_ref()?;
    match &target.tls {
        Some(Err(refusal)) => Err(refusal),
        Some(Ok(_)) | None => Ok(target),
    }
}

fn unresolved_filter(filters: &[ResolvedFilter]) -> Option<&Refusal> {
    filters.iter().find_map(|filter| match filter {
        ResolvedFilter::Unresolved { refusal, .. } => Some(refusal),
        // H-077: nobody passes a service that cannot be asked.
        ResolvedFilter::ExternalAuth { target, .. } => usable(target).err(),
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
