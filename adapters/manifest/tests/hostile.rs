//! Inputs that are broken, or made to do harm: each is a finding, none is a failure of the program.

use std::fmt::Write;
use std::time::{Duration, Instant};

use gwapi_manifest::{Limits, Loaded, parse_bytes, parse_str, parse_values, visit};
use proptest::prelude::*;

/// The codes of what was found.
fn codes(text: &str) -> Vec<&'static str> {
    let loaded = parse_values("f", text.as_bytes());
    render(&loaded);
    loaded.findings.iter().map(|finding| finding.code).collect()
}

/// Rendering must survive whatever was found.
fn render(loaded: &Loaded) {
    for finding in loaded.findings.iter().take(100) {
        gwapi_manifest::render::human(finding, true);
        gwapi_manifest::render::github(finding);
    }
}

/// The value of `v`.
fn v(text: &str) -> Option<serde_json::Value> {
    parse_values("f", text.as_bytes()).documents.first().map(|document| document.value["v"].clone())
}

#[test]
fn what_does_not_parse_is_a_syntax_error() {
    for text in [
        "a: [b",
        "a: {b",
        "a: {b: c",
        "a: \"b",
        "a: 'b",
        "a: ]",
        "a: }",
        "a: b: c",
        "a: 'b' c",
        "a: - b",
        "a: @b",
        "a: `b",
        "a: %b",
        "a: *",
        "a: &",
        "- a\nb: c",
        "a: b\n- c",
        "a:\n    b: 1\n  c: 2",
        "a: 1\n b: 2",
        "a:\n\tb: c",
        "\ta: b",
        "a:\n  -\tb: c",
        "a: |\n\t b",
        "a: |x\n b",
        "a: |0\n b",
        "a: \"\\q\"",
        "a: \"\\x4\"",
        "a: \"\\ud800\"",
        "{---",
        "[a,,b]",
        "{,}",
        "a: b\n--",
        "a: \0",
        "a\0: b",
        "\0",
        "a: \u{1}",
        "a: \u{7f}",
        "a: \u{80}",
        "a: \u{ffff}",
        "# \u{1b}[31m\na: b",
        "a: !y!x b",
        "%FOO\n",
        "a: !<x b",
        "a: 'x\n...\ny'",
        "{\"a\": 1",
        "{\"a\" 1}",
        "{\"a\": tru",
    ] {
        let found = codes(text);
        assert!(found == ["yaml-syntax"] || found == ["yaml-syntax", "ignored-text"], "{text:?}: {found:?}");
    }
}

#[test]
fn half_a_file_is_an_error_or_less_of_it_but_never_a_panic() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {\"a\": [1, 'x', \"\\u00e9\"], ? b : &c |\n  y}\n- k: >-\n    é\n  <<: *c\n...\n# e\n";
    for end in 0..text.len() {
        render(&parse_bytes("f", &text.as_bytes()[..end]));
    }
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"\\ud83d\\ude00é\", \"x\": [1.5e3, true, null, {}]}{}";
    for end in 0..json.len() {
        render(&parse_bytes("f", &json.as_bytes()[..end]));
    }
}

#[test]
fn nesting_beyond_100_levels_is_a_finding() {
    let flow = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let json = |levels| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let block = |levels| format!("{}x", "- ".repeat(levels));
    let indented = |levels| (0..levels).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    let mixed = |levels: usize| {
        format!("{}{}{}", "- ".repeat(levels / 2), "[".repeat(levels - levels / 2), "]".repeat(levels - levels / 2))
    };
    for (name, nested) in
        [("flow", &flow as &dyn Fn(usize) -> String), ("json", &json), ("block", &block), ("map", &indented), ("mixed", &mixed)]
    {
        assert_eq!(codes(&nested(100)), Vec::<&str>::new(), "{name}");
        assert_eq!(codes(&nested(101)), ["nesting-too-deep"], "{name}");
        assert_eq!(codes(&nested(if name == "map" { 400 } else { 100_000 })), ["nesting-too-deep"], "{name}");
    }
    for unclosed in ["[", "{", "{\"a\":", "? ", "- ", "{a: "] {
        let found = codes(&unclosed.repeat(100_000));
        assert!(matches!(found.as_slice(), ["nesting-too-deep" | "yaml-syntax"]), "{unclosed:?}: {found:?}");
    }
}

#[test]
fn aliases_do_not_add_levels_beyond_the_limit() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..=120 {
        let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
    }
    assert_eq!(codes(&text), ["nesting-too-deep"]);
}

