//! How much of the traffic to a backend may be retries.

use std::time::Duration;

use gwapi_core::model::{MinRetryRate, RetryConstraint};

/// Into how many parts the interval of a window is cut.
const PARTS: u64 = 32;
/// The parts of the interval, and one that has begun.
const BUCKETS: usize = PARTS as usize + 1;

/// The retry budget of one backend (P-020 to P-023): what was sent there lately, in a fixed amount of memory.
///
/// A retry is allowed if, with it, at most `percent` of all that was sent within `interval` are retries, first tries and retries
/// together; or if it is among the first `count` retries within the interval of `minRetryRate` (P-021). Each allowed retry counts
/// for both. A `minRetryRate` without count or interval allows nothing by itself.
///
/// Time is cut into 32 parts for each interval. Where that makes a difference fewer retries are allowed and never more: a retry
/// counts up to one part longer than the interval, a first try up to one part less. Each instance of a gateway counts for itself
/// (P-023).
///
/// ```
/// use std::time::Duration;
///
/// use gwapi_core::model::{MinRetryRate, RetryBudget, RetryConstraint};
/// use gwapi_match::retry::Budget;
///
/// let rate = MinRetryRate { count: Some(1), interval: Some(Duration::from_secs(1)) };
/// let mut budget = Budget::new(&RetryConstraint { budget: RetryBudget::default(), min_retry_rate: rate });
/// let now = Duration::from_secs(100); // on any clock that does not go back
/// (0..4).for_each(|_| budget.request(now));
/// assert!(budget.retry(now), "the first of this second, and 1 of 5");
/// assert!(!budget.retry(now), "2 of 6 are more than 20 percent");
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    percent: u64,
    sent: Window,
    rate: Option<Rate>,
}

#[derive(Clone, Debug)]
struct Rate {
    count: u64,
    retries: Window,
}

impl Budget {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(constraint: &RetryConstraint) -> Self {
        let RetryConstraint { budget, min_retry_rate: MinRetryRate { count, interval } } = constraint;
        let rate = count.zip(*interval).map(|(count, interval)| Rate { count: count.into(), retries: Window::new(interval) });
        Self { percent: budget.percent.min(100).into(), sent: Window::new(budget.interval), rate }
    }

    /// Counts the first try of a request. `now` is a time on a clock that does not go back; if it does, it is taken to stand.
    pub fn request(&mut self, now: Duration) {
        self.sent.add(now, |bucket| &mut bucket.first_tries);
    }

    /// Whether there may be a retry now. If so it is counted.
    #[must_use]
    pub fn retry(&mut self, now: Duration) -> bool {
        if !self.is_within_rate(now) && !self.is_within_share(now) {
            return false;
        }
        for window in std::iter::once(&mut self.sent).chain(self.rate.as_mut().map(|rate| &mut rate.retries)) {
            window.add(now, |bucket| &mut bucket.retries);
        }
        true
    }

    fn is_within_rate(&mut self, now: Duration) -> bool {
        self.rate.as_mut().is_some_and(|rate| rate.retries.count(now).retries < rate.count)
    }

    fn is_within_share(&mut self, now: Duration) -> bool {
        let Counts { first_tries, retries } = self.sent.count(now);
        let retries = retries.saturating_add(1);
        u128::from(retries) * 100 <= u128::from(self.percent) * u128::from(retries.saturating_add(first_tries))
    }
}

/// What was sent, by the part of time in which it was.
#[derive(Clone, Debug)]
struct Window {
    interval: u64,
    /// How long a part is, in nanoseconds; never zero.
    part: u64,
    latest: u64,
    buckets: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Which part of time since the clock began.
    number: u64,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    first_tries: u64,
    retries: u64,
}

impl Window {
    fn new(interval: Duration) -> Self {
        let interval = nanos(interval).max(1);
        Self { interval, part: interval.div_ceil(PARTS), latest: 0, buckets: [Bucket::default(); BUCKETS] }
    }

    fn add(&mut self, now: Duration, which: impl FnOnce(&mut Counts) -> &mut u64) {
        self.latest = self.latest.max(nanos(now));
        let number = self.latest / self.part;
        let place = usize::try_from(number % BUCKETS as u64).unwrap_or_default();
        let Some(bucket) = self.buckets.get_mut(place) else { return };
        if bucket.number != number {
            *bucket = Bucket { number, counts: Counts::default() };
        }
        let count = which(&mut bucket.counts);
        *count = count.saturating_add(1);
    }

    /// What was sent within the interval that ends now: retries in every part that touches it, first tries in those that are
    /// in it as a whole.
    fn count(&mut self, now: Duration) -> Counts {
        self.latest = self.latest.max(nanos(now));
        let (now, interval, part) = (u128::from(self.latest), u128::from(self.interval), u128::from(self.part));
        self.buckets.iter().fold(Counts::default(), |mut sum, bucket| {
            let begin = u128::from(bucket.number) * part;
            if begin + part + interval > now {
                sum.retries = sum.retries.saturating_add(bucket.counts.retries);
            }
            if begin + interval > now {
                sum.first_tries = sum.first_tries.saturating_add(bucket.counts.first_tries);
            }
            sum
        })
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
