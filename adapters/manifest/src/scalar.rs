//! What a YAML scalar means: the YAML 1.1 rules of `sigs.k8s.io/yaml` (go-yaml v2), which kubectl reads manifests with.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// A scalar after resolution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Cow<'a, str>),
}

/// How a scalar was tagged, as far as it changes what the scalar means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Binary,
    /// `!!merge`, only of meaning on the key `<<`.
    Merge,
    /// `!!timestamp`, `!` and every tag of somebody's own: the text as it stands.
    Other,
}

impl Tag {
    pub(crate) fn named(name: &str) -> Self {
        match name.strip_prefix("tag:yaml.org,2002:") {
            Some("str") => Self::Str,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("null") => Self::Null,
            Some("binary") => Self::Binary,
            Some("merge") => Self::Merge,
            _ => Self::Other,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Str | Self::Other => "string",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "float",
            Self::Null => "null",
            Self::Binary => "base64 text",
            Self::Merge => "merge key",
        }
    }
}

/// Gives a tagged scalar the meaning that its tag asks for, or says what cannot be.
pub(crate) fn tagged(tag: Tag, text: Cow<'_, str>) -> Result<Scalar<'_>, String> {
    let fits = |scalar: Scalar<'static>| match (tag, scalar) {
        (Tag::Bool, scalar @ Scalar::Bool(_))
        | (Tag::Int, scalar @ (Scalar::Int(_) | Scalar::Uint(_)))
        | (Tag::Null, scalar @ Scalar::Null)
        | (Tag::Float, scalar @ Scalar::Float(_)) => Some(scalar),
        (Tag::Float, Scalar::Int(number)) => Some(Scalar::Float(number as f64)),
        (Tag::Float, Scalar::Uint(number)) => Some(Scalar::Float(number as f64)),
        _ => None,
    };
    let found = match tag {
        Tag::Str | Tag::Other | Tag::Merge => return Ok(Scalar::Str(text)),
        Tag::Binary => decode_base64(&text).map(|bytes| Scalar::Str(String::from_utf8_lossy(&bytes).into_owned().into())),
        _ => special(&text).and_then(fits),
    };
    found.ok_or_else(|| format!("`{}` is not a valid {}", shorten(&text), tag.as_str()))
}

/// The meaning of an unquoted scalar without a tag.
pub(crate) fn plain(text: Cow<'_, str>) -> Scalar<'_> {
    special(&text).unwrap_or(Scalar::Str(text))
}

/// The meaning of an unquoted scalar, if it is anything but a string.
pub(crate) fn special(text: &str) -> Option<Scalar<'static>> {
    let scalar = match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return number(text),
    };
    Some(scalar)
}

fn number(text: &str) -> Option<Scalar<'static>> {
    match text.as_bytes().first()? {
        b'.' => float_with_separators(text),
        b'+' | b'-' | b'0'..=b'9' => {
            let digits: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
            integer(&digits).or_else(|| float(&digits)).or_else(|| odd_binary(&digits))
        }
        _ => None,
    }
}

/// Go's `strconv.ParseInt(…, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = radix(unsigned);
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None; // `from_str_radix` would take a second sign
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let signed = if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
    let unsigned_only = text.len() == unsigned.len();
    signed.map(Scalar::Int).or_else(|| unsigned_only.then_some(Scalar::Uint(magnitude)))
}

/// `0x`, `0b`, `0o`, and a leading zero for octal as well.
fn radix(text: &str) -> (u32, &str) {
    let Some(rest) = text.strip_prefix('0').filter(|rest| !rest.is_empty()) else {
        return (10, text);
    };
    match rest.as_bytes().first() {
        Some(b'x' | b'X') => (16, rest.get(1..).unwrap_or_default()),
        Some(b'b' | b'B') => (2, rest.get(1..).unwrap_or_default()),
        Some(b'o' | b'O') => (8, rest.get(1..).unwrap_or_default()),
        _ => (8, rest),
    }
}

/// `0b-1` is -1 to go-yaml: it reads what follows the prefix as a number with a sign of its own.
fn odd_binary(text: &str) -> Option<Scalar<'static>> {
    i64::from_str_radix(text.strip_prefix("0b")?, 2).ok().map(Scalar::Int)
}

