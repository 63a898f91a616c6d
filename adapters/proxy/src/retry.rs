//! Whether a request is tried again, and when.

use std::time::Duration;

use gwapi_core::model::Retry;
use http::StatusCode;

use crate::{answer::Answer, upstream::SendError};

/// How often the backoff doubles at most.
const DOUBLINGS: u32 = 4;

/// Why a try gave no answer that could be passed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the backend has no endpoints")]
    NoEndpoints,
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the backend took too long")]
    TimedOut,
}

impl Failure {
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::NoEndpoints => Answer::no_endpoints(),
            Self::Send(error) if error.is_unprocessed() => Answer::unreachable(),
            Self::Send(_) => Answer::bad_gateway(),
            Self::TimedOut => Answer::timeout(),
        }
    }
}

/// When a rule asks for another try. Without a `retry` in the rule there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Tries after the first (J-010).
    retries: u32,
    codes: Vec<u16>,
    backoff: Duration,
}

impl Policy {
    pub(crate) fn of(retry: Option<&Retry>, default_backoff: Duration) -> Self {
        let Some(retry) = retry else { return Self::default() };
        Self { retries: retry.attempts, codes: retry.codes.clone(), backoff: retry.backoff.unwrap_or(default_backoff) }
    }

    /// Whether there is ever more than one try.
    pub(crate) fn is_on(&self) -> bool {
        self.retries > 0
    }

    /// How long to wait for the next try after one that ended like this; nothing if it was the last. The first is number 0.
    pub(crate) fn wait(&self, attempt: u32, outcome: Result<StatusCode, &Failure>) -> Option<Duration> {
        let is_wanted = match outcome {
            Ok(status) => self.codes.contains(&status.as_u16()),
            // J-013 and J-037: only what the backend surely has not acted on.
            Err(Failure::Send(error)) => error.is_unprocessed(),
            // J-016 wants it for a try that is a repetition itself. After the first the backend may have acted on the
            // request, which whoever lists 504 has accepted.
            Err(Failure::TimedOut) => attempt > 0 || self.codes.contains(&504),
            Err(Failure::NoEndpoints) => false,
        };
        (is_wanted && attempt < self.retries).then(|| self.jittered(attempt))
    }

    /// Doubles with every try, and takes at least half of that (J-014).
    fn jittered(&self, attempt: u32) -> Duration {
        let full = self.backoff.saturating_mul(1 << attempt.min(DOUBLINGS));
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn policy(attempts: u32, codes: &[u16]) -> Policy {
        Policy::of(Some(&Retry { attempts, codes: codes.to_vec(), backoff: None }), Duration::from_millis(10))
    }

    fn unreachable() -> Failure {
        SendError::Connect(io::ErrorKind::ConnectionRefused.into()).into()
    }

    #[test]
    fn j_010_attempts_are_tries_after_the_first() {
        let policy = policy(2, &[500]);
        assert!(policy.wait(0, Ok(StatusCode::INTERNAL_SERVER_ERROR)).is_some());
        assert!(policy.wait(1, Ok(StatusCode::INTERNAL_SERVER_ERROR)).is_some());
        assert!(policy.wait(2, Ok(StatusCode::INTERNAL_SERVER_ERROR)).is_none());
    }

    #[test]
    fn j_011_only_listed_codes_are_tried_again() {
        assert!(policy(1, &[500]).wait(0, Ok(StatusCode::SERVICE_UNAVAILABLE)).is_none());
        assert!(policy(0, &[500]).wait(0, Ok(StatusCode::INTERNAL_SERVER_ERROR)).is_none());
        assert!(policy(1, &[]).wait(0, Ok(StatusCode::INTERNAL_SERVER_ERROR)).is_none());
    }

    #[test]
    fn j_013_connections_that_fail_need_no_code() {
        assert!(policy(1, &[]).wait(0, Err(&unreachable())).is_some());
        assert!(policy(0, &[]).wait(0, Err(&unreachable())).is_none());
        assert!(Policy::of(None, Duration::ZERO).wait(0, Err(&unreachable())).is_none());
    }

    #[test]
    fn j_037_a_timeout_is_no_reason_by_itself() {
        assert!(policy(1, &[500]).wait(0, Err(&Failure::TimedOut)).is_none());
        assert!(policy(1, &[504]).wait(0, Err(&Failure::TimedOut)).is_some());
        assert!(policy(2, &[500]).wait(1, Err(&Failure::TimedOut)).is_some(), "J-016");
    }

    #[test]
    fn j_014_waits_grow_and_stay_within_bounds() {
        let base = Duration::from_millis(100);
        let policy = Policy::of(Some(&Retry { attempts: 100, codes: vec![500], backoff: Some(base) }), Duration::ZERO);
        for (attempt, factor) in [(0, 1), (1, 2), (3, 8), (4, 16), (50, 16)] {
            let wait = policy.wait(attempt, Ok(StatusCode::INTERNAL_SERVER_ERROR)).unwrap();
            assert!(wait >= base * factor / 2 && wait <= base * factor, "{attempt}: {wait:?}");
        }
    }
}
