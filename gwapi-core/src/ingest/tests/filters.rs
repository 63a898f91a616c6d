//! Filters of routes.

use super::*;
use crate::model::{
    AnyOr, AuthProtocol, CorsOrigin, ExternalAuth, Fraction, HeaderModifier, HeaderName, HttpAuth, PathModifier, Scheme,
};

fn modifier(value: Value) -> (Result<HeaderModifier, Vec<Invalid>>, Vec<Issue>) {
    let (rule, issues) = rule(json!({"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": value}]}));
    assert_reported(&rule.invalid, &issues);
    let modifier = match rule.filters.first() {
        Some(Filter::RequestHeaderModifier(modifier)) => Ok(modifier.clone()),
        _ => Err(rule.invalid),
    };
    (modifier, issues)
}

fn at_modifier(path: &str) -> String {
    at_rule(&format!("filters[0].requestHeaderModifier.{path}"))
}

fn only_fault(value: Value) -> (String, String) {
    let invalid = modifier(value).0.unwrap_err();
    assert_eq!(invalid.len(), 1, "{invalid:?}");
    (invalid[0].path.clone(), invalid[0].why.clone())
}

#[test]
fn h_012_a_filter_has_the_field_of_its_type_and_no_other() {
    for (filter, at) in [
        (json!({}), "type"),
        (json!({"type": "Nonsense"}), "type"),
        (json!({"type": 5, "cors": {}}), "type"),
        (json!({"type": "URLRewrite"}), "urlRewrite"),
        (json!({"type": "URLRewrite", "urlRewrite": null}), "urlRewrite"),
        (json!({"type": "CORS", "cors": {}, "urlRewrite": {}}), "urlRewrite"),
        (json!({"type": "ExtensionRef", "cors": {}, "extensionRef": {"group": "", "kind": "a", "name": "b"}}), "cors"),
        (json!({"type": "ExternalAuth"}), "externalAuth"),
    ] {
        assert_eq!(one_filter(filter.clone()).unwrap_err().path, at_rule(&format!("filters[0].{at}")), "{filter}");
    }
    // Fields of a type that nobody knows raise nothing by themselves.
    let (_, issues) = rule(json!({"filters": [{"type": "URLRewrit", "urlRewrite": {}}]}));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, at_rule("filters[0].type").as_str())]);
    assert_eq!(issues[0].suggestion.as_deref(), Some("URLRewrite"));
}