#[test]
fn alias_bombs_are_findings() {
    let mut laughs = "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned();
    for (name, inner) in ('b'..='i').zip('a'..='h') {
        let alias = format!("*{inner},").repeat(9);
        let _ = writeln!(laughs, "{name}: &{name} [{alias}]");
    }
    assert_eq!(codes(&laughs), ["alias-bomb"]);

    let long = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), "*a,".repeat(100));
    assert_eq!(codes(&long), ["alias-bomb"], "bytes count as well");

    let nested = (0..90).map(|level| format!("&a{level} [")).collect::<String>() + &"x,".repeat(20_000) + &"]".repeat(90);
    let uses = (0..90).map(|level| format!("*a{level},")).collect::<String>();
    assert_eq!(codes(&format!("- {nested}\n- [{uses}]")), ["alias-bomb"], "copies of nested anchors too");

    let merges = format!("x: &x {{{}}}\n{}", (0..1000).map(|i| format!("k{i}: 1,")).collect::<String>(), {
        (0..1000).map(|i| format!("m{i}: {{<<: *x}}\n")).collect::<String>()
    });
    assert_eq!(codes(&merges), ["alias-bomb"]);
}

#[test]
fn the_bombs_of_many_documents_share_one_budget() {
    let document = |i: usize| format!("a{i}: &a [{}]\nb: [{}]\n", "1,".repeat(500), "*a,".repeat(90));
    let text = (0..30).map(document).collect::<Vec<_>>().join("---\n");
    let loaded = parse_values("f", text.as_bytes());
    let bombs = loaded.findings.iter().filter(|finding| finding.code == "alias-bomb").count();
    assert!(loaded.documents.len() > 5 && bombs > 5, "{} documents, {bombs} bombs", loaded.documents.len());
    assert_eq!(loaded.documents.len() + bombs, 30);
}

#[test]
fn many_anchors_and_honest_aliases_are_no_bomb() {
    let anchors = (0..20_000).map(|i| format!("- &a{i} x\n- *a{i}\n")).collect::<String>();
    let loaded = parse_values("f", anchors.as_bytes());
    assert_eq!(loaded.documents[0].value.as_array().map(Vec::len), Some(40_000));
    let common =
        format!("x: &x {{a: 1, b: 2, c: 3}}\n{}", (0..5000).map(|i| format!("m{i}:\n  <<: *x\n  d: {i}\n")).collect::<String>());
    assert_eq!(codes(&common), Vec::<&str>::new());
}

#[test]
fn documents_over_10_mb_are_skipped_alone() {
    let large = format!("v: {}\n", "x".repeat(10_000_000));
    let loaded = parse_values("f", format!("a: 1\n---\n{large}---\nb: 2\n").as_bytes());
    assert_eq!(loaded.documents.len(), 2);
    assert_eq!(loaded.findings.len(), 1);
    assert_eq!((loaded.findings[0].code, loaded.findings[0].place.map(|at| at.line)), ("document-too-large", Some(3)));
    let fits = format!("v: {}", "x".repeat(9_999_997));
    assert_eq!(v(&fits).and_then(|value| value.as_str().map(str::len)), Some(9_999_997));
    let json = format!("{{}}\n{{\"v\": \"{}\"}}\n{{}}", "x".repeat(10_000_000));
    let loaded = parse_values("f", json.as_bytes());
    assert_eq!((loaded.documents.len(), loaded.findings[0].code), (2, "document-too-large"));
}

#[test]
fn a_document_of_too_many_values_is_a_finding() {
    let mut limits = Limits::default();
    limits.document_memory = 1 << 20;
    for text in ["[{a},{a},", "{\"a\":[{},{\"b\":1},", "- {a: b}\n"] {
        let many = text.repeat(10_000);
        let mut report = visit(&["-"], &mut many.as_bytes(), limits, &mut |_| {});
        report.findings.truncate(1);
        let code = report.findings.first().map(|finding| finding.code);
        assert!(matches!(code, Some("document-too-large" | "nesting-too-deep")), "{text}: {code:?}");
    }
}

#[test]
fn a_file_that_is_too_large_is_a_finding() {
    let mut limits = Limits::default();
    limits.file_bytes = 1000;
    let mut endless = std::io::repeat(b'x');
    let report = visit(&["-"], &mut endless, limits, &mut |_| {});
    assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["file-too-large"]);
    assert!(report.unusable);
}

