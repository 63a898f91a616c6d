//! Documents, lists, keys, merges and anchors: what kubectl makes of them.

use gwapi_manifest::{Loaded, Severity, parse_bytes, parse_str, parse_values};
use serde_json::{Value, json};

fn values(text: &str) -> Vec<Value> {
    let loaded = parse_values("f", text.as_bytes());
    assert_eq!(shown(&loaded), Vec::<String>::new(), "{text}");
    loaded.documents.into_iter().map(|document| document.value).collect()
}

fn value(text: &str) -> Value {
    let mut values = values(text);
    assert_eq!(values.len(), 1, "{text}");
    values.remove(0)
}

/// `line:column code` of each finding.
fn shown(loaded: &Loaded) -> Vec<String> {
    let place =
        |finding: &gwapi_manifest::Finding| finding.place.map_or_else(String::new, |at| format!("{}:{} ", at.line, at.column));
    loaded.findings.iter().map(|finding| format!("{}{}", place(finding), finding.code)).collect()
}

fn findings(text: &str) -> Vec<String> {
    shown(&parse_values("f", text.as_bytes()))
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.documents.iter().filter_map(|document| document.name()).collect()
}

fn object(name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: shop\n")
}

#[test]
fn several_documents_of_a_file_come_in_order() {
    let text = format!("# head\n---\n{}---\n# nothing\n---\n\n--- # c\n{}---\nnull\n---\n", object("a"), object("b"));
    let loaded = parse_str("f.yaml", &text);
    assert_eq!(names(&loaded), ["a", "b"]);
    assert_eq!(shown(&loaded), Vec::<String>::new());
    assert!(!loaded.unusable);
    let [a, b] = loaded.documents.as_slice() else { panic!("two documents") };
    assert_eq!((a.api_version(), a.kind(), a.namespace()), (Some("v1"), Some("Service"), Some("shop")));
    assert_eq!((a.file(), a.line(), b.line()), ("f.yaml", 3, 13));
}

#[test]
fn a_broken_document_hides_no_other() {
    let text = format!("{}---\na: [\n---\n{}---\na: b: c\n---\n{}", object("a"), object("b"), object("c"));
    let loaded = parse_str("f.yaml", &text);
    assert_eq!(names(&loaded), ["a", "b", "c"]);
    assert_eq!(shown(&loaded), ["7:4 yaml-syntax", "15:5 yaml-syntax"]);
    assert!(loaded.unusable);
}

#[test]
fn lines_end_as_they_like() {
    let text = format!("\u{feff}{}---\n{}", object("a"), object("b")).replace('\n', "\r\n");
    let loaded = parse_str("f.yaml", &text);
    assert_eq!(names(&loaded), ["a", "b"]);
    assert_eq!(loaded.documents[1].origin.value_at("metadata.name").line, 10);
    assert_eq!(value("a: |\r\n  x\r\n  y\r\n"), json!({"a": "x\ny\n"}));
}

#[test]
fn a_separator_ends_even_a_block_of_text() {
    let loaded = parse_values("f", b"a: |\n  x\n---\nb: 1\n");
    let values: Vec<_> = loaded.documents.iter().map(|document| &document.value).collect();
    assert_eq!(values, [&json!({"a": "x\n"}), &json!({"b": 1})]);
    assert_eq!(value("a: |\n  x\n  ---\n  y\n"), json!({"a": "x\n---\ny\n"}));
}

#[test]
fn kubectl_refuses_text_after_a_separator() {
    let loaded = parse_values("f", b"a: 1\n--- {b: 2}\n---\nc: 3\n");
    assert_eq!(shown(&loaded), ["2:1 yaml-syntax"]);
    assert_eq!(loaded.documents.len(), 2);
    assert!(loaded.unusable);
}

#[test]
fn text_after_the_end_of_a_document_is_told_and_not_read() {
    let loaded = parse_values("f", b"a: 1\n...\n\n  }b: 2\n---\nc: 3\n...\n# c\n");
    assert_eq!(shown(&loaded), ["4:3 ignored-text"]);
    assert_eq!(loaded.findings[0].severity, Severity::Warning);
    assert_eq!(loaded.documents.len(), 2);
    assert!(!loaded.unusable);
}

#[test]
fn directives_are_refused_as_by_kubectl() {
    let loaded = parse_values("f", b"%YAML 1.1\n---\na: 1\n");
    assert_eq!(loaded.findings.len(), 1);
    assert!(loaded.findings[0].fix.as_ref().is_some_and(|fix| fix.contains("directive")));
    assert_eq!(loaded.documents.len(), 1);
}

