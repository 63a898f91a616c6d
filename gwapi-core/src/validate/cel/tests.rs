use alloc::string::{String, ToString};

use serde_json::{Value, json};

use super::{Matcher, parse};

struct Patterns;

impl Matcher for Patterns {
    fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        regex::Regex::new(pattern).ok().map(|regex| regex.is_match(text))
    }
}

fn run(rule: &str, this: &Value) -> Result<bool, String> {
    let program = parse(rule)?;
    program.holds(this, Some(&json!("before")), &Patterns, &mut 10_000).map_err(|error| error.to_string())
}

#[test]
fn expressions_mean_what_cel_means() {
    let this =
        json!({"a": 1, "b": "text", "list": [1, 2, 3], "texts": ["x", "y"], "map": {"k": "v"}, "namespace": "n", "none": []});
    for (rule, expected) in [
        ("self.a == 1 && self.b != 'other'", true),
        ("!(self.a > 1) ? self.b == \"text\" : false", true),
        ("1 + 2 * 3 - 4 == 3 && 7 / 2 == 3 && 7 % 2 == 1 && -1 < 0", true),
        ("(self.a > 0 ? 1 : 0) + (has(self.gone) ? 1 : 0) == 1", true),
        ("has(self.gone)", false),
        ("has(self.__namespace__) && self.__namespace__ == 'n'", true),
        ("self.list.all(x, x > 0) && self.list.exists(x, x == 2) && self.list.exists_one(x, x == 3)", true),
        ("self.list.exists_one(x, x > 1)", false),
        ("self.list.filter(x, x > 1).size() == 2 && self.list.map(x, x + 1)[2] == 4", true),
        ("self.none.all(x, false) && !self.none.exists(x, true)", true),
        ("self.list.all(x, self.texts.exists(y, y == 'x' && x > 0))", true),
        ("size(self.list) == 3 && self.b.size() == 4 && size(self.map) == 1", true),
        ("self.map.all(key, key == 'k')", true),
        ("self.list[0] == 1 && self.texts[1] == 'y'", true),
        ("self.b in ['text', 'other'] && !(self.a in [2])", true),
        ("self.b.startsWith('te') && self.b.endsWith('xt') && self.b.contains('ex')", true),
        ("self.b.matches('^t.*t$') && self.b.matches(r\"\"\"e\"\"\")", true),
        ("'*.b'.substring(2) == 'b' && 'abc'.substring(1, 2) == 'b' && 'äöü'.substring(1) == 'öü'", true),
        ("'a/b'.split('/')[0] == 'a' && 'a'.split('/').size() == 1", true),
        ("duration('1h') > duration('59m59.9s') && duration('60s') == duration('1m')", true),
        ("isIP('1.2.3.4') && isIP('::1') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%a') && !isIP('a')", true),
        ("!format.dns1123Subdomain().validate('a.b').hasValue()", true),
        ("format.dns1123Subdomain().validate('A').hasValue()", true),
        ("format.qualifiedName().validate('a/b/c').hasValue()", true),
        ("!format.qualifiedName().validate('a.b/C_d').hasValue()", true),
        ("oldSelf == 'before'", true),
        ("'\\\\.' == r'\\.' && 'it\\'s' == \"it's\"", true),
    ] {
        assert_eq!(run(rule, &this), Ok(expected), "{rule}");
    }
}

#[test]
fn an_error_counts_only_if_nothing_else_decides() {
    let this = json!({"list": [{"a": 1}, {}], "half": 0.5});
    for (rule, expected) in [
        ("self.gone == 1 || true", Ok(true)),
        ("self.gone == 1 && false", Ok(false)),
        ("self.list.exists(x, x.a == 1)", Ok(true)),
        ("self.list.all(x, x.a == 2)", Ok(false)),
        ("self.gone == 1 && true", Err("no such key: gone")),
        ("self.list.all(x, x.a == 1)", Err("no such key: a")),
        ("self.list.exists_one(x, x.a == 1)", Err("no such key: a")),
        ("self.list[2].a == 1", Err("index out of bounds: 2")),
        ("self.half == 1", Err("invalid data, expected int, got float64")),
        ("9223372036854775807 + 1 > 0", Err("integer overflow")),
        ("1 / 0 == 0", Err("integer overflow")),
        ("duration('1d') == duration('1s')", Err("time: invalid duration \"1d\"")),
        ("self.list && true", Err("no such overload")),
        ("'abc'.substring(4) == ''", Err("index out of range: 4")),
    ] {
        assert_eq!(run(rule, &this), expected.map_err(ToString::to_string), "{rule}");
    }
}

#[test]
fn what_is_not_known_is_an_error_of_the_rule() {
    for rule in [
        "",
        "self.",
        "self.lowerAscii()",
        "quantity('1')",
        "self ? 1",
        "a b",
        "'open",
        "1.5 > 1",
        "self.all(1, true)",
        "x.matches(y)",
        "#",
    ] {
        assert!(parse(rule).is_err(), "{rule}");
    }
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&alloc::format!("{}true", "!".repeat(100_000))).is_err());
}

#[test]
fn a_rule_that_takes_too_long_ends_and_the_budget_with_it() {
    let many: Value = (0..1000).collect();
    let program = parse("self.all(a, self.exists_one(b, a == b))").unwrap();
    let mut budget = 10_000_000;
    let error = program.holds(&many, None, &Patterns, &mut budget).unwrap_err();
    assert_eq!(error.to_string(), "operation cancelled: actual cost limit exceeded");
    assert_eq!(budget, 0);
    let few: Value = (0..10).collect();
    let mut budget = 10_000;
    assert_eq!(program.holds(&few, None, &Patterns, &mut budget), Ok(true));
    assert!((9_000..9_900).contains(&budget), "{budget}");
}
