//! Session persistence (J.4), the same for rules, policies and XBackends.

use alloc::sync::Arc;

use super::{Fields, IssueCode, Node, cursor::Variant};
use crate::model::{CookieLifetime, HeaderName, SessionCookie, SessionPersistence, SessionToken};

/// The longest path of a cookie.
const MAX_PATH: usize = 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Cookie,
    Header,
}

impl Variant for Type {
    fn word(self) -> &'static str {
        match self {
            Self::Cookie => "Cookie",
            Self::Header => "Header",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Header => "header",
        }
    }
}

/// J-034. What v1.6 wrote as `sessionName` and `cookieConfig` is the same in another place; `cookie` and `header` may be missing
/// for that reason. No object has both shapes.
pub(super) fn read(node: Node<'_, '_>) -> Option<SessionPersistence> {
    node.object(|fields| {
        let own = fields.variant("type", Some(Type::Cookie), &[Type::Cookie, Type::Header]);
        let absolute_timeout = fields.optional("absoluteTimeout", Node::duration);
        let name = fields.optional("sessionName", |node| node.parsed(HeaderName::parse_written));
        let lifetime = fields.optional("cookieConfig", |node| node.object(|fields| Some(read_lifetime(fields))));
        let token = match own? {
            Type::Cookie => {
                let cookie = fields.optional("cookie", |node| node.object(|fields| Some(read_cookie(fields))));
                let is_new = cookie.is_some();
                let cookie = cookie.unwrap_or_else(|| old_cookie(name, lifetime));
                refuse_old(fields, is_new, &["sessionName", "cookieConfig"]);
                refuse_endless(fields, &cookie, absolute_timeout.is_some());
                SessionToken::Cookie(cookie)
            }
            Type::Header => {
                let header = fields.optional("header", |node| node.object(|fields| fields.required("name", header_name)));
                refuse_old(fields, header.is_some(), &["sessionName"]);
                refuse_old(fields, true, &["cookieConfig"]);
                SessionToken::Header(header.or_else(|| HeaderName::parse(&name?).ok()))
            }
        };
        Some(SessionPersistence { token, absolute_timeout })
    })
}

fn header_name(node: Node<'_, '_>) -> Option<HeaderName> {
    node.parsed(HeaderName::parse)
}

fn old_cookie(name: Option<Arc<str>>, lifetime: Option<CookieLifetime>) -> SessionCookie {
    // J-026: v1.6 left the path to the route; that of v1.7 is the one that no rule can get wrong.
    SessionCookie { name, path: "/".into(), lifetime: lifetime.unwrap_or_default() }
}

fn read_cookie(fields: &mut Fields<'_, '_>) -> SessionCookie {
    SessionCookie {
        name: fields.optional("name", |node| node.parsed(HeaderName::parse_written)),
        path: fields.optional("path", read_path).unwrap_or_else(|| "/".into()),
        lifetime: read_lifetime(fields),
    }
}

fn read_lifetime(fields: &mut Fields<'_, '_>) -> CookieLifetime {
    let known = [("Session", CookieLifetime::Session), ("Permanent", CookieLifetime::Permanent)];
    fields.optional("lifetimeType", |node| node.one_of(&known)).unwrap_or_default()
}

/// S-020: anything that ends an attribute of `Set-Cookie` would add another.
fn read_path(mut node: Node<'_, '_>) -> Option<Arc<str>> {
    let path = node.reborrow().limited(0..=MAX_PATH)?;
    if path.contains(|c: char| c == ';' || c.is_control() || !c.is_ascii()) {
        node.fault(IssueCode::InvalidValue, "the path of a cookie has no `;` and no control or non-ASCII character", None);
        return None;
    }
    Some(path.into())
}

fn refuse_old(fields: &mut Fields<'_, '_>, refuse: bool, names: &[&'static str]) {
    for name in names.iter().filter(|_| refuse) {
        if let Some(mut field) = fields.get(name) {
            field.fault(IssueCode::InvalidValue, "v1.6 wrote it so; it does not go with the other fields", None);
        }
    }
}

/// J-024.
fn refuse_endless(fields: &mut Fields<'_, '_>, cookie: &SessionCookie, has_end: bool) {
    if cookie.lifetime == CookieLifetime::Permanent && !has_end {
        fields.required("absoluteTimeout", |_| Some(()));
    }
}
