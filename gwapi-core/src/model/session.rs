//! Session persistence, in the shapes of v1.6 and v1.7 (J-020 to J-039).

use alloc::sync::Arc;
use core::time::Duration;

use serde::Serialize;

use super::HeaderName;

/// `sessionPersistence`: clients that come back get the endpoint that they had (J-021).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionPersistence {
    /// What carries the session.
    pub token: SessionToken,
    /// After that the session is over (J-025).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute_timeout: Option<Duration>,
}

/// What carries a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum SessionToken {
    /// A cookie.
    Cookie(SessionCookie),
    /// A header. Only v1.6 lets the name be left out; then the implementation chooses one (J-032).
    Header(Option<HeaderName>),
}

/// The cookie of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionCookie {
    /// Its name; nothing lets the implementation choose one (J-032).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Its path, `/` unless something else is asked for (J-026). Holds no `;` and no control character.
    pub path: Arc<str>,
    /// How long clients keep it. [`CookieLifetime::Permanent`] comes with an absolute timeout only.
    pub lifetime: CookieLifetime,
}

/// How long clients keep a cookie (J-024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum CookieLifetime {
    /// Until they end.
    #[default]
    Session,
    /// Until the absolute timeout.
    Permanent,
}
