//! Hostnames: syntax, matching, intersection and specificity (requirements chapter E).

use alloc::{borrow::Cow, string::String, sync::Arc};
use core::{cmp::Reverse, fmt};

use serde::{Serialize, Serializer};

/// The longest hostname, in characters (E-001).
pub const MAX_HOSTNAME: usize = 253;

/// A configured hostname: lower-case labels, or a wildcard `*.` and labels (E-001).
///
/// ```
/// use gwapi_core::{Hostname, HostnameError};
/// let wildcard: Hostname = "*.example.com".parse()?;
/// assert!(wildcard.matches("a.b.example.com") && !wildcard.matches("example.com"));
///
/// // A listener and a route serve together what both cover.
/// let exact: Hostname = "shop.example.com".parse()?;
/// assert_eq!(wildcard.intersection(&exact), Some(&exact));
/// assert_eq!(exact.intersection(&"*.example.org".parse()?), None);
///
/// assert_eq!("shop.*".parse::<Hostname>(), Err(HostnameError::BadWildcard));
/// # Ok::<(), HostnameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(Arc<str>);

/// Why a text is no hostname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum HostnameError {
    /// Nothing, or nothing behind the `*.`.
    #[error("a hostname must not be empty")]
    Empty,
    /// Over 253 characters.
    #[error("a hostname has at most 253 characters")]
    TooLong,
    /// A label is empty, which includes a dot at the end.
    #[error("a label of a hostname must not be empty")]
    EmptyLabel,
    /// A label holds something else than `a`–`z`, `0`–`9` and `-`, or does not begin and end alphanumerically.
    #[error("labels are lower-case letters, digits and `-`, and begin and end alphanumerically")]
    BadLabel,
    /// A `*` that is not the whole first label.
    #[error("a wildcard is the whole first label, as in `*.example.com`")]
    BadWildcard,
    /// An IP address (E-002).
    #[error("an IP address is not a hostname")]
    IpAddress,
}

impl Hostname {
    /// Reads a hostname.
    ///
    /// # Errors
    /// If the text breaks E-001 or is an IP address (E-002), which the CRD pattern does not stop.
    pub fn parse(text: &str) -> Result<Self, HostnameError> {
        let labels = text.strip_prefix("*.").unwrap_or(text);
        if labels.is_empty() {
            return Err(HostnameError::Empty);
        }
        if text.len() > MAX_HOSTNAME {
            return Err(HostnameError::TooLong);
        }
        if text.parse::<core::net::IpAddr>().is_ok() {
            return Err(HostnameError::IpAddress);
        }
        labels.split('.').try_for_each(check_label)?;
        Ok(Self(Arc::from(text)))
    }

    /// The hostname as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with `*.`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.wildcard_suffix().is_some()
    }

    /// `.example.com` of `*.example.com`.
    #[must_use]
    pub fn wildcard_suffix(&self) -> Option<&str> {
        self.0.strip_prefix('*')
    }

    /// Whether a request host, as [`RequestHost`] writes it, is covered: an exact hostname covers itself, a wildcard every
    /// name with at least one more label in front (E-003).
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self.wildcard_suffix() {
            None => &*self.0 == host,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        }
    }

    /// What both cover: the narrower of the two, if one covers the other (E-005 to E-008).
    #[must_use]
    pub fn intersection<'a>(&'a self, other: &'a Self) -> Option<&'a Self> {
        if self.covers(other) {
            Some(other)
        } else if other.covers(self) {
            Some(self)
        } else {
            None
        }
    }

    /// Whether every name that `narrower` covers is covered by this one.
    #[must_use]
    pub fn covers(&self, narrower: &Self) -> bool {
        match (self.wildcard_suffix(), narrower.wildcard_suffix()) {
            (None, _) => self == narrower,
            (Some(_), None) => self.matches(&narrower.0),
            // `*.example.com` covers itself and `*.sub.example.com`; both suffixes begin with a dot.
            (Some(wide), Some(narrow)) => narrow.ends_with(wide),
        }
    }

    /// How specific a listener's hostname is: exact, then more labels, then fewer; smaller is more specific (B-022).
    /// A listener without hostname comes after all of them.
    ///
    /// ```
    /// use gwapi_core::Hostname;
    /// let wildcard: Hostname = "*.example.com".parse()?;
    /// let exact: Hostname = "shop.example.com".parse()?;
    /// assert!(Hostname::specificity(Some(&exact)) < Hostname::specificity(Some(&wildcard)));
    /// assert!(Hostname::specificity(Some(&wildcard)) < Hostname::specificity(None));
    /// # Ok::<(), gwapi_core::HostnameError>(())
    /// ```
    #[must_use]
    pub fn specificity(hostname: Option<&Self>) -> Specificity {
        let Some(hostname) = hostname else { return Specificity::Any };
        match hostname.wildcard_suffix() {
            None => Specificity::Exact,
            Some(suffix) => Specificity::Wildcard(Reverse(suffix.matches('.').count())),
        }
    }
}

