//! Findings as text, JSON, SARIF and annotations.

use gwapi_manifest::{CODES, Finding, Severity, parse_str, parse_values, render, sort};
use serde_json::json;

fn first(text: &str) -> Finding {
    parse_values("dir/f.yaml", text.as_bytes()).findings.into_iter().next().expect("a finding")
}

#[test]
fn a_finding_shows_its_line_with_a_marker_and_a_fix() {
    assert_eq!(
        render::human(&first("a: 1\nspec:\n  name: a\n  name: b\n"), false),
        "dir/f.yaml:4:3: error[duplicate-key]: the key `name` is given more than once; the last one counts\n \
         4 |   name: b\n   |   ^^^^\n  fix: remove all but one of them\n"
    );
    assert_eq!(
        render::human(&first(&format!("{}\ta: [b", "a: 1\n".repeat(99) + "é:\n")), false).lines().take(3).collect::<Vec<_>>()
            [1..],
        [" 101 |  a: [b", "     |  ^"],
        "a tab takes one place"
    );
}

#[test]
fn color_is_a_choice() {
    let finding = first("a: 1\na: 2");
    assert!(!render::human(&finding, false).contains('\u{1b}'));
    assert!(
        render::human(&finding, true)
            .starts_with("\u{1b}[1mdir/f.yaml:2:1: \u{1b}[0m\u{1b}[1;31merror[duplicate-key]\u{1b}[0m: the key")
    );
}

#[test]
fn wide_characters_take_two_places() {
    let text = render::human(&first("{日本: 1, 語: 2, 語: 3}"), false);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], " 1 | {日本: 1, 語: 2, 語: 3}");
    assert_eq!(lines[2], "   |                  ^^");
}

#[test]
fn long_lines_are_cut_around_the_marker() {
    let text = render::human(&first(&format!("{{x: 1, x: 2, {}}}", "y, ".repeat(500))), false);
    assert!(text.lines().nth(1).is_some_and(|line| line.ends_with('…') && line.chars().count() < 140));
    let far = (0..500).map(|i| format!("k{i}: 1, ")).collect::<String>();
    let text = render::human(&first(&format!("{{{far}k7: 2, {far}}}")), false);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[1].starts_with(" 1 | …") && lines[1].ends_with('…') && lines[1].chars().count() < 140, "{}", lines[1]);
    let column = lines[2].find('^').expect("a marker");
    assert_eq!(lines[1].chars().skip(column).take(2).collect::<String>(), "k7");
    let marked = render::human(&first(&format!("{{{0}: 1, {0}: 2}}", "x".repeat(300))), false);
    assert!(marked.lines().all(|line| line.chars().count() < 200), "{marked}");
}

#[test]
fn no_input_sends_commands_to_a_terminal() {
    let evil = "\"\\x1b[2J\u{202e}\u{9b}31m\\n\": 1\n\"\\x1b[2J\u{202e}\\n\": 1\n# \u{202e}";
    let name = "evil\u{1b}[31m\n.yaml";
    for text in [evil, "\"\\e[2J\u{202e}\": 1\n\"\\e[2J\u{202e}\": 2", "a: \u{1b}]0;x\u{7}"] {
        for finding in parse_values(name, text.as_bytes()).findings {
            let shown = render::human(&finding, false);
            assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n' || letter == '\u{202e}'), "{shown:?}");
            assert!(shown.starts_with("evil\\u{1b}[31m\\n.yaml:"), "{shown:?}");
        }
    }
    assert_eq!(render::escape("a\tb\u{1b}\u{200b}é"), "a\\tb\\u{1b}\\u{200b}é");
    assert_eq!(render::escape("plain é 語"), "plain é 語");
}

#[test]
fn json_names_what_is_there() {
    assert_eq!(
        render::json(&[first("a:\n  b: 1\n  b: 2"), Finding::new(Severity::Note, "x", "m")]),
        json!([
            {"severity": "error", "code": "duplicate-key", "message": "the key `b` is given more than once; the last one counts",
             "file": "dir/f.yaml", "line": 3, "column": 3, "endColumn": 4, "path": "a.b", "fix": "remove all but one of them"},
            {"severity": "note", "code": "x", "message": "m", "file": ""},
        ])
    );
}