/// go-yaml's `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`; what is too large for a float stays a string.
fn float(text: &str) -> Option<Scalar<'static>> {
    let parsed = is_decimal_float(text).then(|| text.parse::<f64>().ok())??;
    parsed.is_finite().then_some(Scalar::Float(parsed))
}

/// What begins with a dot goes straight to Go's `ParseFloat`, which takes `_` only between digits.
fn float_with_separators(text: &str) -> Option<Scalar<'static>> {
    let bytes = text.as_bytes();
    let digit = |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    let separates = |index: usize| digit(index.checked_sub(1)) && digit(Some(index + 1));
    let separated = bytes.iter().enumerate().all(|(index, byte)| *byte != b'_' || separates(index));
    separated.then(|| float(&text.replace('_', "")))?
}

/// Whether the text has the form of a decimal number, whatever its size.
fn is_decimal_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// Whether some reader of YAML 1.1 or 1.2 takes these unquoted characters for anything but this string, or cannot read them
/// where kubectl can.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    special(text).is_some() || matches!(text, "<<" | "=") || is_number_elsewhere(text) || is_timestamp(text)
}

/// Numbers of YAML 1.1 or 1.2 that go-yaml leaves strings: those too large for it, and base 60.
fn is_number_elsewhere(text: &str) -> bool {
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    if !text.trim_start_matches(['-', '+']).starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return false;
    }
    let (radix, digits) = radix(unsigned);
    let integer = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    integer || is_decimal_float(&plain) || is_base_60(unsigned)
}

fn is_base_60(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.contains(':') && whole.split(':').all(digits) && (fraction.is_empty() || digits(fraction))
}

/// A date, alone or with a time after it: four digits, `-`, one or two digits, `-`, one or two digits.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut digits = |lengths: std::ops::RangeInclusive<usize>| {
        parts.next().is_some_and(|part| lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let date = digits(4..=4) && digits(1..=2);
    date && parts.next().is_some_and(|day| day.starts_with(|first: char| first.is_ascii_digit()))
}

impl Scalar<'_> {
    /// As a JSON value. JSON has neither infinity nor NaN, and there kubectl refuses the document.
    pub(crate) fn into_value(self) -> Result<Value, String> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(number) => number.into(),
            Self::Uint(number) => number.into(),
            Self::Float(number) => float_value(number).ok_or("infinity and NaN are not values of a Kubernetes object")?,
            Self::Str(text) => Value::String(text.into_owned()),
        })
    }

    /// As the key of a JSON object: `sigs.k8s.io/yaml` turns booleans and numbers into strings and refuses the rest.
    pub(crate) fn into_key(self) -> Result<String, String> {
        Ok(match self {
            Self::Null => return Err("a key cannot be null".to_owned()),
            Self::Uint(number) => return Err(format!("the key `{number}` is too large; quote it")),
            Self::Bool(value) => value.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => float_key(number),
            Self::Str(text) => text.into_owned(),
        })
    }
}

/// A float without a fraction becomes an integer, because Go writes it to JSON without one (`port: 80.0` is 80).
pub(crate) fn float_value(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 1e19 {
        // by its digits: what a float cannot tell apart is zeros in JSON
        if let Ok(integer) = number.to_string().parse::<i64>() {
            return Some(integer.into());
        }
    }
    Number::from_f64(number).map(Value::Number)
}

/// Go's `strconv.FormatFloat(number, 'g', -1, 32)`: `sigs.k8s.io/yaml` writes keys with the precision of 32 bits.
fn float_key(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..6 => number.to_string(),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
    }
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0u32, 0u32);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        let digit = match byte {
            b'=' if padding < 2 && count % 4 >= 2 => {
                padding += 1;
                count += 1;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 1;
        if count % 4 != 1 {
            out.push((bits >> (2 * (3 - (count + 3) % 4))) as u8);
        }
    }
    (count % 4 == 0).then_some(out)
}

/// What the user wrote, short enough for a message.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
