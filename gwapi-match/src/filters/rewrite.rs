//! `URLRewrite` and the path modifiers (H-035 to H-043, H-091). The query is not touched (H-040).

use std::borrow::Cow;

use gwapi_core::model::{PathModifier, UrlRewrite};
use serde::Serialize;

use super::FilterError;
use crate::head::has_dot_segment;

/// What a URLRewrite makes of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rewritten<'a> {
    /// The Host header to send; nothing leaves the request's as it was received (E-013).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<&'a str>,
    /// The path to send; the request's own if the filter has none.
    pub path: Cow<'a, str>,
}

/// Rewrites host and path. `path` is in normal form and `matched_prefix` the value of the PathPrefix match that chose the
/// rule.
///
/// ```
/// use gwapi_core::model::{PathModifier, UrlRewrite};
/// use gwapi_match::filters::rewrite::rewrite;
/// let filter = UrlRewrite { hostname: None, path: Some(PathModifier::ReplacePrefixMatch("/v2".into())) };
/// assert_eq!(rewrite(&filter, "/api/cart", Some("/api"))?.path, "/v2/cart");
/// # Ok::<(), gwapi_match::filters::FilterError>(())
/// ```
///
/// # Errors
/// If the result holds a dot segment, or a prefix is to be replaced where none was matched: the request must not be
/// forwarded.
pub fn rewrite<'a>(filter: &'a UrlRewrite, path: &'a str, matched_prefix: Option<&str>) -> Result<Rewritten<'a>, FilterError> {
    let host = filter.hostname.as_ref().map(|host| host.as_str());
    Ok(Rewritten { host, path: modified_path(filter.path.as_ref(), path, matched_prefix)? })
}

/// The path that a modifier makes. `OPTIONS *` and CONNECT have no path that could be modified (F-028).
pub(super) fn modified_path<'a>(
    modifier: Option<&PathModifier>,
    path: &'a str,
    matched_prefix: Option<&str>,
) -> Result<Cow<'a, str>, FilterError> {
    let Some(modifier) = modifier.filter(|_| path.starts_with('/')) else { return Ok(Cow::Borrowed(path)) };
    let path = match modifier {
        PathModifier::ReplaceFullPath(replacement) => replace_full(replacement),
        PathModifier::ReplacePrefixMatch(replacement) => {
            let prefix = matched_prefix.filter(|prefix| behind_prefix(path, prefix).is_some()).ok_or(FilterError::NoPrefix)?;
            replace_prefix(path, prefix, replacement)
        }
    };
    if has_dot_segment(&path) { Err(FilterError::DotSegment { path }) } else { Ok(Cow::Owned(path)) }
}

/// Replaces the whole path (H-040). A replacement without `/` in front gets one: a path is never empty.
#[must_use]
pub fn replace_full(replacement: &str) -> String {
    if replacement.starts_with('/') { replacement.to_owned() } else { format!("/{replacement}") }
}

/// Replaces the elements of `prefix` at the start of `path` (H-036). The result begins with one `/`, and where the two
/// parts meet there is one `/` (H-039). What the table leaves open: the prefix `/` is no element, so that `/` → `/foo`
/// makes `/foo` of `/` and `/foo/test` of `/test` (pitfall 38); and a replacement's own `/` at the end stays if nothing
/// follows. A path without the prefix stays as it is.
#[must_use]
pub fn replace_prefix(path: &str, prefix: &str, replacement: &str) -> String {
    let Some(rest) = behind_prefix(path, prefix) else { return path.to_owned() };
    match (replacement.trim_matches('/'), rest) {
        ("", _) => format!("/{}", rest.trim_start_matches('/')),
        (elements, "") if replacement.ends_with('/') => format!("/{elements}/"),
        // The `/` of `rest` is the one where the parts meet.
        (elements, _) => format!("/{elements}{rest}"),
    }
}