#[test]
fn both_header_modifiers_are_read() {
    let value = json!({"set": [{"name": "A", "value": "1"}], "add": [{"name": "B", "value": "2"}], "remove": ["C"]});
    let request = one_filter(json!({"type": "RequestHeaderModifier", "requestHeaderModifier": value}));
    let response = one_filter(json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": value}));
    let (Ok(Filter::RequestHeaderModifier(request)), Ok(Filter::ResponseHeaderModifier(response))) = (request, response) else {
        panic!("no modifiers")
    };
    assert_eq!(request, response);
    assert_eq!((request.set[0].name.as_str(), &*request.set[0].value), ("a", "1"));
    assert_eq!((request.add[0].name.as_str(), &*request.add[0].value), ("b", "2"));
    assert_eq!(request.remove[0].as_str(), "c");
}

#[test]
fn h_017_of_equivalent_names_in_one_list_the_first_counts() {
    let (read, issues) = modifier(json!({
        "set": [{"name": "X", "value": "1"}, {"name": "x", "value": "2"}], "remove": ["y", "Y"],
    }));
    let read = read.unwrap();
    assert_eq!((read.set.len(), &*read.set[0].value, read.remove.len()), (1, "1", 1));
    let ignored = |path| (IssueCode::IgnoredDuplicate, at_modifier(path));
    assert_eq!(
        issues.iter().map(|issue| (issue.code, issue.path.clone())).collect::<Vec<_>>(),
        [ignored("set[1].name"), ignored("remove[1]")]
    );
}

#[test]
fn h_016_one_header_in_two_lists_contradicts_itself() {
    let set = json!([{"name": "Foo", "value": "1"}]);
    for (value, at) in [
        (json!({"set": set, "remove": ["foo"]}), "remove[0]"),
        (json!({"set": set, "add": [{"name": "foo", "value": "2"}]}), "add[0].name"),
        (json!({"add": set, "remove": ["FOO"]}), "remove[0]"),
    ] {
        let (path, why) = only_fault(value);
        assert_eq!(path, at_modifier(at));
        assert!(why.contains("`foo`"), "{why}");
    }
}

#[test]
fn h_020_header_injection_is_refused() {
    for value in ["a\r\nb: c", "a\nb", "a\rb", "a\0b"] {
        assert_eq!(only_fault(json!({"set": [{"name": "x", "value": value}]})).0, at_modifier("set[0].value"));
        assert_eq!(only_fault(json!({"add": [{"name": "x", "value": value}]})).0, at_modifier("add[0].value"));
        // the CRD has no pattern for these.
        assert_eq!(only_fault(json!({"remove": [value]})).0, at_modifier("remove[0]"));
        assert_eq!(only_fault(json!({"set": [{"name": value, "value": "x"}]})).0, at_modifier("set[0].name"));
    }
    for name in ["", ":path", "a b", "ä", &text(257)] {
        assert_eq!(only_fault(json!({"remove": [name]})).0, at_modifier("remove[0]"));
    }
    assert_eq!(only_fault(json!({"set": [{"name": "x", "value": ""}]})).0, at_modifier("set[0].value"));
    assert_eq!(only_fault(json!({"set": [{"name": "x", "value": text(4097)}]})).0, at_modifier("set[0].value"));
    assert!(modifier(json!({"set": [{"name": "x", "value": text(4096)}]})).0.is_ok());
}

#[test]
fn h_021_framing_and_host_stay_what_they_are() {
    for name in
        ["Content-Length", "transfer-encoding", "Connection", "TE", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Connection"]
    {
        let (path, why) = only_fault(json!({"remove": [name]}));
        assert_eq!(path, at_modifier("remove[0]"));
        assert!(why.contains("belongs to the connection"), "{why}");
        only_fault(json!({"set": [{"name": name, "value": "x"}]}));
        only_fault(json!({"add": [{"name": name, "value": "x"}]}));
    }
    let (path, why) = only_fault(json!({"set": [{"name": "Host", "value": "x"}]}));
    assert_eq!(path, at_modifier("set[0].name"));
    assert!(why.contains("URLRewrite"), "{why}");
    let response = json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["content-length"]}});
    assert!(one_filter(response).is_err());
}

#[test]
fn redirects_are_read() {
    let Ok(Filter::RequestRedirect(redirect)) = one_filter(json!({"type": "RequestRedirect", "requestRedirect": {
        "scheme": "https", "hostname": "a.example", "port": 8443, "statusCode": 308,
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}}))
    else {
        panic!("no redirect")
    };
    assert_eq!(redirect.scheme, Some(Scheme::Https));
    assert_eq!(redirect.hostname.unwrap().as_str(), "a.example");
    assert_eq!((redirect.port, redirect.status_code), (Some(8443), 308));
    assert_eq!(redirect.path, Some(PathModifier::ReplaceFullPath("/x".into())));
}

#[test]
fn h_007_values_of_redirects_that_nobody_knows_are_refused() {
    for (field, value) in [
        ("scheme", json!("ftp")),
        ("scheme", json!("HTTP")),
        ("statusCode", json!(304)),
        ("statusCode", json!(-301)),
        ("statusCode", json!("301")),
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("hostname", json!("*.example.com")),
        ("hostname", json!("10.0.0.1")),
        ("hostname", json!("")),
    ] {
        let invalid = one_filter(json!({"type": "RequestRedirect", "requestRedirect": {field: value}})).unwrap_err();
        assert_eq!(invalid.path, at_rule(&format!("filters[0].requestRedirect.{field}")));
        assert_eq!(invalid.value, value.to_string());
    }
    for code in [301, 302, 303, 307, 308] {
        assert!(one_filter(json!({"type": "RequestRedirect", "requestRedirect": {"statusCode": code}})).is_ok());
    }
}

