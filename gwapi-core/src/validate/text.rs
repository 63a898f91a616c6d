//! Forms of texts that Kubernetes knows: names, addresses, durations.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A name as objects have it: RFC 1123 labels with dots between them.
pub(super) fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_lowercase_word)
}

/// A name as namespaces have it: an RFC 1123 label.
pub(super) fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_lowercase_word(text)
}

/// Small letters and digits, with `-` inside.
fn is_lowercase_word(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// A key of labels or annotations: a name, with a subdomain and `/` before it or without.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        None => is_label_word(text),
        Some((prefix, name)) => is_subdomain(prefix) && is_label_word(name),
    }
}

/// A value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_label_word(text)
}

/// Up to 63 letters and digits, with `-`, `_` and `.` inside.
fn is_label_word(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// An address as CEL's `isIP` takes it: without a zone, and no IPv4 address in the clothes of an IPv6 one.
pub(super) fn is_ip_literal(text: &str) -> bool {
    match text.parse() {
        Ok(IpAddr::V4(_)) => true,
        Ok(IpAddr::V6(address)) => address.to_ipv4_mapped().is_none(),
        Err(_) => false,
    }
}

/// The format `ipv4`: dots, and no colon.
pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// The format `ipv6`.
pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// A duration as Go reads it, in nanoseconds: `1h30m`, `-1.5s`, `0`.
pub(super) fn parse_go_duration(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (digits, 0_i64);
    while !rest.is_empty() {
        let (nanoseconds, behind) = duration_part(rest)?;
        total = total.checked_add(nanoseconds)?;
        rest = behind;
    }
    (!digits.is_empty()).then_some(if is_negative { -total } else { total })
}

/// One number with its unit, and what stands behind it.
fn duration_part(text: &str) -> Option<(i64, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (unit, behind) = rest.split_at(rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len()));
    let unit = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let (mut nanoseconds, mut scale) = (whole.checked_mul(unit)?, unit);
    for digit in fraction.bytes() {
        scale /= 10;
        nanoseconds = nanoseconds.checked_add(i64::from(digit - b'0') * scale)?;
    }
    Some((nanoseconds, behind))
}
