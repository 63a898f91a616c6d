//! What unquoted scalars mean: the published behaviour of sigs.k8s.io/yaml (v1.6.0 on go-yaml v2.4), value by value.

use gwapi_manifest::parse_values;
use serde_json::{Value, json};

fn read(text: &str) -> Option<Value> {
    let mut loaded = parse_values("f", text.as_bytes());
    assert!(loaded.documents.len() <= 1, "{text:?}");
    loaded.documents.pop().filter(|_| !loaded.unusable).map(|document| document.value)
}

/// The value of `v: …`, and the key of `…: v`.
fn check(scalar: &str, value: Value, key: &str) {
    assert_eq!(read(&format!("v: {scalar}")), Some(json!({"v": value})), "v: {scalar}");
    let mut expected = serde_json::Map::new();
    expected.insert(key.to_owned(), "v".into());
    assert_eq!(read(&format!("{scalar}: v")), Some(Value::Object(expected)), "{scalar}: v");
}

#[test]
fn booleans() {
    for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
        check(word, true.into(), "true");
    }
    for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
        check(word, false.into(), "false");
    }
    for word in ["yEs", "nO", "tRue", "oN", "yess", "t", "f"] {
        check(word, word.into(), word);
    }
}

#[test]
fn nulls_are_values_but_no_keys() {
    for word in ["~", "null", "Null", "NULL"] {
        assert_eq!(read(&format!("v: {word}")), Some(json!({"v": null})), "{word}");
        assert_eq!(read(&format!("{word}: v")), None, "{word}");
    }
    assert_eq!(read("v:"), Some(json!({"v": null})));
    check("nULL", "nULL".into(), "nULL");
}

#[test]
fn integers() {
    for (scalar, value) in [
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-12", -12),
        ("1_000", 1000),
        ("1_", 1),
        ("1__0", 10),
        ("-_1", -1),
        ("01", 1),
        ("00", 0),
        ("0777", 511),
        ("-0777", -511),
        ("0o777", 511),
        ("0O17", 15),
        ("+0o7", 7),
        ("0_7", 7),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x10", -16),
        ("0x_0A_74_AE", 685_230),
        ("0b10", 2),
        ("0B10", 2),
        ("-0b11", -3),
        ("0b1010_0111_0100_1010_1110", 685_230),
        ("0b-1", -1),
        ("0_b1", 1),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ] {
        check(scalar, value.into(), &value.to_string());
    }
    assert_eq!(read("v: 18446744073709551615"), Some(json!({"v": u64::MAX})));
    assert_eq!(read("v: 0xFFFFFFFFFFFFFFFF"), Some(json!({"v": u64::MAX})));
    assert_eq!(read("18446744073709551615: v"), None);
}

#[test]
fn floats_without_fraction_are_integers_and_keys_have_32_bits() {
    for (scalar, value, key) in [
        ("1.0", json!(1), "1"),
        ("5.", json!(5), "5"),
        ("1e3", json!(1000), "1000"),
        ("1.e3", json!(1000), "1000"),
        ("1_e3", json!(1000), "1000"),
        ("-0.0", json!(0), "-0"),
        (".5e1", json!(5), "5"),
        (".5e1_0", json!(5_000_000_000_i64), "5e+09"),
        ("08", json!(8), "8"),
        ("123456e1", json!(1_234_560), "1.23456e+06"),
        ("0123456789", json!(123_456_789), "1.2345679e+08"),
        ("1.5", json!(1.5), "1.5"),
        (".5", json!(0.5), "0.5"),
        ("+.5", json!(0.5), "0.5"),
        ("-.5_0", json!(-0.5), "-0.5"),
        ("1_0.5", json!(10.5), "10.5"),
        ("0.1_5", json!(0.15), "0.15"),
        (".1_5", json!(0.15), "0.15"),
        ("00.5", json!(0.5), "0.5"),
        ("1e-7", json!(1e-7), "1e-07"),
        ("1e-3", json!(0.001), "0.001"),
        ("2.34159265358979", json!(2.34159265358979), "2.3415926"),
        ("1e21", json!(1e21), "1e+21"),
        ("1000000000000000000000000000000000000", json!(1e36), "1e+36"),
        ("18446744073709551616", json!(18446744073709551616.0), "1.8446744e+19"),
        ("07777777777777777777777", json!(7.777777777777777e21), "7.777778e+21"),
    ] {
        check(scalar, value, key);
    }
}

#[test]
fn infinity_and_nan_are_keys_but_no_values() {
    for (scalar, key) in [(".inf", ".inf"), ("+.Inf", ".inf"), ("-.INF", "-.inf"), (".nan", ".nan"), (".NaN", ".nan")] {
        assert_eq!(read(&format!("v: {scalar}")), None, "{scalar}");
        assert_eq!(read(&format!("{scalar}: v")), Some(json!({key: "v"})), "{scalar}");
    }
}

#[test]
fn strings() {
    for text in [
        "1:30",
        "190:20:30",
        "1:20.5",
        "2001-01-01",
        "2001-1-1",
        "2001-12-14t21:59:43.10-05:00",
        "10Gi",
        "100m",
        "1d",
        "3s",
        "1.2.3",
        "_1",
        "0x",
        "0xg",
        "0b",
        "0b2",
        "0b_",
        "0o",
        "0o8",
        "+-1",
        "+",
        "+_",
        "-0b-1",
        "0x-1",
        "00x1",
        "0_0x1",
        ".",
        "..",
        "._",
        "._15",
        ".1_",
        ".1__5",
        ".5_e1",
        ".e3",
        "1e",
        "1e+",
        "1e400",
        "-1e400",
        ".5e400",
        "0x1p-2",
        "0x1.5",
        "0x10000000000000000",
        "Infinity",
        "inf",
        "NaN",
        "=",
        "1,000",
        "text",
    ] {
        check(text, text.into(), text);
    }
    assert_eq!(read("v: <<"), Some(json!({"v": "<<"})));
    for quoted in ["'on'", "\"0777\"", "'~'", "\"\"", "'1e3'", "\"<<\""] {
        let text = &quoted[1..quoted.len() - 1];
        check(quoted, text.into(), text);
    }
}

#[test]
fn tags() {
    for (text, value) in [
        ("!!str 1", json!("1")),
        ("!!str yes", json!("yes")),
        ("!!str", json!("")),
        ("!!int '1'", json!(1)),
        ("!!int \"0x10\"", json!(16)),
        ("!!float 1", json!(1)),
        ("!!float '1.1'", json!(1.1)),
        ("!!bool 'yes'", json!(true)),
        ("!!null ''", json!(null)),
        ("!!binary aGVsbG8=", json!("hello")),
        ("!!binary aGVsbG8h", json!("hello!")),
        ("!!binary aA==", json!("h")),
        ("!!timestamp 2001-01-01", json!("2001-01-01")),
        ("!foo 1", json!("1")),
        ("! 12", json!("12")),
        ("!!set {a, b}", json!({"a": null, "b": null})),
        ("!foo [a]", json!(["a"])),
        ("!<tag:yaml.org,2002:str> 1", json!("1")),
    ] {
        assert_eq!(read(&format!("v: {text}")), Some(json!({"v": value})), "{text}");
    }
    for text in [
        "!!int 1.5",
        "!!bool maybe",
        "!!null x",
        "!!int",
        "!!float x",
        "!!binary '%%%'",
        "!!binary a",
        "!!binary aA=a",
        "!y!int 1",
    ] {
        assert_eq!(read(&format!("v: {text}")), None, "{text}");
    }
}