/// How specific a listener's hostname is; the smaller one is preferred (B-022).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Specificity {
    /// An exact hostname.
    Exact,
    /// A wildcard with so many labels behind the `*`.
    Wildcard(Reverse<usize>),
    /// No hostname.
    Any,
}

fn check_label(label: &str) -> Result<(), HostnameError> {
    let bytes = label.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Err(HostnameError::EmptyLabel) };
    if bytes.contains(&b'*') {
        return Err(HostnameError::BadWildcard);
    }
    if alphanumeric(first) && alphanumeric(last) && bytes.iter().all(|b| alphanumeric(b) || *b == b'-') {
        Ok(())
    } else {
        Err(HostnameError::BadLabel)
    }
}

impl core::str::FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, HostnameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Hostname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The host of a request (Host header, `:authority` or SNI) in the one form that matching uses: without port, in lower
/// case, without the dot at the end.
///
/// The same function normalises SNI and Host, so that the two can never disagree about a name. Case is folded because
/// host names have none (E-014); one dot at the end is dropped because `example.com.` is the same name.
///
/// ```
/// use gwapi_core::RequestHost;
/// let host = RequestHost::parse("Shop.Example.com.:8080").expect("a host");
/// assert_eq!(host.as_str(), "shop.example.com");
/// assert_eq!(RequestHost::parse("a host"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHost<'r>(Cow<'r, str>);

impl<'r> RequestHost<'r> {
    /// Reads `host`, `host:port` or `[v6]:port`. Nothing is returned for what is no host at all (E-026).
    #[must_use]
    pub fn parse(authority: &'r str) -> Option<Self> {
        let host = strip_port(authority)?;
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.len() > MAX_HOSTNAME || !(is_address(host) || is_name(host)) {
            return None;
        }
        Some(Self(if host.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }))
    }

    /// The normalised host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

/// The part before the port; nothing if there is more than one colon outside of brackets or the port is no number.
fn strip_port(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(v6) = authority.strip_prefix('[') {
        let end = v6.find(']')?;
        (authority.get(..end + 2)?, authority.get(end + 2..)?)
    } else {
        match authority.find(':') {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        }
    };
    let digits = match port.strip_prefix(':') {
        Some(digits) => digits,
        None if port.is_empty() => "",
        None => return None,
    };
    (digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(host)
}

/// `[2001:db8::1]`.
fn is_address(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok())
}