#[test]
fn h_041_path_modifiers_are_unions_of_clean_texts() {
    let path = |path: Value| match one_filter(json!({"type": "URLRewrite", "urlRewrite": {"path": path}})) {
        Ok(Filter::UrlRewrite(rewrite)) => Ok(rewrite.path.unwrap()),
        Ok(other) => panic!("{other:?}"),
        Err(invalid) => Err(invalid.path.trim_start_matches("spec.rules[0].filters[0].urlRewrite.path.").into()),
    };
    let full = |text: &str| path(json!({"type": "ReplaceFullPath", "replaceFullPath": text}));
    let prefix = |text: &str| path(json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": text}));
    assert_eq!(full("/x"), Ok(PathModifier::ReplaceFullPath("/x".into())));
    assert_eq!(prefix(""), Ok(PathModifier::ReplacePrefixMatch("".into())));
    assert_eq!(prefix("/xyz/"), Ok(PathModifier::ReplacePrefixMatch("/xyz/".into())));
    for bad in ["/a?b", "/a#b", "/a b", "/a\r\nb", "/ä", "/a/../b", "/%2e%2E/", ".", &text(1025)] {
        assert_eq!(full(bad), Err(String::from("replaceFullPath")), "{bad}");
        assert_eq!(prefix(bad), Err(String::from("replacePrefixMatch")), "{bad}");
    }
    for (value, at) in [
        (json!({}), "type"),
        (json!({"type": "Replace", "replaceFullPath": "/"}), "type"),
        (json!({"type": "ReplaceFullPath"}), "replaceFullPath"),
        (json!({"type": "ReplaceFullPath", "replacePrefixMatch": "/"}), "replacePrefixMatch"),
        (json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/", "replaceFullPath": "/"}), "replaceFullPath"),
    ] {
        assert_eq!(path(value.clone()), Err(String::from(at)), "{value}");
    }
}

#[test]
fn h_042_a_rewrite_has_a_precise_hostname() {
    let hostname = |name: &str| one_filter(json!({"type": "URLRewrite", "urlRewrite": {"hostname": name}}));
    assert!(matches!(hostname("a.example"), Ok(Filter::UrlRewrite(rewrite)) if rewrite.hostname.is_some()));
    for bad in ["*.a.example", "::1", "A.example"] {
        assert_eq!(hostname(bad).unwrap_err().path, at_rule("filters[0].urlRewrite.hostname"));
    }
}

fn mirror(fields: Value) -> (Result<Fraction, Invalid>, Vec<Issue>) {
    let mut value = json!({"backendRef": {"name": "m", "port": 80}});
    merge(&mut value, fields);
    let (rule, issues) = rule(json!({"filters": [{"type": "RequestMirror", "requestMirror": value}]}));
    match rule.filters.first() {
        Some(Filter::RequestMirror(mirror)) => (Ok(mirror.fraction), issues),
        _ => (Err(rule.invalid[0].clone()), issues),
    }
}

#[test]
fn h_047_a_mirror_gets_everything_or_its_share() {
    let fraction = |numerator, denominator| Ok(Fraction { numerator, denominator });
    assert_eq!(mirror(json!({})).0, Ok(Fraction::ALL));
    assert_eq!(mirror(json!({"percent": 20})).0, fraction(20, 100));
    assert_eq!(mirror(json!({"percent": 0})).0, fraction(0, 100));
    assert_eq!(mirror(json!({"fraction": {"numerator": 1, "denominator": 3}})).0, fraction(1, 3));
    assert_eq!(mirror(json!({"fraction": {"numerator": 3, "denominator": 3}})).0, fraction(3, 3));
    for (fields, at) in [
        (json!({"percent": 101}), "percent"),
        (json!({"percent": -1}), "percent"),
        (json!({"fraction": {}}), "fraction.numerator"),
        (json!({"fraction": {"numerator": 4, "denominator": 3}}), "fraction"),
        (json!({"fraction": {"numerator": 0, "denominator": 0}}), "fraction.denominator"),
        (json!({"fraction": {"numerator": -1}}), "fraction.numerator"),
        (json!({"backendRef": {"port": 80}}), "backendRef.name"),
        (json!({"backendRef": null}), "backendRef"),
    ] {
        assert_eq!(mirror(fields).0.unwrap_err().path, at_rule(&format!("filters[0].requestMirror.{at}")));
    }
}

#[test]
fn x_31_of_percent_and_fraction_the_fraction_counts() {
    let (fraction, issues) = mirror(json!({"percent": 20, "fraction": {"numerator": 1, "denominator": 2}}));
    assert_eq!(fraction, Ok(Fraction { numerator: 1, denominator: 2 }));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, at_rule("filters[0].requestMirror.percent").as_str())]);
}

