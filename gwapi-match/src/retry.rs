//! Whether a request is tried again, and when (J-010 to J-019, J-036, J-037, P-020 to P-023).
//!
//! [`Attempts`] is the state of one request: it is told how each try ended and says what happens next. [`Budget`] is the state
//! of one backend: how much of its traffic are retries. Both live on the caller's clock. What the specification leaves to an
//! implementation:
//!
//! * **Wait.** Before retry *n*, counted from 0, any time from nothing to `backoff` × 2ⁿ, but at most `backoff` × 16
//!   ([`MAX_FACTOR`]): exponential with full jitter (J-014). Without `backoff` the base is [`DEFAULT_BACKOFF`] (J-017).
//! * **Lost connections.** A connection that breaks after the request was sent is never a reason to retry: the backend may have
//!   acted on it (J-037, S-028).
//! * **`backendRequest` expires.** For a retry that is a reason to try again (J-016). For the first try it is none, since the
//!   backend may have acted on the request, unless `codes` has 504: who lists the answer of a timeout accepts that (X-50).
//! * **No codes.** Only what the backend did not process is tried again (J-013, J-017).
//! * **No time.** A retry that would begin when `timeouts.request` is over is not waited for: the client gets its 504 at once
//!   (J-015).
//! * **Methods and bodies.** All are retried alike (J-018). A caller that cannot repeat a body asks [`Attempts::last`].
//!
//! ```
//! use std::time::Duration;
//!
//! use gwapi_core::model::{Retry, Timeouts};
//! use gwapi_match::retry::{AttemptEnd, Attempts, GiveUp, Next, RetryPolicy};
//!
//! let ms = Duration::from_millis;
//! let retry = Retry { attempts: 2, codes: vec![500], backoff: Some(ms(100)) };
//! let timeouts = Timeouts { request: Some(ms(1000)), backend_request: Some(ms(400)) };
//! let mut attempts = Attempts::new(RetryPolicy::new(Some(&retry), timeouts));
//! assert_eq!(attempts.attempt_ends(ms(0)), Some(ms(400)));
//!
//! // All times are counted from the beginning of the request; `random` is uniform over all of `u64`.
//! let (random, within_budget) = (u64::MAX / 2, || true);
//! let Next::RetryAfter(wait) = attempts.after(AttemptEnd::Status(500), ms(50), random, within_budget) else { panic!("no retry") };
//! assert!(wait < ms(50), "half of what it may be");
//! assert_eq!(attempts.attempt_ends(ms(100)), Some(ms(500)));
//! assert_eq!(attempts.after(AttemptEnd::Status(404), ms(150), random, within_budget), Next::PassOn);
//! assert_eq!(attempts.after(AttemptEnd::Lost, ms(150), random, within_budget), Next::GiveUp(GiveUp::Lost));
//! ```

use std::time::Duration;

use gwapi_core::model::{Retry, Timeouts};

mod budget;

pub use budget::Budget;

/// The base of the backoff if a rule names none.
pub const DEFAULT_BACKOFF: Duration = Duration::from_millis(25);

/// How many times the base the longest wait is: never less than the base (J-014).
pub const MAX_FACTOR: u32 = 16;

/// What a rule says about retries and timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy<'t> {
    retry: Option<&'t Retry>,
    timeouts: Timeouts,
    default_backoff: Duration,
}

impl<'t> RetryPolicy<'t> {
    /// The policy of a rule. Without `retry` there is one try.
    #[must_use]
    pub fn new(retry: Option<&'t Retry>, timeouts: Timeouts) -> Self {
        Self { retry, timeouts, default_backoff: DEFAULT_BACKOFF }
    }

    /// With another base for rules that name none.
    #[must_use]
    pub fn with_default_backoff(self, default_backoff: Duration) -> Self {
        Self { default_backoff, ..self }
    }

