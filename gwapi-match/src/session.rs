//! Session persistence (J-020 to J-039): which endpoint a client comes back to, without any memory of the clients.
//!
//! ```text
//!   weights choose the backend ─▶ place(headers, endpoints, now) ─▶ Kept: this endpoint
//!                                                                └▶ New:  any endpoint, chosen as ever
//!   the endpoint has answered  ─▶ answer(placement, endpoint, now) ─▶ a line for the response, if there is anything to say
//! ```
//!
//! What the client carries is sealed with the [`Keys`] of the gateway and says which endpoint it was and since when; everything
//! else is read from the configuration of now. A session lives inside the backend that the weights chose and never overrides
//! them (J-021): a token of another backend or rule is as good as none. So is one that is over (J-025), and one whose endpoint
//! is gone (J-029).
//!
//! The response of a backend keeps the cookies that it sets; ours is *added* to them (J-028), where a header *replaces* the
//! backend's. A cookie or header of the request goes on to the backend as it is (J-038).
//!
//! ```
//! use std::time::Duration;
//!
//! use gwapi_core::{
//!     model::{CookieLifetime, Scheme, SessionCookie, SessionPersistence, SessionToken},
//!     name::ObjectKey,
//!     resolution::BackendKey,
//! };
//! use gwapi_match::session::{EndpointId, Keys, NoSession, Placement, Scope, Sessions};
//!
//! // Once for each backend of a configuration.
//! let backend = BackendKey { object: ObjectKey::namespaced("", "Service", &"shop".into(), &"cart".into()), port: 80 };
//! let cookie = SessionCookie { name: Some("cart".into()), path: "/".into(), lifetime: CookieLifetime::Session };
//! let persistence = SessionPersistence { token: SessionToken::Cookie(cookie), absolute_timeout: None };
//! let sessions = Sessions::new(&persistence, Scope::of_backend(&backend));
//! let keys = Keys::new(&[7; 32], &[]);
//! let endpoints = [EndpointId::of(b"pod-a"), EndpointId::of(b"pod-b")];
//!
//! // The first request has no token: whatever endpoint answers it, the response says so.
//! let now = Duration::from_secs(1_800_000_000);
//! let placement = sessions.place(&keys, &http::HeaderMap::new(), endpoints.iter().copied(), now);
//! assert_eq!(placement, Placement::New(NoSession::NoToken));
//! let (name, value) = sessions.answer(&keys, &placement, endpoints[1], now, Scheme::Https).expect("a new session");
//! assert_eq!(name, "set-cookie");
//!
//! // The next one comes back to the same endpoint, and there is nothing new to say.
//! let cookie = value.to_str().unwrap().split(';').next().unwrap();
//! let headers: &[(&[u8], &[u8])] = &[(b"Cookie", cookie.as_bytes())];
//! let placement = sessions.place(&keys, headers, endpoints.iter().copied(), now);
//! assert!(matches!(placement, Placement::Kept { index: 1, .. }));
//! assert_eq!(sessions.answer(&keys, &placement, endpoints[1], now, Scheme::Https), None);
//! ```

use std::time::Duration;

use gwapi_core::{
    model::{Scheme, SessionPersistence},
    name::ObjectKey,
    resolution::{ResolvedBackend, ResolvedRule},
};
use http::{HeaderName, HeaderValue};

use crate::headers::Headers;

mod carrier;
mod token;

use carrier::Carrier;
pub use token::{EndpointId, Keys, Opened, Scope, Session, Token};

/// How far the clock of the gateway that made a token may be ahead of ours. A token from further in the future is none: with an
/// absolute timeout it would outlive it.
pub const MAX_SKEW: Duration = Duration::from_secs(300);

/// How many tokens of one request are looked at: clients can send as many as fit into their headers.
const MAX_TOKENS: usize = 8;

/// The sessions of one backend, ready for requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    scope: Scope,
    carrier: Carrier,
    absolute_timeout: Option<Duration>,
}

/// Where a request belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// To the endpoint that the client had.
    Kept {
        /// Its place among the endpoints.
        index: usize,
        /// The session.
        session: Session,
        /// Whether the token is of an older key: [`Sessions::answer`] replaces it, so that the key can be dropped some day.
        is_old: bool,
    },
    /// To any endpoint: a new session begins there.
    New(NoSession),
}

/// Why a request has no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoSession {
    /// It carries no token of this backend: none at all, one of another backend or rule, one that we did not seal (J-035).
    NoToken,
    /// The absolute timeout is over (J-025).
    Over,
    /// The endpoint no longer serves (J-029).
    Gone,
}

impl Sessions {
    /// The sessions that `persistence` asks for inside `scope`.
    ///
    /// A cookie or header that has no name gets one that is made of the scope: no two scopes share it, and every replica of the
    /// gateway makes the same (J-032). The same goes for a name, and `/` for a path, that could not be written.
    #[must_use]
    pub fn new(persistence: &SessionPersistence, scope: Scope) -> Self {
        let SessionPersistence { token, absolute_timeout } = persistence;
        Self { scope, carrier: Carrier::new(token, &scope), absolute_timeout: *absolute_timeout }
    }

