//! Each rule of the specification is held by something that fails when the rule breaks: `docs/ledger/requirements.tsv` says by what,
//! and this command checks that it is there and speaks of the rule.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::shell::{Outcome, root};

mod cases;
mod fields;
mod functions;
mod lines;

use cases::Case;
use lines::{How, Line};

const RULES: &str = "docs/requirements.md";
const LEDGER: &str = "docs/ledger/requirements.tsv";

/// So many rules are held by a case or by a test of a pure crate, which need neither a cluster nor a socket.
const PURE_AT_LEAST: usize = 665;

pub(crate) fn run() -> Outcome {
    let rules = rules(&read(RULES)?);
    let (lines, mut problems) = lines::parse(&read(LEDGER)?);
    let cases = cases::read(&root().join("testdata"), &mut problems);
    problems.extend(check(&rules, &lines, &cases, &|path| fs::read_to_string(root().join(path)).ok()));
    problems.extend(fields::check(&root()));
    eprintln!("{}", counted(&lines));
    if !problems.is_empty() {
        return Err(format!("{} problems\n{}", problems.len(), problems.join("\n")));
    }
    let pure = lines.iter().filter(|line| line.how.is_pure()).count();
    if pure < PURE_AT_LEAST {
        return Err(format!("{pure} rules are held by cases or by tests of the pure crates, {PURE_AT_LEAST} must be"));
    }
    Ok(())
}

