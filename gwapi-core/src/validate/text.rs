//! Forms of texts that Kubernetes knows: names, addresses, durations.

use alloc::string::String;
use core::net::{IpAddr, Ipv6Addr};

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

/// The format `ipv4`: an address with a dot. The server still takes leading zeros, as Go did once.
pub(super) fn is_ipv4(text: &str) -> bool {
    let plain: String = text.split_inclusive(['.', ':']).map(without_zeros).collect();
    text.contains('.') && plain.parse::<IpAddr>().is_ok()
}

/// A number, with what stands behind it, without the zeros before it.
fn without_zeros(part: &str) -> &str {
    let short = part.trim_start_matches('0');
    let has_digit = short.starts_with(|c: char| c.is_ascii_hexdigit());
    match part.len() - short.len() {
        0 => part,
        zeros if has_digit => part.get(zeros..).unwrap_or(part),
        zeros => part.get(zeros - 1..).unwrap_or(part),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_server_reads_them() {
        for good in ["1.2.3.4", "01.002.0003.4", "0.0.0.0", "000.0.0.00", "::ffff:1.2.3.4", "::ffff:01.2.3.4"] {
            assert!(is_ipv4(good), "{good}");
        }
        for bad in ["", "1", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.4 ", "::1", "a.b.c.d", ".", "0x1.2.3.4", "1..2.3"] {
            assert!(!is_ipv4(bad), "{bad}");
        }
        assert!(is_ipv6("::1") && is_ipv6("::ffff:1.2.3.4"));
        assert!(!is_ipv6("1.2.3.4") && !is_ipv6("fe80::1%eth0") && !is_ipv6(":"));
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("1ns2us3\u{b5}s4\u{3bc}s", Some(9_001)),
            ("", None),
            ("-", None),
            ("1", None),
            (".s", None),
            ("1d", None),
            ("9999999999h", None),
        ] {
            assert_eq!(parse_go_duration(text), nanoseconds, "{text}");
        }
    }

    #[test]
    fn names_have_their_forms() {
        assert!(is_subdomain("a.b-c.0") && !is_subdomain("a..b") && !is_subdomain("-a") && !is_subdomain(&"a".repeat(254)));
        assert!(is_label(&"a".repeat(63)) && !is_label(&"a".repeat(64)) && !is_label("a.b") && !is_label(""));
        assert!(
            is_qualified_name("a.b/C_d.e") && is_qualified_name("A") && !is_qualified_name("/a") && !is_qualified_name("a/b/c")
        );
        assert!(is_label_value("") && is_label_value("a-_.b") && !is_label_value("-") && !is_label_value(&"a".repeat(64)));
    }
}