/// Labels between dots, none of them empty. The underscore is in no hostname and occurs in practice.
fn is_name(host: &str) -> bool {
    let is_label_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    host.split('.').all(|label| !label.is_empty() && label.bytes().all(is_label_byte))
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    fn hostname(text: &str) -> Hostname {
        Hostname::parse(text).unwrap()
    }

    #[test]
    fn e_001_labels_are_lower_case_and_a_wildcard_is_the_whole_first_label() {
        for text in ["example.com", "*.example.com", "a", "xn--bcher-kva.example", "1a.2b", "a-b.c"] {
            assert!(Hostname::parse(text).is_ok(), "{text}");
        }
        for (text, error) in [
            ("", HostnameError::Empty),
            ("*.", HostnameError::Empty),
            ("*", HostnameError::BadWildcard),
            ("f*.example.com", HostnameError::BadWildcard),
            ("*oo.example.com", HostnameError::BadWildcard),
            ("a.*.com", HostnameError::BadWildcard),
            ("*.*.com", HostnameError::BadWildcard),
            ("Example.com", HostnameError::BadLabel),
            ("-a.com", HostnameError::BadLabel),
            ("a_b.com", HostnameError::BadLabel),
            ("example.com.", HostnameError::EmptyLabel),
            ("a..b", HostnameError::EmptyLabel),
        ] {
            assert_eq!(Hostname::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn e_001_a_name_has_253_characters_at_most() {
        let longest = alloc::vec!["a"; 127].join(".");
        let too_long = format!("a{longest}");
        assert_eq!(Hostname::parse(&longest).map(|name| name.as_str().len()), Ok(253));
        assert_eq!(Hostname::parse(&too_long), Err(HostnameError::TooLong));
        assert!(RequestHost::parse(&longest).is_some() && RequestHost::parse(&too_long).is_none());
    }

    #[test]
    fn a_name_is_shown_as_it_is_written() {
        let name = hostname("*.example.com");
        assert_eq!((name.to_string(), format!("{name:?}")), ("*.example.com".into(), "\"*.example.com\"".into()));
        assert_eq!(RequestHost::parse("Example.com:80").map(RequestHost::into_owned).as_deref(), Some("example.com"));
    }

    #[test]
    fn e_026_behind_an_address_stands_a_port_or_nothing() {
        assert_eq!(
            ["[::1]", "[::1]:80", "[::1]80", "[::1]x"].map(|text| RequestHost::parse(text).is_some()),
            [true, true, false, false]
        );
    }

    #[test]
    fn e_003_an_exact_name_matches_itself_alone() {
        let name = hostname("example.com");
        assert!(name.matches("example.com") && !name.matches("a.example.com") && !name.matches("example.org"));
    }

    #[test]
    fn e_002_an_address_is_no_hostname() {
        assert_eq!(Hostname::parse("192.0.2.1"), Err(HostnameError::IpAddress));
        assert_eq!(Hostname::parse("::1"), Err(HostnameError::IpAddress));
    }

    #[test]
    fn pitfall_5_a_wildcard_covers_any_depth_and_never_the_apex() {
        let wildcard = hostname("*.example.com");
        assert!(wildcard.matches("a.example.com") && wildcard.matches("a.b.example.com"));
        assert!(!wildcard.matches("example.com") && !wildcard.matches(".example.com"));
    }

    #[test]
    fn pitfall_l5_a_wildcard_ends_at_a_label() {
        assert!(!hostname("*.example.com").matches("badexample.com"));
        assert_eq!(hostname("*.example.com").intersection(&hostname("badexample.com")), None);
    }

    #[test]
    fn pitfall_2_the_intersection_of_wildcards_is_the_narrower_one() {
        let (wide, narrow) = (hostname("*.foo.com"), hostname("*.bar.foo.com"));
        assert_eq!(wide.intersection(&narrow), Some(&narrow));
        assert_eq!(narrow.intersection(&wide), Some(&narrow));
    }

    #[test]
    fn b_022_exact_before_more_labels_before_fewer_before_none() {
        let mut ordered = [None, Some("*.example.com"), Some("abc.foo.example.com"), Some("*.foo.example.com")];
        ordered.sort_by_key(|text| Hostname::specificity(text.map(hostname).as_ref()));
        assert_eq!(ordered, [Some("abc.foo.example.com"), Some("*.foo.example.com"), Some("*.example.com"), None]);
    }

    #[test]
    fn pitfall_10_case_port_and_final_dot_of_a_request_host_mean_nothing() {
        for authority in ["Shop.Example.COM", "shop.example.com:8080", "shop.example.com.", "SHOP.example.com.:80"] {
            assert_eq!(RequestHost::parse(authority).unwrap().as_str(), "shop.example.com", "{authority}");
        }
        assert_eq!(RequestHost::parse("[2001:DB8::1]:80").unwrap().as_str(), "[2001:db8::1]");
    }

    #[test]
    fn e_026_what_is_no_host_is_none() {
        let long = "a".repeat(254);
        for authority in [
            "",
            ":80",
            ".",
            "a b",
            "a/b",
            "a:b",
            "a:1:2",
            "user@host",
            "*.example.com",
            "[::1",
            "[a]",
            "a]b",
            "a..b",
            ".a",
            &long,
        ] {
            assert_eq!(RequestHost::parse(authority), None, "{authority}");
        }
    }
}
