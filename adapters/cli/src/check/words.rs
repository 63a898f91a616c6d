//! What the API server says, in words, and what would mend it.

use gwapi_core::validate::{Fault, Violation};
use serde_json::Value;

/// The rule about names of rules: it has a finding of its own.
pub(super) const RULE_NAMES: &str = "Rule name must be unique within the route";

/// What the patterns of the CRDs ask for.
const PATTERNS: &[(&str, &str)] = &[
    (
        r"^([0-9]{1,5}(h|m|s|ms)){1,4}$",
        "a duration: one to four numbers of up to five digits, each with `h`, `m`, `s` or `ms`, such as `1h30m`",
    ),
    (
        r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "a hostname: small letters, digits and `-` in labels, with `*.` before them or without, and no port",
    ),
    (
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "a name: small letters, digits, `-` and `.`, with a letter or digit at both ends",
    ),
    (
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "a name of a namespace: small letters, digits and `-`, with a letter or digit at both ends",
    ),
    (
        r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "a group: empty for the core group, else a domain, without a version",
    ),
    (r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$", "a kind: letters, digits and `-`, such as `Service`"),
    (r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$", "a name of a header or parameter: letters, digits and `!#$%&'*+-.^_|~`, no blanks"),
    (r"^[!-~]+([\t ]?[!-~]+)*$", "a header's value: visible ASCII characters, with single blanks between them"),
    (
        r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)",
        "`*`, or an origin: `http://` or `https://`, a host, perhaps a port, and no path",
    ),
    (
        r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$",
        "a protocol: one of HTTP, HTTPS, TLS, TCP, UDP, or `domain/name`",
    ),
    (
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$",
        "a domain, `/` and a path, such as `example.com/controller`",
    ),
    (r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?", "a URI with a scheme and `//`"),
];

/// Parts of what rules say, and what would mend it.
const FIXES: &[(&str, &str)] = &[
    ("absolute path and start with '/'", "begin the path with `/`"),
    ("must not contain '//'", "write the path without empty, `.` and `..` segments"),
    ("must not contain '/.", "write the path without empty, `.` and `..` segments"),
    ("must not end with '/.", "write the path without empty, `.` and `..` segments"),
    ("must not contain '%2", "write the path without an encoded slash, or use `type: RegularExpression`"),
    ("must not contain '#'", "leave out `#` and what stands behind it: a client never sends it"),
    ("must only contain valid characters (matching ^(?:[-A-Za-z0-9/", "percent-encode the other characters"),
    ("Must have port for Service reference", "add `port`, one of those of the Service"),
    ("Must not have port for Backend reference", "remove `port`: since v1.7 an XBackend has its own"),
    ("must not be used together with backendRefs", "remove the `RequestRedirect` filter or the `backendRefs`"),
    ("filter cannot be repeated", "put what they do into one filter"),
    ("May specify either httpRouteFilterRequestRedirect", "keep one of the two filters, or move one to another rule"),
    (
        "exactly one PathPrefix match must be specified",
        "give the rule one match with `type: PathPrefix`, or use `ReplaceFullPath`",
    ),
    ("must be specified for", "add the field that is named like the type"),
    ("must be nil if the filter.type is not", "remove the field, or set `type` to it"),
    ("sectionName must be specified", "add a `sectionName` to each of them, or remove all but one"),
    ("sectionName or port must be specified", "add a `sectionName` or `port` to each of them, or remove all but one"),
    ("must be unique when parentRefs", "remove all but one of them"),
    ("must be unique when targetRefs", "remove all but one of them"),
    ("total number of matches across all rules", "split the route into several"),
    ("Listener name must be unique", "give each listener a name of its own"),
    (
        "Combination of port, protocol and hostname must be unique",
        "give each listener of the port another hostname, or remove all but one",
    ),
    ("tls must not be specified for protocols", "remove `tls`, or use protocol HTTPS or TLS"),
    ("tls mode must be Terminate for protocol HTTPS", "use `mode: Terminate`, or protocol TLS"),
    ("tls mode must be set for protocol TLS", "add `mode: Terminate` or `mode: Passthrough`"),
    ("certificateRefs or options must be specified when mode is Terminate", "add `certificateRefs`"),
    ("hostname must not be specified for protocols", "remove `hostname`"),
    ("backendRequest timeout cannot be longer than request timeout", "make `backendRequest` as long as `request` or shorter"),
    ("cannot contain '*' alongside", "keep `*` alone, or list the others without it"),
    ("Hostnames cannot contain an IP", "use a name"),
];

/// Fields that v1.6 had and v1.7 drops, by the end of their path, and what takes their place.
const RENAMED: &[(&str, &str)] = &[
    ("sessionPersistence.sessionName", "v1.7 has `cookie.name` or `header.name` in its place"),
    ("sessionPersistence.cookieConfig", "v1.7 has `cookie` in its place"),
    ("spec.port.port", "v1.7 has `number` in its place"),
    ("spec.port.name", "v1.7 has no name of the port: remove it"),
];

/// What is wrong, in words, with the value in backticks where it is short.
pub(super) fn message(violation: &Violation, value: Option<&Value>) -> String {
    let shown = value.map(ToString::to_string).filter(|text| text.chars().count() <= 80).unwrap_or_else(|| "the value".into());
    let shown = if shown == "the value" { shown } else { format!("`{}`", shown.trim_matches('"')) };
    let detail = &violation.detail;
    match violation.fault {
        Fault::Required => format!("`{}` is required", name(&violation.path)),
        Fault::Type => wrong_type(detail),
        Fault::Enum => format!(
            "{shown} is none of the allowed values: {}",
            detail.trim_start_matches("supported values: ").replace('"', "`")
        ),
        Fault::Pattern => match PATTERNS.iter().find(|(pattern, _)| detail.contains(&format!("'{pattern}'"))) {
            Some((_, words)) => format!("{shown} is not {words}"),
            None => format!("{shown} {detail}"),
        },
        Fault::TooLong => format!("the value is too long: it {detail}"),
        Fault::TooMany => format!("too many entries: it {detail}"),
        Fault::TooFew => format!("too few entries: it {detail}"),
        Fault::Duplicate => "the entry is like one before it, and they must differ".into(),
        Fault::Rule | Fault::Immutable | Fault::Metadata => format!("the API server refuses it: {detail}"),
        Fault::RuleError => format!("the API server refuses it, for want of an answer: {detail}"),
        Fault::Alternatives => "the value fits none of the forms that it may have".into(),
        _ => format!("{shown} {detail}"),
    }
}

fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// `must be of type array: "string"` in words.
fn wrong_type(detail: &str) -> String {
    let word = |kind: &str| match kind {
        "array" => "a list",
        "object" => "a mapping",
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number with a fraction, or too large a one",
        "boolean" => "`true` or `false`",
        "null" => "nothing",
        _ => "something else",
    };
    let Some((wanted, found)) = detail.trim_start_matches("must be of type ").split_once(": ") else { return detail.to_owned() };
    format!("expected {}, found {}", word(wanted), word(found.trim_matches('"')))
}

/// What would mend it, where that is clear.
pub(super) fn fix(violation: &Violation) -> Option<String> {
    let detail = &violation.detail;
    Some(match violation.fault {
        Fault::Required => format!("add `{}`", name(&violation.path)),
        Fault::Enum => format!("did you mean `{}`?", violation.nearest.as_ref()?),
        Fault::Type if detail.starts_with("must be of type string") && !detail.contains("\"null\"") => {
            "put the value in quotes".into()
        }
        Fault::Type if detail.starts_with("must be of type integer: \"string\"") => "write the number without quotes".into(),
        Fault::Type if detail.starts_with("must be of type array") => "write a list: `- ` before each entry".into(),
        Fault::Duplicate => "remove one of them, or give it a name of its own".into(),
        Fault::Rule | Fault::RuleError => FIXES.iter().find(|(part, _)| detail.contains(part))?.1.into(),
        _ => return None,
    })
}

/// What became of a field that v1.6 had.
pub(super) fn renamed(path: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| path.ends_with(old)).map(|(_, new)| *new)
}

#[cfg(test)]
mod tests {
    use gwapi_core::validate::text_form;

    use super::*;

    #[test]
    fn every_pattern_and_rule_that_is_explained_is_one_of_the_crds() {
        for (pattern, _) in PATTERNS {
            assert!(text_form::CRDS.contains(&format!("pattern {pattern}\n")), "{pattern}");
        }
        for (part, _) in FIXES {
            assert!(text_form::CRDS.lines().any(|line| line.contains("says ") && line.contains(part)), "{part}");
        }
        assert!(text_form::CRDS.contains(&format!("says {RULE_NAMES}\n")));
    }
}
