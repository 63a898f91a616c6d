//! ExternalAuth (H-070 to H-078): what an authorisation service is asked, and what its answer means. Whatever goes wrong denies
//! the request (S-010).
//!
//! ```text
//!   body_limit ─▶ how much of the body is needed ─▶ ask ─▶ Question ─▶ (the caller sends it)
//!                                                                          │
//!     the request, changed ◀─ Changes::apply ◀─ Verdict::Allow ◀─ judge_http, judge_grpc
//!   the client gets a denial ◀────────────────── Verdict::Deny ◀─┘
//! ```
//!
//! What the specification leaves to an implementation:
//!
//! * **Bodies that are too long** for `forwardBody.maxSize` are denied with 413 (X-11): a service that sees half of a body
//!   decides on another request than the one that goes on.
//! * **A service that fails**, or answers with 5xx over HTTP, denies with 503 and nothing of its own (H-072), so that an outage
//!   does not look like a decision. A service that cannot be resolved denies with 500 (H-077).
//! * **Denials** are the service's own: status, headers and body (H-072). A status that is not of 300–599 becomes 403 without
//!   its body: what is denied must not look like success.
//! * **Headers for the backend.** Those in `allowedResponseHeaders` are the service's alone: what the client has sent under these
//!   names goes, also when the service leaves them out. If the list is empty every header of the answer goes on, in place of
//!   what the client has sent, but not what describes the answer itself (`Content-Type`, `Content-Encoding`, `Content-Length`
//!   and the like). Host and what is about one connection never do (H-072, H-082).
//! * **The path** that is asked about has the query, and begins with `http.path` without the `/` at its end (H-075).
//!
//! ```
//! use gwapi_core::model::{AuthProtocol, BackendObjectRef, ExternalAuth, HeaderName, HttpAuth, Scheme};
//! use gwapi_match::auth::{Body, Question, Subject, Verdict, ask, judge_http};
//! use http::{HeaderMap, HeaderValue, StatusCode};
//!
//! let user = HeaderName::parse("x-user")?;
//! let http = HttpAuth { path: "/check".into(), allowed_response_headers: vec![user], ..HttpAuth::default() };
//! let (group, kind, namespace, name) = ("".into(), "Service".into(), "shop".into(), "auth".into());
//! let backend = BackendObjectRef { group, kind, namespace, name, port: Some(80) };
//! let auth = ExternalAuth { backend, protocol: AuthProtocol::Http(http.clone()), max_body: 0 };
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("authorization", HeaderValue::from_static("Bearer t"));
//! headers.insert("x-user", HeaderValue::from_static("admin"));
//! let subject = Subject {
//!     method: "GET", scheme: Scheme::Https, authority: Some("shop.example.com"), path_and_query: "/cart?x=1", headers: &headers,
//!     version: "HTTP/1.1", source: None, destination: None, body: Body::NONE,
//! };
//! let Ok(Question::Http(question)) = ask(&auth, subject) else { panic!("denied") };
//! assert_eq!(question.path_and_query, "/check/cart?x=1");
//! assert_eq!(question.headers["authorization"], "Bearer t");
//!
//! let mut answer = HeaderMap::new();
//! answer.insert("x-user", HeaderValue::from_static("jane"));
//! let Verdict::Allow(changes) = judge_http(&http, StatusCode::OK, &answer) else { panic!("denied") };
//! changes.apply(&mut headers).expect("there is room");
//! assert_eq!(headers["x-user"], "jane");
//!
//! let Verdict::Deny(denial) = judge_http(&http, StatusCode::UNAUTHORIZED, &answer) else { panic!("allowed") };
//! assert_eq!((denial.status, denial.has_body), (StatusCode::UNAUTHORIZED, true));
//! # Ok::<(), gwapi_core::model::HeaderNameError>(())
//! ```

use std::fmt;

use http::{HeaderMap, HeaderName, StatusCode, header};

mod ask;
mod judge;

pub use ask::{Body, GrpcQuestion, HttpQuestion, Question, Subject, ask, body_limit};
pub use judge::{Changes, GrpcAnswer, GrpcDecision, HeaderOption, Verdict, judge_grpc, judge_http};

/// What the client gets in place of an answer of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Status.
    pub status: StatusCode,
    /// Headers of the service's answer. Those of its connection and its length are left out.
    pub headers: HeaderMap,
    /// Whether the body of the service's answer goes to the client.
    pub has_body: bool,
    /// Why, for logs.
    pub why: DenialReason,
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialReason {
    /// The service says so.
    Refused,
    /// The service did not answer, or not in a way that means anything (H-070).
    ServiceFailed,
    /// The service does not resolve, or nothing may be sent there (H-077).
    Unresolved,
    /// The body is longer than what the service may get (H-076).
    BodyTooLong,
    /// The request cannot be put into a question: it has no path, or too many headers.
    NotAskable,
    /// What the filter says cannot be asked (H-075).
    BadFilter,
}

impl Denial {
    /// For a service that could not be talked to, in whatever way: not reached, too slow, an answer that makes no sense.
    #[must_use]
    pub fn service_failed() -> Self {
        Self::own(StatusCode::SERVICE_UNAVAILABLE, DenialReason::ServiceFailed)
    }

    /// For a service that does not resolve.
    #[must_use]
    pub fn unresolved() -> Self {
        Self::own(StatusCode::INTERNAL_SERVER_ERROR, DenialReason::Unresolved)
    }

    fn own(status: StatusCode, why: DenialReason) -> Self {
        Self { status, headers: HeaderMap::new(), has_body: false, why }
    }
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the authorisation service refuses the request",
            Self::ServiceFailed => "the authorisation service failed",
            Self::Unresolved => "the authorisation service does not resolve",
            Self::BodyTooLong => "the body is longer than what the authorisation service may get",
            Self::NotAskable => "the authorisation service cannot be asked about such a request",
            Self::BadFilter => "the path of the authorisation service is none",
        })
    }
}

/// What belongs to one message or one connection, and never goes from one message into another: whoever could carry it over
/// would decide where a message ends or whom it is for.
fn is_of_the_message(name: &HeaderName) -> bool {
    const NAMES: [HeaderName; 13] = [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        // No field of HTTP, and yet some servers take it for the host.
        HeaderName::from_static("authority"),
    ];
    NAMES.contains(name)
}

#[cfg(test)]
mod tests;