#[test]
fn json_is_read_as_json() {
    let text = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "\ud83d\ude00\/"}}"#;
    assert_eq!(names(&parse_str("f.json", text)), ["😀/"]);
    assert_eq!(names(&parse_str("f.json", &format!("\n\t{text}\n{text}"))), ["😀/", "😀/"]);
    assert_eq!(value("{\n\t\"a\": [\n\t\t1.0,\n\t\t\"y\"\n\t]\n}"), json!({"a": [1, "y"]}));
    assert_eq!(value("{a: yes} # c"), json!({"a": true}));
    assert_eq!(values("{\"a\": 1}{\"b\": 2}\n---\nc: 3"), [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
    assert_eq!(findings("{\"a\": 1,\n\"a\": 2}"), ["2:1 duplicate-key"]);
    assert_eq!(findings("{\"a\": 1}\n{\"b\": }\n{\"c\": 3}"), ["2:7 yaml-syntax"]);
}

#[test]
fn of_two_errors_the_one_that_came_further_is_told() {
    assert_eq!(findings("{\"a\": 1,\n \"b\": \"\\q\"}"), ["2:8 yaml-syntax"]);
    assert_eq!(findings("{a: 1,\n b: [}"), ["2:5 yaml-syntax"]);
}

#[test]
fn lists_are_taken_apart_and_items_keep_their_places() {
    let item = |name: &str| object(name).replace('\n', "\n  ").trim_end().to_owned();
    let text = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n- {}\n- 5\n- {{}}\n", item("a"), item("b"));
    let loaded = parse_str("f.yaml", &text);
    assert_eq!(names(&loaded), ["a", "b"]);
    assert_eq!(loaded.documents[1].line(), 9);
    let place = loaded.documents[1].origin.value_at("metadata.name");
    assert_eq!((place.line, place.column, place.end_column), (12, 11, Some(12)));
    assert_eq!(shown(&loaded), ["14:3 not-an-object", "15:3 missing-kind"]);
}

#[test]
fn the_list_of_a_kind_gives_its_items_their_kind() {
    let text =
        "apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: a}}, {apiVersion: v2, kind: X, metadata: {name: b}}]";
    let loaded = parse_str("f", text);
    let kinds: Vec<_> =
        loaded.documents.iter().map(|document| (document.api_version(), document.kind(), document.name())).collect();
    assert_eq!(kinds, [(Some("v1"), Some("Service"), Some("a")), (Some("v2"), Some("X"), Some("b"))]);
}

#[test]
fn lists_may_be_nested_empty_or_aliased() {
    let nested = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: A, metadata: {name: x}}]";
    assert_eq!(names(&parse_str("f", nested)), ["x"]);
    for empty in ["kind: List\napiVersion: v1", "kind: List\napiVersion: v1\nitems:", "kind: AList\napiVersion: v1\nitems: []"] {
        let loaded = parse_str("f", empty);
        assert_eq!((loaded.documents.len(), loaded.findings.len()), (0, 0), "{empty}");
    }
    let aliased = "apiVersion: v1\nkind: List\nx: &i [{apiVersion: v1, kind: A}]\nitems: *i";
    assert_eq!(parse_str("f", aliased).documents[0].line(), 4);
    let kind_of_its_own = parse_str("f", "apiVersion: x/v1\nkind: AllowList\nspec: {}");
    assert_eq!(kind_of_its_own.documents.len(), 1);
    assert_eq!(shown(&parse_str("f", "apiVersion: v1\nkind: List\nitems: {a: b}")), ["3:8 not-an-object"]);
}

#[test]
fn what_is_no_object_is_told() {
    for (text, expected) in [
        ("- a", "1:1 not-an-object"),
        ("\n\n  text", "3:3 not-an-object"),
        ("5", "1:1 not-an-object"),
        ("[1, 2]", "1:1 not-an-object"),
        ("a: b", "1:1 missing-kind"),
        ("kind: A", "1:1 missing-kind"),
        ("apiVersion: v1\nkind: 5", "1:1 missing-kind"),
        ("apiVersion: v1\nkind: ''", "1:1 missing-kind"),
        ("{}", "1:1 missing-kind"),
    ] {
        let loaded = parse_str("f", text);
        assert_eq!(shown(&loaded), [expected], "{text}");
        assert!(loaded.unusable && loaded.documents.is_empty(), "{text}");
    }
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let loaded = parse_values("f", b"a: 1\nb:\n  - x:\n      on: 1\n      'true': 2\n      yes: 3\na: 2\n");
    assert_eq!(loaded.documents[0].value, json!({"a": 2, "b": [{"x": {"true": 3}}]}));
    assert_eq!(shown(&loaded), ["5:7 duplicate-key", "6:7 duplicate-key", "7:1 duplicate-key"]);
    assert_eq!(loaded.findings[0].path.as_deref(), Some("b[0].x.true"));
    assert!(!loaded.unusable, "the document was read");
    let origin = &loaded.documents[0].origin;
    assert_eq!(origin.value_at("a").line, 7);
}