#[test]
fn findings_without_end_are_counted() {
    let loaded = parse_str("f", &"---\nx\n".repeat(10_500));
    assert_eq!(loaded.findings.len(), 10_001);
    let last = loaded.findings.last().map(|finding| (finding.code, finding.message.as_str()));
    assert_eq!(last, Some(("too-many-findings", "500 more findings are not shown")));
    let duplicates = parse_values("f", "a: 1\n".repeat(11_001).as_bytes());
    assert_eq!(duplicates.findings.len(), 10_001);
    assert_eq!(duplicates.findings[10_000].message, "1000 more findings are not shown");
}

/// What costs the square of its length takes minutes at this size, and what does not far less than a second without
/// optimisation.
#[test]
fn long_inputs_take_time_in_proportion() {
    const LENGTH: usize = 300_000;
    let repeat = |part: &str| part.repeat(LENGTH / part.len());
    let numbered = |line: &dyn Fn(usize) -> String| (0..LENGTH / 12).map(line).collect::<String>();
    for (name, text) in [
        ("one line of numbers", format!("a: [{}]", repeat("1,"))),
        ("one line of mappings", format!("a: [{}]", repeat("{a},"))),
        ("one line of pairs", format!("a: [{}]", repeat("a: b, "))),
        ("one line of JSON", format!("{{\"a\": [{}1]}}", repeat("\"é\","))),
        ("one line of quoted text", format!("a: \"{}\"", repeat("é\\n"))),
        ("one line of quotes", repeat("'")),
        ("lines of text", format!("a: |\n{}", repeat(" x\n"))),
        ("folded lines", format!("a: \"{}\"", repeat("x\n  "))),
        ("plain lines", format!("a: {}", repeat("x\n  "))),
        ("empty lines", format!("a: x{}\n  b", repeat("\n"))),
        ("spaces", format!("a:{}b", repeat(" "))),
        ("comments", repeat("# x\n")),
        ("keys", numbered(&|i| format!("key{i}: 1 # x\n"))),
        ("the same key", repeat("a: 1\n")),
        ("anchors", numbered(&|i| format!("- &a{i} x\n"))),
        ("aliases", format!("- &a x\n{}", repeat("- *a\n"))),
        ("merges", format!("x: &x {{a: 1}}\n{}", numbered(&|i| format!("k{i}: {{<<: *x}}\n")))),
        ("colons", repeat(":")),
        ("open questions", repeat("? a\n")),
        ("documents", repeat("---\na\n")),
        ("ends of documents", repeat("...\n")),
        ("broken documents", repeat("---\na: [\n")),
        ("items that are no objects", format!("{{\"kind\": \"List\", \"items\": [{}1]}}", repeat("1,"))),
        ("bytes that are not UTF-8", "\u{fffd}\n".repeat(LENGTH / 4)),
    ] {
        let start = Instant::now();
        render(&parse_str("f", &text));
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(8), "{name}: {taken:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 50_000 }))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        render(&parse_bytes("f", &bytes));
    }

    #[test]
    fn no_yaml_makes_it_panic(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)) {
        let text = parts.concat();
        let loaded = parse_values("f", text.as_bytes());
        render(&loaded);
        for document in &loaded.documents {
            check_places(&document.value, &document.origin, "");
        }
        parse_str("f", &text);
    }
}

/// Every field of a value has a place, and is found by its path.
fn check_places(value: &serde_json::Value, origin: &gwapi_manifest::Origin, path: &str) {
    let place = origin.value_at(path);
    assert!(place.line >= 1 && place.column >= 1 && place.end_column.is_none_or(|end| end > place.column));
    match value {
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_places(item, origin, &format!("{path}[{index}]"));
            }
        }
        serde_json::Value::Object(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| !key.contains(['[', ']'])) {
                check_places(value, origin, &format!("{path}[{key}]"));
            }
        }
        _ => {}
    }
}

const PARTS: &[&str] = &[
    "a",
    "b",
    "é",
    "1",
    "on",
    "~",
    ": ",
    ":",
    "- ",
    "? ",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "\n  ",
    "\n    ",
    "\n---\n",
    "\n...\n",
    "\r\n",
    "\t",
    " ",
    "'",
    "\"",
    "\\",
    "\\n",
    "|",
    ">",
    "|-\n",
    "&x ",
    "*x",
    "<<: ",
    "!!str ",
    "!t ",
    "#",
    " #",
    "%",
    "@",
    "\0",
    "\u{feff}",
    "'a'",
    "\"b\"",
    "a: ",
    "b:\n  ",
    "- a: ",
    "kind: List\n",
    "items:\n",
    "apiVersion: v1\n",
    "{\"a\": ",
    "1}",
    "\"\\ud83d\"",
];
