//! What is done with a request or connection that belongs to a rule, or to none.

use gwapi_core::{
    choices::{Choices, ZeroWeights},
    model::{RequestRedirect, RouteKind},
    refusal::Refusal,
    resolution::{BackendTarget, ResolvedBackend, ResolvedFilter, ResolvedRule},
};
use http::StatusCode;

use super::{Answer, Candidate, Placement, Share, Verdict, candidates::Question};
use crate::{connect::ConnectionRefusal, decision::GrpcCode, headers::Headers};

pub(super) fn verdict<'a, H: Headers + ?Sized>(
    admission: Placement<'a>,
    winner: Option<&Candidate<'a>>,
    question: &Question<'_, '_, H>,
    choices: &Choices,
) -> Verdict<'a> {
    match (admission, winner, question) {
        (Placement::Refused(why), _, _) => Verdict::Refused(why),
        // Where no route is attached a mesh changes nothing (O-002).
        (Placement::PassThrough, _, _) => Verdict::PassThrough,
        // B-027.
        (Placement::Misdirected, _, _) => Verdict::Respond(StatusCode::MISDIRECTED_REQUEST),
        (_, Some(winner), _) => of_rule(winner, choices),
        // No route takes the connection (B-026, L-004, O-003).
        (_, None, Question::Connection(_)) => Verdict::Refused(ConnectionRefusal::NoRoute),
        // Nothing is found (B-026, F-019, O-003).
        (_, None, Question::Request(_)) => Verdict::Respond(StatusCode::NOT_FOUND),
    }
}

fn of_rule<'a>(winner: &Candidate<'a>, choices: &Choices) -> Verdict<'a> {
    let (rule, kind) = (winner.rule, winner.route.route.kind);
    // A filter that does not resolve is not skipped (H-006, H-077).
    if rule.filters.iter().any(is_broken) {
        return Verdict::Respond(StatusCode::INTERNAL_SERVER_ERROR);
    }
    // A redirect answers (H-023).
    if let Some(redirect) = first_redirect(&rule.filters) {
        return Verdict::Redirect(redirect);
    }
    // Without backends there is an error (I-004, K-013).
    if rule.backends.is_empty() {
        return error(kind).into();
    }
    // Without any weight nothing is forwarded (I-003).
    if rule.backends.iter().all(|backend| backend.weight == 0) {
        return match (kind, choices.zero_weights) {
            (RouteKind::Http, ZeroWeights::Unavailable) => Verdict::Respond(StatusCode::SERVICE_UNAVAILABLE),
            (kind, _) => error(kind).into(),
        };
    }
    // Each backend gets its weight by the sum of all (I-001), and one that is invalid keeps it (I-006).
    let share = |backend: &'a ResolvedBackend| Share { weight: backend.weight, answer: answer(backend, kind) };
    let shares: Vec<_> = rule.backends.iter().map(share).collect();
    // If all are invalid, it is an error for all (I-005, K-012, L-013, M-007).
    let is_error = |share: &Share<'_>| matches!(share.answer, Answer::Respond(_) | Answer::Reject);
    if shares.iter().all(|share| share.weight == 0 || is_error(share)) {
        return error(kind).into();
    }
    Verdict::Split(shares)
}

fn answer(backend: &ResolvedBackend, kind: RouteKind) -> Answer<'_> {
    match &backend.target {
        // What does not resolve is an error (I-007 to I-009).
        Err(_) => error(kind),
        // TLS that cannot be done is one too: nothing is sent in clear text (I-011, N-010).
        Ok(target) if tls_fault(target).is_some() => error(kind),
        // So is a filter that does not resolve (H-006).
        Ok(_) if backend.filters.iter().any(is_broken) => Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR),
        // A redirect of a backend answers if the backend is picked (H-034).
        Ok(target) => first_redirect(&backend.filters).map_or(Answer::Backend(target), Answer::Redirect),
    }
}

/// What whoever would have gone to a backend that cannot be used gets (I-036): 500, UNAVAILABLE, or no connection.
fn error<'a>(kind: RouteKind) -> Answer<'a> {
    match kind {
        RouteKind::Http => Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR),
        RouteKind::Grpc => Answer::Respond(StatusCode::SERVICE_UNAVAILABLE),
        RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => Answer::Reject,
    }
}

/// An error for all.
impl<'a> From<Answer<'a>> for Verdict<'a> {
    fn from(answer: Answer<'a>) -> Self {
        match answer {
            Answer::Respond(status) => Self::Respond(status),
            Answer::Redirect(redirect) => Self::Redirect(redirect),
            Answer::Reject | Answer::Backend(_) => Self::Reject,
        }
    }
}

fn is_broken(filter: &ResolvedFilter) -> bool {
    match filter {
        ResolvedFilter::Unresolved { .. } | ResolvedFilter::ExternalAuth { target: Err(_), .. } => true,
        ResolvedFilter::ExternalAuth { target: Ok(target), .. } => tls_fault(target).is_some(),
        _ => false,
    }
}

fn tls_fault(target: &BackendTarget) -> Option<&Refusal> {
    target.tls.as_ref().and_then(|tls| tls.as_ref().err()).map(|refusal| &**refusal)
}

fn first_redirect(filters: &[ResolvedFilter]) -> Option<&RequestRedirect> {
    filters.iter().find_map(|filter| if let ResolvedFilter::RequestRedirect(redirect) = filter { Some(redirect) } else { None })
}

/// What a client of gRPC is told if the verdict is an error.
pub(super) fn grpc_code<H: Headers + ?Sized>(
    winner: Option<&Candidate<'_>>,
    verdict: &Verdict<'_>,
    question: &Question<'_, '_, H>,
) -> Option<GrpcCode> {
    let is_broken = |rule: &ResolvedRule| rule.filters.iter().any(is_broken);
    match (verdict, winner) {
        _ if !question.is_grpc() => None,
        // A request for another listener is one for HTTP to answer (B-027).
        (Verdict::Respond(StatusCode::MISDIRECTED_REQUEST), _) => None,
        // No rule matches (K-009).
        (Verdict::Respond(_), None) => Some(GrpcCode::Unimplemented),
        // H-006 leaves the code free.
        (Verdict::Respond(_), Some(winner)) if is_broken(winner.rule) => Some(GrpcCode::Internal),
        // No backend can be used (K-012, K-013), or none has any weight (I-003).
        (Verdict::Respond(_), Some(_)) => Some(GrpcCode::Unavailable),
        _ => None,
    }
}