#[test]
fn annotations_escape_what_would_end_them() {
    let finding = Finding::new(Severity::Error, "x", "50% of\nit").in_file("a,b:c%.yaml").with_fix("none");
    assert_eq!(render::github(&finding), "::error file=a%2Cb%3Ac%25.yaml,title=x::50%25 of%0Ait%0Afix: none\n");
    let finding = first("a: 1\na: 2");
    assert_eq!(
        render::github(&finding),
        "::error file=dir/f.yaml,line=2,col=1,endColumn=2,title=duplicate-key::the key `a` is given more than once; the last one \
         counts%0Afix: remove all but one of them\n"
    );
    assert!(render::github(&Finding::new(Severity::Note, "x", "m")).starts_with("::notice title=x::m"));
    assert!(render::github(&Finding::new(Severity::Warning, "x", "m")).starts_with("::warning "));
}

#[test]
fn sarif_has_rules_results_and_places() {
    let mut findings = parse_str("./dir/a b.yaml", "a:\n  b: 1\n  b: 2").findings;
    findings.push(Finding::new(Severity::Note, "own-code", "m").in_file("/etc/é.yaml"));
    findings.push(Finding::new(Severity::Warning, "unknown", "m"));
    let log = render::sarif(&findings, "1.2.3", &[("own-code", "what it means")]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["version"], "1.2.3");
    let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().expect("rules").iter().map(|rule| rule["id"].clone()).collect();
    assert_eq!(rules, ["duplicate-key", "missing-kind", "own-code", "unknown"]);
    assert_eq!(run["tool"]["driver"]["rules"][2]["shortDescription"]["text"], "what it means");
    assert_eq!(run["results"][0]["ruleIndex"], 0);
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(
        run["results"][0]["locations"],
        json!([{
            "physicalLocation": {
                "artifactLocation": {"uri": "dir/a%20b.yaml"},
                "region": {"startLine": 3, "startColumn": 3, "endColumn": 4},
            },
            "logicalLocations": [{"fullyQualifiedName": "a.b"}],
        }])
    );
    assert_eq!(
        run["results"][2]["locations"][0]["physicalLocation"],
        json!({"artifactLocation": {"uri": "file:///etc/%C3%A9.yaml"}})
    );
    assert_eq!(run["results"][3].get("locations"), None);
}

#[test]
fn findings_sort_by_place() {
    let at = |file: &str, text: &str| parse_values(file, text.as_bytes()).findings.remove(0);
    let whole = Finding::new(Severity::Error, "x", "m").in_file("b");
    let mut findings = vec![at("b", "a: 1\n\na: 2"), at("b", "a: 1\na: 2"), at("a", "\n\n["), whole];
    sort(&mut findings);
    let order: Vec<_> = findings.iter().map(|finding| (finding.file.as_ref(), finding.place.map_or(0, |at| at.line))).collect();
    assert_eq!(order, [("a", 3), ("b", 0), ("b", 2), ("b", 3)]);
}

#[test]
fn a_finding_of_ones_own_stands_at_a_field() {
    let loaded = parse_str("f", "apiVersion: v1\nkind: A\nspec:\n  rules:\n  - name: x\n");
    let document = &loaded.documents[0];
    let finding = document.finding(Severity::Warning, "own", "spec.rules[0].name", "bad name");
    assert_eq!(render::human(&finding, false), "f:5:11: warning[own]: bad name\n 5 |   - name: x\n   |           ^\n");
    assert_eq!(finding.path.as_deref(), Some("spec.rules[0].name"));
    let key = Finding::new(Severity::Note, "own", "m").at_key(&document.origin, "spec.rules");
    assert_eq!(key.place.map(|at| (at.line, at.column)), Some((4, 3)));
}

#[test]
fn codes_are_sorted_words_with_a_meaning() {
    assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for (code, meaning) in CODES {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{code}");
        assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{code}");
    }
}

#[test]
fn no_line_of_a_secret_is_shown() {
    let hidden = |text: &str| {
        let text = render::human(&first(text), false);
        assert!(!text.contains("hunter2") && text.starts_with("dir/f.yaml:"), "{text}");
        assert_eq!(text.lines().filter(|line| !line.starts_with("  fix:")).count(), 1, "{text}");
    };
    hidden("apiVersion: v1\nkind: Secret\ndata:\n  tls.key: hunter2\n  tls.key: hunter2\n");
    hidden("apiVersion: v1\nkind: Secret\ndata:\n  tls.key: [hunter2\n");
    hidden("{\"kind\": \"Secret\", \"data\": {\"a\": \"hunter2\", \"a\": \"hunter2\"}}");
    hidden("kind: Secret\ndata: {a: b}\n...\nhunter2\n");
    let other = "kind: Secret\ndata: {a: hunter2}\n---\nkind: ConfigMap\nkind: ConfigMap\n";
    assert!(render::human(&first(other), false).contains(" 5 | kind: ConfigMap\n"));
}
