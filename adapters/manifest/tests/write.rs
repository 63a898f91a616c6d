//! The YAML writer: what is read back is what was written.

use gwapi_manifest::{documents_to_yaml, parse_values, to_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Vec<Value> {
    let loaded = parse_values("f", text.as_bytes());
    assert!(loaded.findings.is_empty(), "{text}\n{}", gwapi_manifest::render::human(&loaded.findings[0], false));
    loaded.documents.into_iter().map(|document| document.value).collect()
}

#[test]
fn an_object_as_kubectl_prints_it() {
    let object = json!({
        "status": {"parents": [{"controllerName": "a.b/c", "conditions": []}], "empty": {}},
        "metadata": {"name": "x", "labels": {"on": "yes", "a.b/c": ""}, "annotations": {"text": "one\ntwo\n"}},
        "extra": [[1, 2], [{"a": 1, "b": [null]}]],
        "spec": {"hostnames": ["*.example.com", "example.com", "10.0.0.1"], "port": 80, "weight": 0.5, "tls": true},
        "kind": "HTTPRoute",
        "apiVersion": "gateway.networking.k8s.io/v1",
    });
    let expected = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  annotations:
    text: |
      one
      two
  labels:
    a.b/c: \"\"
    \"on\": \"yes\"
  name: x
spec:
  hostnames:
  - '*.example.com'
  - example.com
  - 10.0.0.1
  port: 80
  tls: true
  weight: 0.5
status:
  empty: {}
  parents:
  - conditions: []
    controllerName: a.b/c
extra:
- - 1
  - 2
- - a: 1
    b:
    - null
";
    assert_eq!(to_yaml(&object), expected);
    assert_eq!(read(expected), [object]);
}

#[test]
fn strings_are_quoted_where_they_would_mean_something_else() {
    for plain in [
        "a",
        "a b",
        "/cart/x",
        "a:b",
        "-x",
        "?x",
        ":x",
        "a#b",
        "v1.7.0",
        "10Gi",
        "1.2.3",
        "x-1",
        "http://a/b?c=d&e",
        "it's",
        "é",
        "a, b",
        "a]b",
        "yEs",
        "100m",
        "10.0.0.0/8",
        "fd00::1",
        "_1",
        "t",
        "a=b",
        "<x>",
        "^/a$",
        "(a|b)",
        "\\d",
        "$x",
        "+x",
        ".x",
        "a!",
        "12ab",
        "0xg",
        "3s",
    ] {
        assert_eq!(to_yaml(&plain.into()), format!("{plain}\n"));
    }
    for double in [
        "on",
        "yes",
        "y",
        "N",
        "null",
        "~",
        "true",
        "1",
        "-1",
        "+1",
        "1_000",
        "0777",
        "0o7",
        "0x1F",
        "0b1",
        "1.5",
        ".5",
        "5.",
        "1e3",
        "1e400",
        ".inf",
        ".nan",
        "0x10000000000000000",
        "1:30",
        "190:20:30.5",
        "2001-01-01",
        "2024-05-01T00:00:00Z",
        "=",
        "<<",
        "08",
        "a\tb",
        "\u{1b}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{202e}",
        " \n",
        "\na",
        "a \nb",
        "0_",
        "-0",
        "",
    ] {
        let written = to_yaml(&double.into());
        assert!(written.starts_with('"'), "{double:?}: {written}");
        assert_eq!(read(&written), [Value::from(double)]);
    }
    for single in [
        "*x", "&x", "a: b", "a:", "a #b", "- x", "? x", "[a]", "{a}", "#x", "!x", "|", ">", "%x", "@x", "`x", "'x", "\"x", ",x",
        " x", "x ", "---", "--- x", "...", "-", "?", ":",
    ] {
        let written = to_yaml(&json!({ "a": single }));
        assert!(written.starts_with("a: '"), "{single:?}: {written}");
        assert_eq!(read(&written), [json!({ "a": single })]);
    }
}

#[test]
fn blocks_of_text_keep_their_ends() {
    for (text, written) in [
        ("a\nb", "v: |-\n  a\n  b\n"),
        ("a\nb\n", "v: |\n  a\n  b\n"),
        ("a\n\n", "v: |+\n  a\n\n"),
        ("a\n\n\n  b\n", "v: |\n  a\n\n\n    b\n"),
        ("#a\n---\n- b\n", "v: |\n  #a\n  ---\n  - b\n"),
        (" a\n", "v: \" a\\n\"\n"),
        ("a\r\nb", "v: \"a\\r\\nb\"\n"),
    ] {
        assert_eq!(to_yaml(&json!({ "v": text })), written);
        assert_eq!(read(written), [json!({ "v": text })]);
    }
    let both = [json!({"v": "a\n\n"}), json!(["b\n", "c\nd"])];
    assert_eq!(read(&documents_to_yaml(&both)), both);
}

#[test]
fn long_and_odd_keys_are_read_back() {
    for key in
        ["k".repeat(5000), "é".repeat(700), "a\nb".to_owned(), String::new(), "? a".to_owned(), "<<".to_owned(), "---".to_owned()]
    {
        let value = json!([{key.clone(): {key.clone(): [1]}, "x": {key: "y\nz"}}]);
        assert_eq!(read(&to_yaml(&value)), [value]);
    }
}

#[test]
fn documents_are_separated() {
    assert_eq!(documents_to_yaml(&[json!({"a": 1}), json!([1]), json!("x")]), "a: 1\n---\n- 1\n---\nx\n");
    assert_eq!(documents_to_yaml(&[]), "");
}

/// Values as they come out of reading: a float without a fraction would come back as an integer.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("a fraction", |number| number.fract() != 0.0 && number.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(text(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ a-c\n:#\\-'\"\\[{,&*!|>%@`?~.0-9_eExo+]{0,12}",
        "[0-9_+.eEx:-]{1,8}",
        "(on|yes|No|null|~|true|<<|=|---|\\.inf|\\.nan)",
        proptest::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1000 } else { 50_000 }))]

    #[test]
    fn what_is_written_is_read_back(value in value()) {
        prop_assume!(!value.is_null());
        let written = to_yaml(&value);
        prop_assert_eq!(read(&written), [value], "{}", written);
    }

    #[test]
    fn documents_are_read_back(values in proptest::collection::vec(value().prop_filter("kubectl skips null", |value| !value.is_null()), 0..4)) {
        let written = documents_to_yaml(&values);
        prop_assert_eq!(read(&written), values, "{}", written);
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(value in value()) {
        let value = json!({ "v": value });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap_or_default()] {
            prop_assert_eq!(read(&text), [value.clone()], "{}", text);
        }
    }
}