#[test]
fn keys_must_be_scalars() {
    for text in ["? [a]\n: b", "? {a: b}\n: c", "[a, b]: c", "a: {[b]: c}", "~: a", "? &k [1]\n: v", "a: &k [1]\n*k : v"] {
        let loaded = parse_values("f", text.as_bytes());
        assert!(loaded.unusable && loaded.documents.is_empty(), "{text}");
        assert_eq!(loaded.findings[0].code, "yaml-syntax", "{text}");
    }
    assert_eq!(value("? a\n: b\n? c"), json!({"a": "b", "c": null}));
}

#[test]
fn merges_happen_where_they_stand() {
    for (text, expected) in [
        ("x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  a: 0", json!({"a": 0, "b": 2})),
        ("x: &x {a: 1, b: 2}\nz:\n  a: 0\n  <<: *x", json!({"a": 1, "b": 2})),
        ("x: &x {a: 1}\nw: &w {a: 2, b: 3}\nz:\n  <<: [*x, *w]", json!({"a": 1, "b": 3})),
        ("z:\n  <<: {a: 1}\n  b: 2", json!({"a": 1, "b": 2})),
        ("z: {<<: {a: 1}, <<: {a: 2, b: 1}}", json!({"a": 2, "b": 1})),
        ("z:\n  '<<': {a: 1}", json!({"<<": {"a": 1}})),
        ("z:\n  !!merge <<: {a: 1}", json!({"a": 1})),
        ("z:\n  <<: []", json!({})),
        ("z: <<", json!("<<")),
        ("x: &x {<<: {c: 1}, d: 2}\nz: {<<: *x}", json!({"c": 1, "d": 2})),
    ] {
        assert_eq!(value(text)["z"], expected, "{text}");
    }
    for text in ["z:\n  <<: 3", "z:\n  <<: [1]", "z:\n  <<:", "z: {<<: [[{a: 1}]]}", "x: &x [{a: 1}]\nz: {<<: *x}", "<<: v"] {
        assert_eq!(parse_values("f", text.as_bytes()).findings[0].code, "yaml-syntax", "{text}");
    }
    assert_eq!(findings("z:\n  <<: {a: 1}\n  a: 2\n  a: 3"), ["4:3 duplicate-key"]);
}

