//! `RequestHeaderModifier` and `ResponseHeaderModifier` (H-014 to H-022).
//!
//! Every name stands in the filter once (H-016), so that the order of set, add and remove does not matter. Headers that
//! this library does not let filters touch (H-021) are refused where objects are read, not here. Responses that the gateway
//! makes itself are not modified (H-022): that is for the caller to keep to.

use std::borrow::Cow;

use gwapi_core::model::{self, HeaderModifier};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

use super::FilterError;
use crate::headers::{Headers, SET_COOKIE, separators};

/// Changes headers in place. `add` adds a field line behind those that are there, which means the same as one joined line
/// (H-014, H-019).
///
/// ```
/// use gwapi_core::model::{HeaderModifier, HeaderName, HeaderValue};
/// use gwapi_match::filters::header_modifier::apply;
/// let header = |name, value: &str| Ok(HeaderValue { name: HeaderName::parse(name)?, value: value.into() });
/// let modifier = HeaderModifier { add: vec![header("X-Tag", "new")?], ..HeaderModifier::default() };
/// let mut headers = http::HeaderMap::new();
/// headers.insert("x-tag", http::HeaderValue::from_static("old"));
/// apply(&modifier, &mut headers).unwrap();
/// assert_eq!(headers.get_all("x-tag").iter().collect::<Vec<_>>(), ["old", "new"]);
/// # Ok::<(), gwapi_core::model::HeaderNameError>(())
/// ```
///
/// # Errors
/// If a header cannot be written; the headers are then in between, and the message must not be sent.
pub fn apply(modifier: &HeaderModifier, headers: &mut HeaderMap) -> Result<(), FilterError> {
    for name in &modifier.remove {
        headers.remove(name.as_str());
    }
    for header in &modifier.set {
        let (name, value) = line(header)?;
        headers.try_insert(name, value).map_err(|_| cannot_write(header))?;
    }
    for header in &modifier.add {
        let (name, value) = line(header)?;
        headers.try_append(name, value).map_err(|_| cannot_write(header))?;
    }
    Ok(())
}

fn line(header: &model::HeaderValue) -> Result<(HeaderName, HeaderValue), FilterError> {
    let name = HeaderName::from_bytes(header.name.as_str().as_bytes());
    let value = HeaderValue::from_bytes(header.value.as_bytes());
    name.ok().zip(value.ok()).ok_or_else(|| cannot_write(header))
}

fn cannot_write(header: &model::HeaderValue) -> FilterError {
    FilterError::Header { name: header.name.to_string() }
}

/// One change of a message's headers, for hosts without a [`HeaderMap`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum HeaderChange<'m> {
    /// The header gets this one value in place of what it has.
    Set {
        /// Name in lower case.
        name: &'m str,
        /// Value.
        #[serde(serialize_with = "as_text")]
        value: Cow<'m, [u8]>,
    },
    /// The header gets one more field line behind those that it has. So it is with Set-Cookie only, whose lines cannot be
    /// joined.
    Add {
        /// Name in lower case.
        name: &'m str,
        /// Value.
        #[serde(serialize_with = "as_text")]
        value: Cow<'m, [u8]>,
    },
    /// The header goes.
    Remove {
        /// Name in lower case.
        name: &'m str,
    },
}

/// The changes that a filter makes to these headers, each name at most once. `add` becomes the joined value, `old,new`
/// (H-014), and what is not there is not removed.
#[must_use]
pub fn changes<'m, H: Headers + ?Sized>(modifier: &'m HeaderModifier, headers: &H) -> Vec<HeaderChange<'m>> {
    let present = |name: &&'m model::HeaderName| headers.first(name.as_str()).is_some();
    let remove = modifier.remove.iter().filter(present).map(|name| HeaderChange::Remove { name: name.as_str() });
    let value = |header: &'m model::HeaderValue| Cow::Borrowed(header.value.as_bytes());
    let set = modifier.set.iter().map(|header| HeaderChange::Set { name: header.name.as_str(), value: value(header) });
    let add = modifier.add.iter().map(|header| added(header.name.as_str(), header.value.as_bytes(), headers));
    remove.chain(set).chain(add).collect()
}

fn added<'m, H: Headers + ?Sized>(name: &'m str, new: &'m [u8], headers: &H) -> HeaderChange<'m> {
    let (separator, _) = separators(name);
    match headers.joined(name) {
        None => HeaderChange::Set { name, value: Cow::Borrowed(new) },
        Some(_) if name == SET_COOKIE => HeaderChange::Add { name, value: Cow::Borrowed(new) },
        Some(old) => HeaderChange::Set { name, value: Cow::Owned([&*old, separator, new].concat()) },
    }
}

