//! The cookie or header that carries a token.

use std::{fmt::Write, time::Duration};

use gwapi_core::model::{CookieLifetime, Scheme, SessionCookie, SessionToken};
use http::{HeaderName, HeaderValue, header::SET_COOKIE};

use super::token::{Scope, Token};
use crate::headers::Headers;

/// The longest name that the API allows.
const MAX_NAME: usize = 256;

/// What carries the token, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Cookie { name: String, path: String, lifetime: CookieLifetime },
    Header(HeaderName),
}

impl Carrier {
    pub(super) fn new(token: &SessionToken, scope: &Scope) -> Self {
        match token {
            SessionToken::Cookie(SessionCookie { name, path, lifetime }) => Self::Cookie {
                name: name.as_deref().filter(|name| is_token(name)).map_or_else(|| generated(scope), str::to_owned),
                path: if is_path(path) { path.to_string() } else { "/".to_owned() },
                lifetime: *lifetime,
            },
            SessionToken::Header(name) => {
                let name = name.as_ref().and_then(|name| HeaderName::from_bytes(name.as_str().as_bytes()).ok());
                let generated = || HeaderName::from_bytes(generated(scope).as_bytes());
                Self::Header(name.or_else(|| generated().ok()).unwrap_or(HeaderName::from_static(PREFIX)))
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Cookie { name, .. } => name,
            Self::Header(name) => name.as_str(),
        }
    }

    /// Whether clients could not tell the two apart. Cookies of other paths have the same name, too: a request can carry both.
    pub(super) fn has_name_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cookie { name, .. }, Self::Cookie { name: other, .. }) => name == other,
            (Self::Header(name), Self::Header(other)) => name == other,
            (Self::Cookie { .. }, Self::Header(_)) | (Self::Header(_), Self::Cookie { .. }) => false,
        }
    }

    /// A cookie under a name that is its own; a header stays what it is.
    pub(super) fn renamed(self, scope: &Scope) -> Self {
        match self {
            Self::Cookie { name, path, lifetime } => {
                let longer = format!("{name}-{}", scope.short());
                let name = if longer.len() <= MAX_NAME { longer } else { generated(scope) };
                Self::Cookie { name, path, lifetime }
            }
            Self::Header(_) => self,
        }
    }

    /// Everything in a request that could be the token: there may be several cookies of the name, and any number of others
    /// (J-028).
    pub(super) fn tokens<'r, H: Headers + ?Sized>(&'r self, headers: &'r H) -> impl Iterator<Item = &'r [u8]> {
        let (field, separator, cookie) = match self {
            Self::Cookie { name, .. } => ("cookie", b';', Some(name.as_bytes())),
            Self::Header(name) => (name.as_str(), b',', None),
        };
        let parts = headers.values(field).flat_map(move |line| line.split(move |byte| *byte == separator));
        parts.filter_map(move |part| match cookie {
            None => Some(part.trim_ascii()),
            Some(name) => Some(part.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")?.trim_ascii()),
        })
    }

    /// What the response says. `rest` is how long the session still lives.
    pub(super) fn line(&self, token: &Token, rest: Option<Duration>, scheme: Scheme) -> Option<(HeaderName, HeaderValue)> {
        let token = token.as_str();
        match self {
            Self::Header(name) => Some((name.clone(), HeaderValue::from_str(token).ok()?)),
            Self::Cookie { name, path, lifetime } => {
                let mut line = format!("{name}={token}; Path={path}; HttpOnly; SameSite=Strict");
                if scheme == Scheme::Https {
                    line.push_str("; Secure");
                }
                // J-024. Rounded up: a client must not forget a session that is alive.
                if let (CookieLifetime::Permanent, Some(rest)) = (lifetime, rest) {
                    let seconds = rest.as_secs().saturating_add(u64::from(rest.subsec_nanos() > 0));
                    let _ = write!(line, "; Max-Age={seconds}");
                }
                Some((SET_COOKIE, HeaderValue::from_str(&line).ok()?))
            }
        }
    }
}

const PREFIX: &str = "gwapi-session";

/// J-032.
fn generated(scope: &Scope) -> String {
    format!("{PREFIX}-{}", scope.short())
}

fn is_token(text: &str) -> bool {
    text.len() <= MAX_NAME && gwapi_core::model::HeaderName::parse(text).is_ok()
}

/// S-020: nothing that ends the attribute. An empty path would leave it to browsers, which take that of the request (J-026).
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b';')
}