#[test]
fn aliases_are_replaced_by_what_they_refer_to() {
    for (text, expected) in [
        ("a: &x 1\nb: &x 2\nc: *x", json!({"a": 1, "b": 2, "c": 2})),
        ("a: &a\n  b: c\nd: *a", json!({"a": {"b": "c"}, "d": {"b": "c"}})),
        ("a: &k key\n*k : v", json!({"a": "key", "key": "v"})),
        ("a: &k 1\n*k : v", json!({"a": 1, "1": "v"})),
        ("&a a: *a", json!({"a": "a"})),
        ("- &x\n- *x", json!([null, null])),
        ("a: &a [1, &b [2]]\nc: [*a, *b]", json!({"a": [1, [2]], "c": [[1, [2]], [2]]})),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(findings("a: *y"), ["1:4 yaml-syntax"]);
    assert_eq!(findings("a: &x 1\n---\nb: *x"), ["3:4 yaml-syntax"]);
    assert_eq!(findings("x: &x {a: *x}"), ["1:11 alias-bomb"]);
    assert_eq!(findings("x: &x\n- - *x"), ["2:5 alias-bomb"]);
}

#[test]
fn blocks_of_text_end_as_in_go_yaml() {
    for (text, expected) in [
        ("a: |\n x", "x"),
        ("a: |\n x\n", "x\n"),
        ("a: |+\n x\n\n", "x\n\n"),
        ("a: |-\n x\n\n", "x"),
        ("a: >\n x\n y\n", "x y\n"),
        ("a: >\n x\n y", "x y"),
        ("a: |2\n    x\n  y", "  x\ny"),
        ("a: |\n  x\n\n    ", "x\n\n  "),
        ("a: |\n  x \n", "x \n"),
        ("a: |\n  x\n ", "x\n"),
        ("a: |\n  x \n  ", "x \n"),
        ("a: |1\n  \n", " \n"),
        ("a: \"x\n  y\\\n  z\"", "x yz"),
        ("a: 'it''s'", "it's"),
    ] {
        assert_eq!(value(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn places_of_fields() {
    let text = "metadata:\n  labels:\n    a.b/c: x  # c\n    \"q\\u0041\": 'quoted'\n    on: 5\nspec:\n  rules:\n  - matches:\n    - {path: /é, value: [é, ü]}\n    empty:\n";
    let loaded = parse_values("f", text.as_bytes());
    let origin = &loaded.documents[0].origin;
    let value = |path: &str| {
        let place = origin.value_at(path);
        (place.line, place.column, place.end_column)
    };
    let key = |path: &str| {
        let place = origin.key_at(path);
        (place.line, place.column, place.end_column)
    };
    assert_eq!(value("metadata.labels[a.b/c]"), (3, 12, Some(13)));
    assert_eq!(key("metadata.labels[a.b/c]"), (3, 5, Some(10)));
    assert_eq!(value("metadata.labels.qA"), (4, 16, Some(24)));
    assert_eq!(key("metadata.labels.qA"), (4, 5, Some(14)));
    assert_eq!(value("metadata.labels.true"), (5, 9, Some(10)));
    assert_eq!(value("spec.rules[0].matches[0].path"), (9, 14, Some(16)));
    assert_eq!(value("spec.rules[0].matches[0].value[1]"), (9, 29, Some(30)));
    assert_eq!(key("spec.rules[0].matches[0].value[1]"), (9, 29, Some(30)));
    assert_eq!(value("spec.rules[0]"), (8, 5, Some(13)));
    assert_eq!(key("spec.rules"), (7, 3, Some(8)));
    assert_eq!(value("spec.rules[0].empty"), key("spec.rules[0].empty"), "a value of no characters");
    assert_eq!(value(""), (1, 1, Some(10)));
}

#[test]
fn an_absent_field_has_the_place_of_what_would_hold_it() {
    let loaded = parse_values("f", b"spec:\n  rules:\n  - a: 1\n");
    let origin = &loaded.documents[0].origin;
    let at = |path: &str| {
        let place = origin.value_at(path);
        (place.line, place.column)
    };
    assert_eq!(at("spec.rules[0].b.c"), at("spec.rules[0]"));
    assert_eq!(at("spec.rules[7]"), at("spec.rules"));
    assert_eq!(at("spec.rules.x"), at("spec.rules"));
    assert_eq!(at("status"), (1, 1));
    assert_eq!(at("spec.rules[0].a.b"), (3, 8));
    assert_eq!((origin.has("spec.rules[0].a"), origin.has("spec.rules[0].b"), origin.has("")), (true, false, true));
    let place = origin.key_at("spec.absent");
    assert_eq!((place.line, place.column), (1, 1), "the key of what would hold it");
}

#[test]
fn what_comes_from_elsewhere_stands_where_it_is_asked_for() {
    let loaded = parse_values("f", b"x: &x\n  a: 1\nw: *x\nz:\n  <<: *x\n  b: 2\n");
    let origin = &loaded.documents[0].origin;
    let at = |path: &str| {
        let place = origin.value_at(path);
        (place.line, place.column)
    };
    assert_eq!(at("w.a"), (3, 4), "the alias");
    assert_eq!(at("z.a"), (5, 3), "the merge key");
    assert_eq!(at("z.b"), (6, 6));
}

#[test]
fn bytes_that_are_not_utf8_spoil_their_document_only() {
    let mut bytes = object("a").into_bytes();
    bytes.extend(b"---\na: \xff\xfe\nb: \xff\n---\n");
    bytes.extend(object("b").as_bytes());
    bytes.extend(b"---\n\xc3");
    let loaded = parse_bytes("f", &bytes);
    assert_eq!(names(&loaded), ["a", "b"]);
    assert_eq!(shown(&loaded), ["7:4 not-utf8", "16:1 not-utf8"]);
    assert!(loaded.unusable);
    let utf16 = parse_bytes("f", b"\xff\xfea\0:\0 \0b\0");
    assert_eq!(shown(&utf16), ["not-utf8"]);
}