    /// For each backend of a rule its sessions, in the order of the list; nothing for those without persistence (J-031).
    ///
    /// What a backend or a policy on it says comes before what the rule says (J-022). Several backends cannot share one cookie,
    /// which left to the specification is decided so (J-032):
    ///
    /// * Of backends whose *own* settings name the same cookie or header the first that has any weight gets it, and the others
    ///   have no sessions.
    /// * The name of a cookie that the *rule* gives is that of the first backend. Others get it with an ending that is made of
    ///   their scope, so that a client has a session in each of them.
    /// * A header that the rule names is one for all backends, since clients know it by that name: it holds the session of the
    ///   backend that was chosen last.
    #[must_use]
    pub fn of_rule(route: &ObjectKey, rule: &ResolvedRule) -> Vec<Option<Self>> {
        let mut taken = Vec::new();
        rule.backends.iter().map(|backend| Self::of_entry(route, rule, backend, &mut taken)).collect()
    }

    fn of_entry(route: &ObjectKey, rule: &ResolvedRule, entry: &ResolvedBackend, taken: &mut Vec<Self>) -> Option<Self> {
        let key = &entry.target.as_ref().ok()?.key;
        let is_taken = |sessions: &Self, taken: &[Self]| {
            taken.iter().any(|other| other.scope != sessions.scope && other.carrier.has_name_of(&sessions.carrier))
        };
        let sessions = match (&entry.session_persistence, &rule.session_persistence) {
            (Some(own), _) => {
                let sessions = Self::new(own, Scope::of_backend(key));
                if entry.weight == 0 || is_taken(&sessions, taken) {
                    return None;
                }
                sessions
            }
            (None, Some(of_rule)) => {
                let sessions = Self::new(of_rule, Scope::of_rule(route, rule, key));
                if is_taken(&sessions, taken) { sessions.renamed() } else { sessions }
            }
            (None, None) => return None,
        };
        taken.push(sessions.clone());
        Some(sessions)
    }

    fn renamed(self) -> Self {
        Self { carrier: self.carrier.renamed(&self.scope), ..self }
    }

    /// The name of the cookie or header.
    #[must_use]
    pub fn name(&self) -> &str {
        self.carrier.name()
    }

    /// Where a request belongs that carries these headers and for which the weights chose this backend (J-020, J-021).
    ///
    /// `endpoints` are those that may serve it: one that is draining may stay among them for the sake of its sessions (J-029).
    /// `now` is the time since the Unix epoch.
    pub fn place<H: Headers + ?Sized>(
        &self,
        keys: &Keys,
        headers: &H,
        endpoints: impl Iterator<Item = EndpointId> + Clone,
        now: Duration,
    ) -> Placement {
        let mut why = NoSession::NoToken;
        for text in self.carrier.tokens(headers).filter(|text| text.len() == Token::LEN).take(MAX_TOKENS) {
            let Some(Opened { session, is_old }) = keys.open(&self.scope, text) else { continue };
            if session.since > now.saturating_add(MAX_SKEW) {
                continue;
            }
            if self.is_over(&session, now) {
                why = NoSession::Over;
            } else if let Some(index) = endpoints.clone().position(|endpoint| endpoint == session.endpoint) {
                return Placement::Kept { index, session, is_old };
            } else {
                why = NoSession::Gone;
            }
        }
        Placement::New(why)
    }

    /// What the response has to say: a `Set-Cookie` line to add, or a header to set. Nothing if the client has it already.
    ///
    /// `endpoint` is the one that has answered: after a retry it can be another than the one that was kept, and the session goes
    /// on there (J-029). A response that no endpoint has made says nothing. `scheme` is that of the client's connection: `Secure`
    /// cannot be kept without TLS (J-027).
    #[must_use]
    pub fn answer(
        &self,
        keys: &Keys,
        placement: &Placement,
        endpoint: EndpointId,
        now: Duration,
        scheme: Scheme,
    ) -> Option<(HeaderName, HeaderValue)> {
        let session = match *placement {
            Placement::Kept { session, is_old, .. } if session.endpoint == endpoint => {
                if !is_old {
                    return None;
                }
                session
            }
            Placement::Kept { .. } | Placement::New(_) => Session { endpoint, since: now },
        };
        let rest = self.absolute_timeout.map(|timeout| timeout.saturating_sub(now.saturating_sub(session.since)));
        self.carrier.line(&keys.seal(&self.scope, &session), rest, scheme)
    }

    /// J-025: the gateway itself counts, whatever clients do with an expiry date (J-024). A timeout of zero is over at once.
    fn is_over(&self, session: &Session, now: Duration) -> bool {
        self.absolute_timeout.is_some_and(|timeout| now.saturating_sub(session.since) >= timeout)
    }
}

#[cfg(test)]
mod tests;
