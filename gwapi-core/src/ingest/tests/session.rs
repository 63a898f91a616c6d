//! Session persistence in the shapes of v1.6 and v1.7.

use core::time::Duration;

use super::*;
use crate::model::{CookieLifetime, HeaderName, SessionCookie, SessionPersistence, SessionToken};

fn session(value: Value) -> Result<SessionPersistence, Vec<String>> {
    let (rule, issues) = rule(json!({"sessionPersistence": value}));
    assert_reported(&rule.invalid, &issues);
    if rule.invalid.is_empty() {
        return Ok(rule.session_persistence.unwrap());
    }
    let place = at_rule("sessionPersistence.");
    Err(rule.invalid.iter().map(|invalid| invalid.path.trim_start_matches(&place).to_string()).collect())
}

fn cookie(name: Option<&str>, path: &str, lifetime: CookieLifetime) -> SessionToken {
    SessionToken::Cookie(SessionCookie { name: name.map(Into::into), path: path.into(), lifetime })
}

#[test]
fn j_020_cookies_are_the_default() {
    let plain = cookie(None, "/", CookieLifetime::Session);
    for value in [json!({}), json!({"type": "Cookie"}), json!({"cookie": {}}), json!({"cookieConfig": {}})] {
        assert_eq!(session(value.clone()).unwrap().token, plain, "{value}");
    }
    let full = session(full::cookie_session()).unwrap();
    assert_eq!(full.token, cookie(Some("sid"), "/a", CookieLifetime::Permanent));
    assert_eq!(full.absolute_timeout, Some(Duration::from_secs(3600)));
}

#[test]
fn both_shapes_come_to_the_same() {
    for (old, new) in [
        (json!({"sessionName": "Sid"}), json!({"cookie": {"name": "Sid"}})),
        (
            json!({"cookieConfig": {"lifetimeType": "Permanent"}, "absoluteTimeout": "1h"}),
            json!({"cookie": {"lifetimeType": "Permanent"}, "absoluteTimeout": "1h"}),
        ),
        (json!({"type": "Header", "sessionName": "X-Sid"}), json!({"type": "Header", "header": {"name": "x-sid"}})),
    ] {
        assert_eq!(session(old.clone()), session(new), "{old}");
    }
    // J-032.
    assert_eq!(session(json!({"type": "Header"})).unwrap().token, SessionToken::Header(None));
    let named = session(json!({"type": "Header", "sessionName": "x"})).unwrap().token;
    assert_eq!(named, SessionToken::Header(HeaderName::parse("x").ok()));
}

#[test]
fn j_034_what_does_not_go_together_is_refused() {
    for (value, at) in [
        (json!({"header": {"name": "x"}}), "header"),
        (json!({"type": "Header", "header": {"name": "x"}, "cookie": {}}), "cookie"),
        (json!({"type": "Header", "header": {}}), "header.name"),
        (json!({"type": "Header", "cookieConfig": {}}), "cookieConfig"),
        (json!({"cookie": {}, "sessionName": "x"}), "sessionName"),
        (json!({"cookie": {}, "cookieConfig": {}}), "cookieConfig"),
        (json!({"type": "Header", "header": {"name": "x"}, "sessionName": "x"}), "sessionName"),
        (json!({"type": "Query"}), "type"),
        (json!({"cookie": {"lifetimeType": "Permanent"}}), "absoluteTimeout"),
        (json!({"cookieConfig": {"lifetimeType": "Permanent"}}), "absoluteTimeout"),
        (json!({"cookie": {"lifetimeType": "Forever"}}), "cookie.lifetimeType"),
        (json!({"cookie": {"name": "a b"}}), "cookie.name"),
        (json!({"cookie": {"name": ""}}), "cookie.name"),
        (json!({"sessionName": "a;b"}), "sessionName"),
        (json!({"cookie": {"path": text(1025)}}), "cookie.path"),
        (json!({"absoluteTimeout": "soon"}), "absoluteTimeout"),
        // Gone since v1.6.0.
        (json!({"idleTimeout": "1h"}), "idleTimeout"),
    ] {
        assert_eq!(session(value.clone()), Err([at.to_string()].into()), "{value}");
    }
}

#[test]
fn s_020_the_path_of_a_cookie_adds_no_attribute() {
    for bad in ["/;Domain=b.example", "/\r\nx: y", "/\0", "/ä"] {
        assert_eq!(session(json!({"cookie": {"path": bad}})), Err(["cookie.path".to_string()].into()), "{bad:?}");
    }
}