/// The rules that need neither a cluster nor a socket, each with the cases or tests that hold it.
pub(crate) fn held() -> Result<BTreeMap<String, Vec<String>>, String> {
    let (lines, problems) = lines::parse(&read(LEDGER)?);
    match problems.first() {
        Some(problem) => Err(format!("{LEDGER}: {problem}")),
        None => Ok(lines.into_iter().filter(|line| line.how.is_pure()).map(|line| (line.id, line.how.pure_places())).collect()),
    }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The IDs of the digest, and whether each is still a rule.
fn rules(digest: &str) -> BTreeMap<String, bool> {
    let bullets = digest.lines().filter_map(|line| line.strip_prefix("- "));
    let rule = |bullet: &str| {
        let (mark, is_live) = if bullet.starts_with("~~") { ("~~", false) } else { ("**", true) };
        let id = bullet.strip_prefix(mark)?.split_once(mark)?.0;
        is_id(id).then(|| (id.to_owned(), is_live))
    };
    bullets.filter_map(rule).collect()
}

/// `D-013`: a chapter and a number.
fn is_id(text: &str) -> bool {
    matches!(text.as_bytes(), [chapter, b'-', digits @ ..] if chapter.is_ascii_uppercase() && digits.len() == 3 && digits.iter().all(u8::is_ascii_digit))
}

/// What is wrong with the ledger, given how to read a file of sources.
fn check(
    rules: &BTreeMap<String, bool>,
    lines: &[Line],
    cases: &BTreeMap<String, Case>,
    source: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let listed: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    problems.extend(rules.keys().filter(|id| !listed.contains(id.as_str())).map(|id| format!("{id}: nothing holds it")));
    for line in lines {
        let wrong = match rules.get(&line.id) {
            None => vec!["is no rule".to_owned()],
            Some(true) => line.how.problems(&line.id, cases, source),
            Some(false) if line.how == How::Not("retired".to_owned()) => vec![],
            Some(false) => vec!["is no longer a rule: `n/a`, `retired`".to_owned()],
        };
        problems.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", line.id)));
    }
    for (name, case) in cases {
        if case.requirements.is_empty() {
            problems.push(format!("{name}: names no rule"));
        }
        let unknown = case.requirements.iter().filter(|id| rules.get(*id) != Some(&true));
        problems.extend(unknown.map(|id| format!("{name}: {id} is no rule")));
    }
    problems
}

fn counted(lines: &[Line]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(line.how.word()).or_default() += 1;
    }
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str =
        "- **A-001** · MUST · std — One.\n- **B-002** · MUST · std — Two.\n- ~~C-003~~ retired.\n- **Level** — no rule\n";

    const SOURCE: &str = "\
/// As A-001 says.
#[test]
fn one() {
    assert!(true);
}

#[test]
fn b_002_two() {
    {
    }
}

fn a_001_helper() {}
";

    fn problems(ledger: &str, cases: &[(&str, &[&str])]) -> Vec<String> {
        let (lines, mut problems) = lines::parse(ledger);
        let case = |ids: &[&str]| Case { requirements: ids.iter().map(|id| (*id).to_owned()).collect() };
        let cases = cases.iter().map(|(name, ids)| ((*name).to_owned(), case(ids))).collect();
        let source = |path: &str| (path == "gwapi-core/tests/t.rs").then(|| SOURCE.to_owned());
        problems.extend(check(&rules(DIGEST), &lines, &cases, &source));
        problems
    }

    const FINE: &str = "\
A-001\ttest\tgwapi-core/tests/t.rs::one
B-002\tcase\ttestdata/area/case, testdata/area/other
C-003\tn/a\tretired
";

    const CASES: &[(&str, &[&str])] = &[("testdata/area/case", &["B-002"]), ("testdata/area/other", &["A-001", "B-002"])];

    /// What is said when `from` is replaced in a ledger that is as it should be.
    fn with(from: &str, to: &str) -> Vec<String> {
        assert!(FINE.contains(from), "{from}");
        problems(&FINE.replace(from, to), CASES)
    }

    #[test]
    fn a_complete_ledger_is_fine() {
        assert_eq!(problems(FINE, CASES), Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_nothing_holds_is_named() {
        assert_eq!(with("A-001\ttest\tgwapi-core/tests/t.rs::one\n", ""), ["A-001: nothing holds it"]);
    }

    #[test]
    fn an_unknown_rule_a_second_line_and_disorder_are_named() {
        assert_eq!(with("C-003", "C-004"), ["C-003: nothing holds it", "C-004: is no rule"]);
        assert_eq!(
            with("C-003\tn/a\tretired\n", "C-003\tn/a\tretired\nC-003\tn/a\tretired\n"),
            ["line 4: C-003 does not follow C-003"]
        );
        let [first, second, third] = FINE.lines().collect::<Vec<_>>()[..] else { unreachable!() };
        assert_eq!(problems(&format!("{second}\n{first}\n{third}\n"), CASES), ["line 2: A-001 does not follow B-002"]);
    }

    #[test]
    fn a_retired_rule_is_held_by_nothing() {
        assert_eq!(with("n/a\tretired", "n/a\tit was fun while it lasted"), ["C-003: is no longer a rule: `n/a`, `retired`"]);
    }

    #[test]
    fn a_case_is_there_and_names_the_rule() {
        assert_eq!(with("testdata/area/case,", "testdata/area/gone,"), ["B-002: there is no case testdata/area/gone"]);
        let wrong = problems(FINE, &[("testdata/area/case", &["B-002"]), ("testdata/area/other", &["A-001"])]);
        assert_eq!(wrong, ["B-002: testdata/area/other does not name it"]);
    }

    #[test]
    fn cases_and_tests_stand_side_by_side() {
        let both = |how: &str| {
            with("test\tgwapi-core/tests/t.rs::one", &format!("{how}\ttestdata/area/other, gwapi-core/tests/t.rs::one"))
        };
        assert_eq!(both("case"), Vec::<String>::new());
        assert_eq!(both("test"), Vec::<String>::new());
        assert_eq!(with("test\tgwapi-core", "case\tgwapi-core"), ["A-001: none of this is a case"]);
    }

    #[test]
    fn each_case_names_rules_that_there_are() {
        let wrong =
            problems(FINE, &[CASES[0], CASES[1], ("testdata/area/mute", &[]), ("testdata/area/wrong", &["B-999", "C-003"])]);
        let expected = [
            "testdata/area/mute: names no rule",
            "testdata/area/wrong: B-999 is no rule",
            "testdata/area/wrong: C-003 is no rule",
        ];
        assert_eq!(wrong, expected);
    }

    #[test]
    fn a_test_is_there_is_a_test_and_speaks_of_the_rule() {
        let of = |place: &str| with("gwapi-core/tests/t.rs::one", place);
        assert_eq!(of("gwapi-core/tests/gone.rs::one"), ["A-001: there is no file gwapi-core/tests/gone.rs"]);
        assert_eq!(of("gwapi-core/tests/t.rs::two"), ["A-001: gwapi-core/tests/t.rs has no function two"]);
        assert_eq!(of("gwapi-core/tests/t.rs::a_001_helper"), ["A-001: gwapi-core/tests/t.rs::a_001_helper is no test"]);
        assert_eq!(of("gwapi-core/tests/t.rs::b_002_two"), ["A-001: gwapi-core/tests/t.rs::b_002_two does not name it"]);
        assert_eq!(of("adapters/cli/tests/t.rs::one"), ["A-001: none of this is a test of a pure crate"]);
        assert_eq!(of("gwapi-core/tests/t.rs"), ["A-001: `gwapi-core/tests/t.rs` is no place of a test: `FILE::FUNCTION`"]);
        assert_eq!(
            with("B-002\tcase\ttestdata/area/case, testdata/area/other", "B-002\ttest\tgwapi-core/tests/t.rs::b_002_two"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_no_pure_crate_can_hold_has_a_reason() {
        let of = |how: &str, reason: &str| with("test\tgwapi-core/tests/t.rs::one", &format!("{how}\t{reason}"));
        assert_eq!(of("n/a", "it is prose for readers"), Vec::<String>::new());
        assert_eq!(of("adapter", "the proxy's test of handshakes, see `Table::connect`"), Vec::<String>::new());
        assert_eq!(of("n/a", "prose"), ["A-001: `prose` is no reason"]);
        assert_eq!(of("adapter", "later"), ["A-001: `later` is no reason"]);
        assert_eq!(of("adapter", "gwapi-core/tests/t.rs::two"), ["A-001: gwapi-core/tests/t.rs has no function two"]);
    }

    #[test]
    fn a_line_has_three_parts_and_a_known_word() {
        assert_eq!(
            with("A-001\ttest\tgwapi-core/tests/t.rs::one", "A-001 test"),
            ["line 1: not `ID<TAB>how<TAB>where`", "A-001: nothing holds it"]
        );
        assert_eq!(with("A-001\ttest\t", "A-001\thope\t")[0], "line 1: `hope` is none of case, test, adapter, n/a");
    }
}
