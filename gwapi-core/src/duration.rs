//! Durations as GEP-2257 writes them: `1h30m`, `100ms` (J-001, J-002).

use core::{fmt, time::Duration};

/// The largest duration that can be written: 99999 h.
const MAX_HOURS: u64 = 99_999;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is one to four numbers of up to five digits, each with `h`, `m`, `s` or `ms`, such as `1h30m`")]
pub struct DurationError;

/// Reads `^([0-9]{1,5}(h|m|s|ms)){1,4}$` as the sum of its parts (J-001).
///
/// # Errors
/// If the text has another form.
///
/// ```
/// # use core::time::Duration;
/// assert_eq!(gwapi_core::duration::parse("10s30m1h")?, Duration::from_secs(5410));
/// assert!(gwapi_core::duration::parse("1.5h").is_err());
/// # Ok::<(), gwapi_core::duration::DurationError>(())
/// ```
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    for _ in 0..4 {
        let (part, behind) = component(rest)?;
        total += part;
        rest = behind;
        if rest.is_empty() {
            return Ok(total);
        }
    }
    Err(DurationError)
}

fn component(text: &str) -> Result<(Duration, &str), DurationError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if digits > 5 {
        return Err(DurationError);
    }
    let number: u64 = number.parse().map_err(|_| DurationError)?;
    // `ms` before `m`: the longer unit wins.
    if let Some(rest) = rest.strip_prefix("ms") {
        Ok((Duration::from_millis(number), rest))
    } else if let Some(rest) = rest.strip_prefix('s') {
        Ok((Duration::from_secs(number), rest))
    } else if let Some(rest) = rest.strip_prefix('m') {
        Ok((Duration::from_secs(number * 60), rest))
    } else if let Some(rest) = rest.strip_prefix('h') {
        Ok((Duration::from_secs(number * 3600), rest))
    } else {
        Err(DurationError)
    }
}

/// Writes a duration in its canonical form: largest units first, zero is `0s` (J-002). What is below a millisecond is cut
/// off; what is over 99999 h is written as 99999 h.
#[derive(Clone, Copy, Debug)]
pub struct Canonical(pub Duration);

impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = Duration::from_secs(MAX_HOURS * 3600);
        let whole = self.0.min(largest);
        let (seconds, millis) = (whole.as_secs(), whole.subsec_millis());
        if seconds == 0 && millis == 0 {
            return f.write_str("0s");
        }
        for (value, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"), (u64::from(millis), "ms")] {
            if value > 0 {
                write!(f, "{value}{unit}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// J-001.
    #[test]
    fn reads_the_examples_of_gep_2257() {
        for (text, millis) in [
            ("0s", 0),
            ("0h0m0s", 0),
            ("1h", 3_600_000),
            ("150m", 9_000_000),
            ("7230s", 7_230_000),
            ("10s30m1h", 5_410_000),
            ("100ms200ms300ms", 600),
            ("00010s", 10_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    /// J-001: what is of another form is none.
    #[test]
    fn refuses_what_gep_2257_refuses() {
        for text in ["0", "1", "1m1", "1d", "1.5h", "-15m", "999999h", "1h30m10s20ms50h", "", "h", "1 s", "1H"] {
            assert_eq!(parse(text), Err(DurationError), "{text}");
        }
    }

    /// J-002.
    #[test]
    fn writes_largest_units_first() {
        for (text, canonical) in [("150m", "2h30m"), ("7230s", "2h30s"), ("0h", "0s"), ("240h", "240h"), ("1500ms", "1s500ms")] {
            assert_eq!(Canonical(parse(text).unwrap()).to_string(), canonical);
        }
    }
}