#[test]
fn cors_is_read() {
    let Ok(Filter::Cors(cors)) = one_filter(json!({"type": "CORS", "cors": {
        "allowOrigins": ["https://a.example", "https://*.b.example:8443"], "allowCredentials": true,
        "allowMethods": ["GET", "PUT"], "allowHeaders": ["X-One"], "exposeHeaders": ["*", "X-Two"], "maxAge": 60}}))
    else {
        panic!("no CORS")
    };
    assert_eq!(cors.allow_origins.len(), 2);
    assert!(cors.allow_credentials);
    assert_eq!(cors.allow_methods, AnyOr::List(Vec::from(["GET".into(), "PUT".into()])));
    assert_eq!(cors.allow_headers, AnyOr::List(Vec::from(["X-One".into()])));
    assert_eq!(cors.expose_headers.len(), 2);
    assert_eq!(cors.max_age, 60);
    let Ok(Filter::Cors(any)) =
        one_filter(json!({"type": "CORS", "cors": {"allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"]}}))
    else {
        panic!("no CORS")
    };
    assert_eq!(any.allow_origins, [CorsOrigin::Any]);
    assert_eq!((any.allow_methods, any.allow_headers), (AnyOr::Any, AnyOr::Any));
}

#[test]
fn h_066_the_asterisk_stands_alone_and_r_046_ports_are_checked() {
    for (field, value, at) in [
        ("allowOrigins", json!(["*", "https://a.example"]), "allowOrigins"),
        ("allowOrigins", json!(["a.example"]), "allowOrigins[0]"),
        ("allowOrigins", json!(["https://a.example:99999"]), "allowOrigins[0]"),
        ("allowOrigins", json!(["ftp://a.example"]), "allowOrigins[0]"),
        ("allowOrigins", json!("*"), "allowOrigins"),
        ("allowMethods", json!(["*", "GET"]), "allowMethods"),
        ("allowMethods", json!(["get"]), "allowMethods[0]"),
        ("allowHeaders", json!(["X-One", "*"]), "allowHeaders"),
        ("allowHeaders", json!(["x y"]), "allowHeaders[0]"),
        ("exposeHeaders", json!([""]), "exposeHeaders[0]"),
        ("maxAge", json!(0), "maxAge"),
        ("allowCredentials", json!("true"), "allowCredentials"),
    ] {
        let invalid = one_filter(json!({"type": "CORS", "cors": {field: value}})).unwrap_err();
        assert_eq!(invalid.path, at_rule(&format!("filters[0].cors.{at}")), "{value}");
    }
}