fn as_text<S: Serializer>(value: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&String::from_utf8_lossy(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> model::HeaderName {
        model::HeaderName::parse(text).unwrap()
    }

    fn header(key: &str, value: &str) -> model::HeaderValue {
        model::HeaderValue { name: name(key), value: value.into() }
    }

    fn modifier(set: &[(&str, &str)], add: &[(&str, &str)], remove: &[&str]) -> HeaderModifier {
        let all = |list: &[(&str, &str)]| list.iter().map(|(key, value)| header(key, value)).collect();
        HeaderModifier { set: all(set), add: all(add), remove: remove.iter().map(|key| name(key)).collect() }
    }

    /// The joined lines after the filter, sorted.
    fn after(modifier: &HeaderModifier, before: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
        lines(&changed(modifier, before))
    }

    /// Applies the filter in both forms and checks that they say the same.
    fn changed(modifier: &HeaderModifier, before: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (key, value) in before {
            map.append(*key, HeaderValue::from_static(value));
        }
        let mut changed = map.clone();
        for change in changes(modifier, &map) {
            match change {
                HeaderChange::Set { name, value } => {
                    changed.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(&value).unwrap());
                }
                HeaderChange::Add { name, value } => {
                    changed.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(&value).unwrap());
                }
                HeaderChange::Remove { name } => assert!(changed.remove(name).is_some(), "{name} was there"),
            }
        }
        apply(modifier, &mut map).unwrap();
        assert_eq!(lines(&map), lines(&changed));
        changed
    }

    fn lines(map: &HeaderMap) -> Vec<(String, String)> {
        let joined = |key: &HeaderName| String::from_utf8(map.joined(key.as_str()).unwrap().into_owned()).unwrap();
        let mut lines: Vec<_> = map.keys().map(|key| (key.to_string(), joined(key))).collect();
        lines.sort();
        lines
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn h_014_set_replaces_every_value_or_creates() {
        let filter = modifier(&[("X-Header-Set", "new")], &[], &[]);
        assert_eq!(after(&filter, &[]), pairs(&[("x-header-set", "new")]));
        assert_eq!(after(&filter, &[("x-header-set", "a"), ("x-header-set", "b")]), pairs(&[("x-header-set", "new")]));
    }

    #[test]
    fn h_014_add_appends_behind_what_is_there_or_creates() {
        let filter = modifier(&[], &[("X-Header-Add", "add-appends-values")], &[]);
        assert_eq!(after(&filter, &[]), pairs(&[("x-header-add", "add-appends-values")]));
        let old = [("x-header-add", "some-other-value")];
        assert_eq!(after(&filter, &old), pairs(&[("x-header-add", "some-other-value,add-appends-values")]));
        let twice = [("x-header-add", "a"), ("x-header-add", "b")];
        assert_eq!(after(&filter, &twice), pairs(&[("x-header-add", "a,b,add-appends-values")]));
    }

    #[test]
    fn h_014_cookies_that_a_backend_sets_stay_when_one_is_added() {
        let filter = modifier(&[], &[("Set-Cookie", "c=3")], &[]);
        let before = [("set-cookie", "a=1"), ("set-cookie", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT")];
        let after = changed(&filter, &before);
        assert_eq!(after.get_all("set-cookie").iter().collect::<Vec<_>>(), [before[0].1, before[1].1, "c=3"]);
    }

    #[test]
    fn h_014_remove_deletes_every_value() {
        let filter = modifier(&[], &[], &["X-Header-Remove", "x-not-there"]);
        let old = [("x-header-remove", "a"), ("x-header-remove", "b"), ("x-keep", "c")];
        assert_eq!(after(&filter, &old), pairs(&[("x-keep", "c")]));
    }

    #[test]
    fn h_015_names_have_no_case_in_all_lists() {
        let filter = modifier(&[("X-SET", "new")], &[("X-aDD", "new")], &["X-Remove"]);
        let old = [("x-set", "old"), ("X-Add", "old"), ("x-REMOVE", "old")];
        assert_eq!(after(&filter, &old), pairs(&[("x-add", "old,new"), ("x-set", "new")]));
    }

    #[test]
    fn h_020_a_value_that_cannot_be_written_is_an_error_and_no_omission() {
        for value in ["a\r\nx: y", "a\0", "\u{7}"] {
            let error = apply(&modifier(&[("x-set", value)], &[], &[]), &mut HeaderMap::new()).unwrap_err();
            assert_eq!(error, FilterError::Header { name: "x-set".into() });
            assert_eq!(error.status(), 500);
        }
    }

    #[test]
    fn changes_serialize_as_text() {
        let filter = modifier(&[("X-Set", "new")], &[], &["x-remove"]);
        let before: [(&[u8], &[u8]); 1] = [(b"X-Remove", b"x")];
        let json = serde_json::to_string(&changes(&filter, &before[..])).unwrap();
        assert_eq!(json, r#"[{"change":"remove","name":"x-remove"},{"change":"set","name":"x-set","value":"new"}]"#);
    }
}
