//! Regular expressions with limits, matched from end to end.

use alloc::{boxed::Box, string::ToString, sync::Arc};
use core::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};

/// The longest pattern, in bytes: the CRD's limit for path and header values.
pub const MAX_PATTERN: usize = 4096;
/// The largest compiled pattern, in bytes. A pattern is compiled alone, so that nobody's pattern can break another's.
pub const MAX_PROGRAM: usize = 1 << 18;

/// A regular expression of a `RegularExpression` match: RE2-like syntax, linear time, and always a full match.
///
/// Two patterns are equal if they are written the same. Clones share the compiled form and what it caches.
///
/// ```
/// use gwapi_core::Pattern;
/// let pattern = Pattern::parse("/foo|/foobar")?;
/// assert!(pattern.matches("/foobar") && !pattern.matches("/foobaz"), "from end to end");
/// assert!(Pattern::parse(r"(a)\1").is_err(), "no backtracking");
/// # Ok::<(), gwapi_core::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    whole: Regex,
}

/// Why a text is no pattern that we run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Over [`MAX_PATTERN`] bytes.
    #[error("a pattern has at most {MAX_PATTERN} bytes")]
    TooLong,
    /// Its automaton is over [`MAX_PROGRAM`] bytes.
    #[error("the compiled pattern would be larger than {MAX_PROGRAM} bytes")]
    TooLarge,
    /// Not a regular expression, or one with features that need backtracking.
    #[error("not a regular expression: {0}")]
    Syntax(Arc<str>),
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// If it is no regular expression or exceeds the limits.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        if source.len() > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        // Alone first: `a)|(b` must be an error and not escape from the group that makes the match a full one. The group
        // is needed because the engine prefers the first alternative: searching for `/foo|/foobar` finds `/foo` in
        // `/foobar`, which is then not the whole path (pitfall L1).
        build(source)?;
        let whole = build(&alloc::format!(r"\A(?:{source})\z"))?;
        Ok(Self(Arc::new(Compiled { source: Box::from(source), whole })))
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.whole.is_match(text)
    }
}

fn build(source: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(source).size_limit(MAX_PROGRAM).dfa_size_limit(MAX_PROGRAM).nest_limit(64).build().map_err(|error| {
        match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            // The last line of the message says what is wrong; the lines before it draw the pattern.
            other => PatternError::Syntax(Arc::from(
                other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: "),
            )),
        }
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitfall_l1_a_later_or_lazy_alternative_still_matches_the_whole_text() {
        for (pattern, text) in [("/foo|/foobar", "/foobar"), ("/api(/v1)?|/api/v2", "/api/v2"), ("/a*?", "/aaa")] {
            assert!(Pattern::parse(pattern).unwrap().matches(text), "{pattern} {text}");
        }
    }

    #[test]
    fn pitfall_26_a_pattern_is_anchored_at_both_ends() {
        let pattern = Pattern::parse("/v[0-9]+").unwrap();
        assert!(pattern.matches("/v12"));
        assert!(!pattern.matches("/x/v1") && !pattern.matches("/v1/x") && !pattern.matches("/v1\n"));
    }

    #[test]
    fn a_pattern_cannot_leave_its_group() {
        assert!(matches!(Pattern::parse("a)|(?:b"), Err(PatternError::Syntax(_))));
        assert!(matches!(Pattern::parse("[invalid"), Err(PatternError::Syntax(_))));
        assert!(matches!(Pattern::parse(r"(a)\1"), Err(PatternError::Syntax(_))));
    }

    #[test]
    fn limits_hold() {
        assert_eq!(Pattern::parse(&"a".repeat(MAX_PATTERN + 1)), Err(PatternError::TooLong));
        assert_eq!(Pattern::parse(r"\pL{1000}{1000}"), Err(PatternError::TooLarge));
    }
}