#[test]
fn extensions_are_local_references() {
    let reference = json!({"group": "example.com", "kind": "Limit", "name": "x"});
    let Ok(Filter::ExtensionRef(read)) = one_filter(json!({"type": "ExtensionRef", "extensionRef": reference})) else {
        panic!("no extension")
    };
    assert_eq!((read.group.as_str(), read.kind.as_str(), read.name.as_str()), ("example.com", "Limit", "x"));
    for missing in ["group", "kind", "name"] {
        let mut broken = reference.clone();
        broken.as_object_mut().unwrap().remove(missing);
        let invalid = one_filter(json!({"type": "ExtensionRef", "extensionRef": broken})).unwrap_err();
        assert_eq!(invalid.path, at_rule(&format!("filters[0].extensionRef.{missing}")));
    }
}

fn auth(fields: Value) -> Result<ExternalAuth, Invalid> {
    let mut value = json!({"protocol": "HTTP", "backendRef": {"name": "a", "port": 80}});
    merge(&mut value, fields);
    one_filter(json!({"type": "ExternalAuth", "externalAuth": value})).map(|filter| match filter {
        Filter::ExternalAuth(auth) => auth,
        other => panic!("{other:?}"),
    })
}

#[test]
fn h_073_external_auth_is_read() {
    let (rule, issues) = rule(json!({"filters": [full::external_auth("HTTP"), full::external_auth("GRPC")]}));
    assert_eq!((issues, &rule.invalid[..]), (Vec::new(), &[][..]));
    let [Filter::ExternalAuth(http), Filter::ExternalAuth(grpc)] = &rule.filters[..] else { panic!("two filters") };
    assert_eq!((http.backend.namespace.as_str(), http.max_body), ("auth", 1000));
    let names = |names: &[&str]| names.iter().map(|name| HeaderName::parse(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(
        http.protocol,
        AuthProtocol::Http(HttpAuth {
            path: "/check".into(),
            allowed_headers: names(&["x-a"]),
            allowed_response_headers: names(&["x-b"]),
        })
    );
    assert_eq!(grpc.protocol, AuthProtocol::Grpc { allowed_headers: names(&["x-a"]) });
}

#[test]
fn h_078_the_stanza_of_the_protocol_may_be_missing_and_another_may_not_be_there() {
    assert_eq!(auth(json!({})).unwrap().protocol, AuthProtocol::Http(HttpAuth::default()));
    assert_eq!(auth(json!({"protocol": "GRPC"})).unwrap().protocol, AuthProtocol::Grpc { allowed_headers: Vec::new() });
    // H-076.
    assert_eq!(auth(json!({"forwardBody": {}})).unwrap().max_body, 0);
    for (fields, at) in [
        (json!({"grpc": {}}), "grpc"),
        (json!({"protocol": "GRPC", "http": {}}), "http"),
        (json!({"protocol": "TCP"}), "protocol"),
        (json!({"protocol": null}), "protocol"),
        (json!({"backendRef": null}), "backendRef"),
        (json!({"forwardBody": {"maxSize": -1}}), "forwardBody.maxSize"),
        (json!({"http": {"path": "/a/../b"}}), "http.path"),
        (json!({"http": {"path": "/a b"}}), "http.path"),
        (json!({"http": {"allowedHeaders": ["a b"]}}), "http.allowedHeaders[0]"),
        (json!({"http": {"allowedResponseHeaders": [""]}}), "http.allowedResponseHeaders[0]"),
    ] {
        assert_eq!(auth(fields.clone()).unwrap_err().path, at_rule(&format!("filters[0].externalAuth.{at}")), "{fields}");
    }
}

#[test]
fn filters_of_backends_are_read_alike() {
    let filter = json!({"type": "URLRewrite", "urlRewrite": {"hostname": "a.example"}});
    let (rule, _) = rule(json!({"filters": [filter], "backendRefs": [{"name": "b", "filters": [filter]}]}));
    assert_eq!(rule.filters, rule.backend_refs[0].filters);
}
