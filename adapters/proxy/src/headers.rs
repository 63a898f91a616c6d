//! Headers that are about one connection, and headers that say where a request came from.

use std::net::IpAddr;

use gwapi_core::model::Scheme;
use http::{
    HeaderMap, HeaderName, HeaderValue, Version,
    header::{self, CONNECTION, COOKIE, HOST, TE, TRANSFER_ENCODING, UPGRADE},
};

/// Headers of one connection (RFC 9110, section 7.6.1). `Trailer` is none of them.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// What a `Connection` header cannot take away: it would leave another message than the one that was sent.
const ESSENTIAL: [HeaderName; 4] = [HOST, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Makes a message one of no connection: what is of this hop goes, whatever else `Connection` names too.
///
/// The headers that we add come afterwards, so that a client cannot have them removed (`Connection: x-forwarded-for`).
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION).filter_map(|token| token.parse().ok()).collect();
    for name in named.iter().filter(|name| !ESSENTIAL.contains(name)).chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Whether the client can read trailers, which `TE` says of this hop.
pub(crate) fn accepts_trailers(headers: &HeaderMap) -> bool {
    tokens(headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"))
}

/// The protocol that a client asks to change to, if we pass it on.
///
/// Never HTTP/2: whoever speaks that through a tunnel is past every rule of the routes.
pub(crate) fn upgrade(version: Version, headers: &HeaderMap) -> Option<HeaderValue> {
    let is_asked = version == Version::HTTP_11 && tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    let mut protocols = headers.get_all(UPGRADE).iter();
    let protocol = protocols.next().filter(|_| is_asked && protocols.next().is_none())?;
    let text = protocol.to_str().ok()?.to_ascii_lowercase();
    let is_http = |name: &str| name.starts_with("h2") || name.starts_with("http") || name.starts_with("tls");
    let is_tunnel = !text.is_empty() && text.split(',').all(|name| !is_http(name.trim()));
    is_tunnel.then(|| protocol.clone())
}

/// Says where the request comes from, in place of whatever the client said about that: we are the edge, and nobody in front
/// of us is trusted.
pub(crate) fn overwrite_forwarded(headers: &mut HeaderMap, client: IpAddr, host: Option<HeaderValue>, scheme: Scheme) {
    let spoofed: Vec<HeaderName> = headers.keys().filter(|name| is_forwarded(name)).cloned().collect();
    for name in spoofed {
        headers.remove(name);
    }
    if let Ok(client) = HeaderValue::from_str(&client.to_canonical().to_string()) {
        headers.insert(FORWARDED_FOR, client);
    }
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme.as_str()));
    if let Some(host) = host {
        headers.insert(FORWARDED_HOST, host);
    }
}

/// HTTP/2 may split cookies into many fields, HTTP/1.1 may not (RFC 9113, section 8.2.3).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1 {
        if let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..])) {
            headers.insert(COOKIE, joined);
        }
    }
}

/// Headers that backends believe to come from their proxy, spelled with underscores too: many backends cannot tell.
fn is_forwarded(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded-")
}

/// Drops the trailers that would mean something else as headers (RFC 9110, section 6.5.1).
pub(crate) fn scrub_trailers(trailers: &mut HeaderMap) {
    let refused: Vec<HeaderName> = trailers.keys().filter(|name| !may_trail(name)).cloned().collect();
    for name in refused {
        trailers.remove(name);
    }
}

fn may_trail(name: &HeaderName) -> bool {
    let is_routing = [HOST, header::AUTHORIZATION, COOKIE, header::SET_COOKIE, header::TRAILER].contains(name);
    !(is_routing || is_forwarded(name) || HOP_BY_HOP.contains(name) || ESSENTIAL.contains(name))
}

/// The elements of a header that is a list of tokens.
fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_belongs_to_the_connection_goes_and_what_it_names() {
        let mut headers = map(&[
            ("connection", "close, X-Mine"),
            ("connection", "x-other"),
            ("x-mine", "1"),
            ("x-other", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "secret"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("x-kept", "1"),
            ("trailer", "x-sum"),
        ]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(names(&headers), ["trailer", "x-kept"]);
    }

    #[test]
    fn connection_cannot_change_what_the_message_is() {
        let mut headers = map(&[
            ("connection", "host, content-length, content-type"),
            ("host", "a"),
            ("content-length", "1"),
            ("content-type", "b"),
        ]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(names(&headers), ["content-length", "content-type", "host"]);
    }

    /// CVE-2026-39858 and GHSA-62c8-mh53-4cqv (Traefik).
    #[test]
    fn clients_cannot_say_where_they_come_from() {
        let mut headers = map(&[
            ("host", "shop.example.com:80"),
            ("forwarded", "for=9.9.9.9"),
            ("x-forwarded-for", "9.9.9.9"),
            ("x_forwarded_for", "9.9.9.9"),
            ("x-forwarded_proto", "https"),
            ("x-forwarded-prefix", "/admin"),
            ("x-forwarded-client-cert", "me"),
            ("x-real-ip", "9.9.9.9"),
            ("x-forward", "kept"),
        ]);
        let host = headers.get("host").cloned();
        overwrite_forwarded(&mut headers, "::ffff:10.0.0.1".parse().unwrap(), host, Scheme::Http);
        assert_eq!(names(&headers), ["host", "x-forward", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], "shop.example.com:80");
    }

    #[test]
    fn only_tunnels_are_passed_on_as_upgrades() {
        let asked = |protocol| upgrade(Version::HTTP_11, &map(&[("connection", "keep-alive, Upgrade"), ("upgrade", protocol)]));
        assert_eq!(asked("websocket").unwrap(), "websocket");
        for protocol in ["h2c", "H2C", "websocket, h2c", "TLS/1.0", "HTTP/2.0", ""] {
            assert_eq!(asked(protocol), None, "{protocol}");
        }
        assert_eq!(upgrade(Version::HTTP_2, &map(&[("connection", "upgrade"), ("upgrade", "websocket")])), None);
        assert_eq!(upgrade(Version::HTTP_10, &map(&[("connection", "upgrade"), ("upgrade", "websocket")])), None);
        assert_eq!(upgrade(Version::HTTP_11, &map(&[("upgrade", "websocket")])), None);
    }

    #[test]
    fn cookies_become_one_line() {
        let mut headers = map(&[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2; c=3")]);
        join_cookies(&mut headers);
        assert_eq!(headers.get_all("cookie").iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
    }

    #[test]
    fn trailers_are_no_back_door_for_headers() {
        let mut trailers = map(&[
            ("grpc-status", "0"),
            ("content-length", "5"),
            ("x_forwarded_for", "1"),
            ("authorization", "a"),
            ("host", "b"),
        ]);
        scrub_trailers(&mut trailers);
        assert_eq!(names(&trailers), ["grpc-status"]);
    }
}