/// What of the path is behind the prefix: nothing, or something that begins with `/`.
fn behind_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let elements = prefix.trim_end_matches('/');
    let rest = path.strip_prefix(elements)?;
    match rest {
        "/" if elements.is_empty() => Some(""),
        _ => (rest.is_empty() || rest.starts_with('/')).then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use gwapi_core::Hostname;
    use proptest::prelude::*;

    use super::*;

    fn prefix(replacement: &str) -> UrlRewrite {
        UrlRewrite { hostname: None, path: Some(PathModifier::ReplacePrefixMatch(replacement.into())) }
    }

    fn full(replacement: &str) -> UrlRewrite {
        UrlRewrite { hostname: None, path: Some(PathModifier::ReplaceFullPath(replacement.into())) }
    }

    #[track_caller]
    fn assert_table(table: &[(&str, &str, &str, &str)]) {
        for (path, matched, replacement, result) in table {
            assert_eq!(replace_prefix(path, matched, replacement), *result, "{path} {matched} {replacement}");
            assert_eq!(rewrite(&prefix(replacement), path, Some(matched)).unwrap().path, *result);
        }
    }

    #[test]
    fn pitfall_37_the_table_of_the_api() {
        // H-036, in the order of the API's documentation.
        assert_table(&[
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
        ]);
    }

    #[test]
    fn h_037_rows_of_the_conformance_test() {
        assert_table(&[
            ("/prefix/one/two", "/prefix/one", "/one", "/one/two"),
            ("/strip-prefix/three", "/strip-prefix", "/", "/three"),
            ("/strip-prefix", "/strip-prefix", "/", "/"),
        ]);
        assert_eq!(rewrite(&full("/one"), "/full/one/two", Some("/full/one")).unwrap().path, "/one");
    }

    #[test]
    fn pitfall_38_the_prefix_that_is_the_root() {
        // H-039
        assert_table(&[
            ("/a", "/", "/xyz", "/xyz/a"),
            ("/test", "/", "/foo", "/foo/test"),
            ("/", "/", "/foo", "/foo"),
            ("/", "/", "/foo/", "/foo/"),
            ("/test/", "/", "/foo/", "/foo/test/"),
            ("/", "/", "/", "/"),
            ("/", "/", "", "/"),
            ("/test", "/", "", "/test"),
        ]);
    }

    #[test]
    fn h_039_one_slash_where_the_parts_meet_and_in_front() {
        assert_table(&[
            ("/foo/bar", "/foo", "xyz", "/xyz/bar"),
            ("/foo", "/foo", "xyz", "/xyz"),
            ("/foo/bar", "/foo", "/xyz//", "/xyz/bar"),
            ("/foo", "/foo", "/xyz//", "/xyz/"),
            ("/foo", "/foo", "//", "/"),
            ("/foo/bar", "/foo", "//xyz", "/xyz/bar"),
            ("/foo", "/foo", "//xyz", "/xyz"),
            ("/foo", "/foo", "/xyz/", "/xyz/"),
            // Only where repeated slashes are kept: stripping must not make them the start of the path.
            ("/foo//bar", "/foo", "/", "/bar"),
        ]);
    }

    #[test]
    fn h_039_only_whole_elements_of_the_raw_path_are_replaced() {
        assert_eq!(replace_prefix("/foobar", "/foo", "/xyz"), "/foobar");
        assert_eq!(rewrite(&prefix("/xyz"), "/foobar", Some("/foo")), Err(FilterError::NoPrefix));
        // CVE-2026-40912: lengths are those of the raw path, not of a decoded one.
        assert_eq!(replace_prefix("/a%2Fb/c", "/a%2Fb", "/x"), "/x/c");
        // CVE-2026-48020: `/api../` is no element `/api`.
        assert_eq!(replace_prefix("/api../admin", "/api", "/"), "/api../admin");
    }

    #[test]
    fn h_038_a_prefix_cannot_be_replaced_where_none_was_matched() {
        let error = rewrite(&prefix("/xyz"), "/foo", None).unwrap_err();
        assert_eq!((error.clone(), error.status()), (FilterError::NoPrefix, 500));
    }

    #[test]
    fn h_040_the_full_path_is_replaced_and_never_empty() {
        for (replacement, result) in [("/one", "/one"), ("/one/", "/one/"), ("one", "/one"), ("/", "/"), ("", "/")] {
            assert_eq!(rewrite(&full(replacement), "/full/path", None).unwrap().path, result);
        }
    }

    /// CVE-2026-67309: a rewrite makes dot segments that the request did not hold.
    #[test]
    fn no_rewrite_leads_to_dot_segments() {
        for replacement in
            ["/..", "/a/../b", "/a/%2e%2e", "/.", "/a/..;x", "/a/..%2Fb", "..", "/a/..%5cb", "/..\\a", "/%2e./100%"]
        {
            for filter in [prefix(replacement), full(replacement)] {
                let error = rewrite(&filter, "/foo", Some("/foo")).unwrap_err();
                assert!(matches!(error, FilterError::DotSegment { .. }), "{replacement}");
                assert_eq!(error.status(), 500);
            }
        }
        for replacement in ["/.well-known", "/a/..b", "/a..", "/...", "/100%"] {
            assert!(rewrite(&full(replacement), "/foo", None).is_ok(), "{replacement}");
        }
    }

    #[test]
    fn h_035_the_host_is_replaced_and_the_path_stays() {
        let filter = UrlRewrite { hostname: Some(Hostname::parse("one.example.org").unwrap()), path: None };
        let rewritten = rewrite(&filter, "/one", None).unwrap();
        assert_eq!(rewritten, Rewritten { host: Some("one.example.org"), path: Cow::Borrowed("/one") });
        assert!(matches!(rewritten.path, Cow::Borrowed(_)));
        assert_eq!(serde_json::to_string(&rewritten).unwrap(), r#"{"host":"one.example.org","path":"/one"}"#);
    }

    #[test]
    fn f_028_requests_without_a_path_keep_it() {
        for path in ["*", ""] {
            assert_eq!(rewrite(&full("/one"), path, None).unwrap().path, path);
            assert_eq!(rewrite(&prefix("/one"), path, Some("/")).unwrap().path, path);
        }
    }

    proptest! {
        #[test]
        fn h_039_clean_in_clean_out(
            prefix in "(/[a-c]{1,2}){0,2}/?",
            rest in "(/[a-c.]{1,3}){0,3}/?",
            replacement in "(/?[a-c]{1,2}(/[a-c]{1,2})?)?/?",
        ) {
            let start = prefix.trim_end_matches('/');
            let path = if start.len() + rest.len() == 0 { "/".to_owned() } else { format!("{start}{rest}") };
            prop_assume!(!has_dot_segment(&path));
            let result = replace_prefix(&path, &prefix, &replacement);
            prop_assert!(result.starts_with('/') && !result.contains("//"), "{}", result);
            prop_assert!(!has_dot_segment(&result), "{}", result);
            // The elements of the result are those of the replacement and then those that were not matched.
            let elements = |text: &str| text.split('/').filter(|element| !element.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(elements(&result), [elements(&replacement), elements(&rest)].concat());
        }

        #[test]
        fn no_rewrite_panics_or_is_empty(path in ".{0,12}", prefix in "[/a.%]{0,6}", replacement in ".{0,8}") {
            let path = format!("/{path}");
            prop_assert!(!replace_prefix(&path, &prefix, &replacement).is_empty());
        }
    }
}