    /// Whether there can be more than one try: whether a body has to be kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.retries() > 0
    }

    /// When the whole request is over, counted from its beginning (J-003). A timeout of zero is none (J-006).
    #[must_use]
    pub fn request_ends(&self) -> Option<Duration> {
        enabled(self.timeouts.request)
    }

    fn retries(&self) -> u32 {
        self.retry.map_or(0, |retry| retry.attempts)
    }

    fn lists(&self, status: u16) -> bool {
        self.retry.is_some_and(|retry| retry.codes.contains(&status))
    }

    /// J-014: exponential with full jitter.
    fn wait(&self, retries_made: u32, random: u64) -> Duration {
        let base = self.retry.and_then(|retry| retry.backoff).unwrap_or(self.default_backoff);
        let factor = 1_u32.checked_shl(retries_made).map_or(MAX_FACTOR, |factor| factor.min(MAX_FACTOR));
        let most = u64::try_from(base.saturating_mul(factor).as_nanos()).unwrap_or(u64::MAX);
        let nanos = (u128::from(most) * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

fn enabled(timeout: Option<Duration>) -> Option<Duration> {
    timeout.filter(|timeout| !timeout.is_zero())
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptEnd {
    /// The backend has answered with this status.
    Status(u16),
    /// The backend has answered, by gRPC, that it is not available: it did not process the request (J-013).
    GrpcUnavailable,
    /// No connection came about: refused, timed out, no TLS (J-013).
    NotConnected,
    /// The backend refused the request before processing it: `REFUSED_STREAM`, or a stream beyond the last of `GOAWAY` (J-013).
    Refused,
    /// The connection broke after something of the request was sent (J-037).
    Lost,
    /// The time for the try, or for the request, is over.
    TimedOut,
    /// The backend has no endpoints (I-010).
    NoEndpoints,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// The request is sent again after this wait, to an endpoint that is chosen anew (J-018).
    RetryAfter(Duration),
    /// The client gets what the backend has answered (J-012).
    PassOn,
    /// The client gets an answer of ours.
    GiveUp(GiveUp),
}

/// Why a request is answered without an answer of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum GiveUp {
    /// No try reached the backend.
    #[error("the backend cannot be reached")]
    Unreachable,
    /// The last try was lost on the way.
    #[error("the connection to the backend broke")]
    Lost,
    /// The time is over (J-003, J-005).
    #[error("the backend took too long")]
    TimedOut,
    /// The backend has no endpoints (X-22).
    #[error("the backend has no endpoints")]
    NoEndpoints,
    /// Too much of the traffic to the backend are retries (P-022).
    #[error("the retry budget of the backend is spent")]
    BudgetSpent,
}

impl GiveUp {
    /// The status that the client gets.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Lost => 502,
            Self::Unreachable | Self::NoEndpoints | Self::BudgetSpent => 503,
            Self::TimedOut => 504,
        }
    }
}

/// The tries of one request. All times are counted from its beginning, on any clock that does not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts<'t> {
    policy: RetryPolicy<'t>,
    retries_made: u32,
}

impl<'t> Attempts<'t> {
    /// A request whose first try is about to begin.
    #[must_use]
    pub fn new(policy: RetryPolicy<'t>) -> Self {
        Self { policy, retries_made: 0 }
    }

    /// How often the request was sent again.
    #[must_use]
    pub fn retries_made(&self) -> u32 {
        self.retries_made
    }

    /// When a try has to be over that begins now: `backendRequest` bounds it, and so does what is left for the whole request
    /// (J-005, J-008).
    #[must_use]
    pub fn attempt_ends(&self, now: Duration) -> Option<Duration> {
        let own = enabled(self.policy.timeouts.backend_request).map(|timeout| now.saturating_add(timeout));
        own.into_iter().chain(self.policy.request_ends()).min()
    }

    /// What happens after a try.
    ///
    /// `random` is uniform over all of `u64`. `within_budget` is asked once, if there is to be a retry, and has to count it:
    /// [`Budget::retry`]. Without a budget it is `|| true`.
    pub fn after(&mut self, end: AttemptEnd, now: Duration, random: u64, within_budget: impl FnOnce() -> bool) -> Next {
        if self.is_over(now) || !self.wants_retry(end) || self.retries_made >= self.policy.retries() {
            return self.last(end, now);
        }
        let wait = self.policy.wait(self.retries_made, random);
        if self.is_over(now.saturating_add(wait)) {
            return Next::GiveUp(GiveUp::TimedOut);
        }
        if !within_budget() {
            return Next::GiveUp(GiveUp::BudgetSpent);
        }
        self.retries_made += 1;
        Next::RetryAfter(wait)
    }

    /// What happens after a try that cannot be repeated: [`Self::after`] without a retry.
    #[must_use]
    pub fn last(&self, end: AttemptEnd, now: Duration) -> Next {
        if self.is_over(now) {
            return Next::GiveUp(GiveUp::TimedOut);
        }
        match end {
            AttemptEnd::Status(_) | AttemptEnd::GrpcUnavailable => Next::PassOn,
            AttemptEnd::NotConnected | AttemptEnd::Refused => Next::GiveUp(GiveUp::Unreachable),
            AttemptEnd::Lost => Next::GiveUp(GiveUp::Lost),
            AttemptEnd::TimedOut => Next::GiveUp(GiveUp::TimedOut),
            AttemptEnd::NoEndpoints => Next::GiveUp(GiveUp::NoEndpoints),
        }
    }

    fn is_over(&self, now: Duration) -> bool {
        self.policy.request_ends().is_some_and(|end| now >= end)
    }

    fn wants_retry(&self, end: AttemptEnd) -> bool {
        match end {
            AttemptEnd::Status(status) => self.policy.lists(status),
            AttemptEnd::NotConnected | AttemptEnd::Refused | AttemptEnd::GrpcUnavailable => true,
            AttemptEnd::TimedOut => self.retries_made > 0 || self.policy.lists(504),
            AttemptEnd::Lost | AttemptEnd::NoEndpoints => false,
        }
    }
}

#[cfg(test)]
mod tests;
