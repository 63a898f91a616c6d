use gwapi_core::model::{MinRetryRate, RetryBudget, RetryConstraint};
use proptest::prelude::*;

use super::*;

const HALF: u64 = u64::MAX / 2 + 1;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn retry(attempts: u32, codes: &[u16]) -> Retry {
    Retry { attempts, codes: codes.to_vec(), backoff: Some(ms(100)) }
}

fn attempts(retry: &Retry) -> Attempts<'_> {
    Attempts::new(RetryPolicy::new(Some(retry), Timeouts::default()))
}

fn timed(retry: &Retry, request: u64, backend_request: u64) -> Attempts<'_> {
    let timeouts = Timeouts { request: Some(ms(request)), backend_request: Some(ms(backend_request)) };
    Attempts::new(RetryPolicy::new(Some(retry), timeouts))
}

fn is_retried(attempts: &mut Attempts<'_>, end: AttemptEnd) -> bool {
    matches!(attempts.after(end, ms(0), HALF, || true), Next::RetryAfter(_))
}

/// The status that the client gets if the backend answers with these, one after the other.
fn status(retry: &Retry, answers: &[u16]) -> u16 {
    let mut attempts = attempts(retry);
    for status in answers {
        match attempts.after(AttemptEnd::Status(*status), ms(0), HALF, || true) {
            Next::RetryAfter(_) => {}
            Next::PassOn => return *status,
            Next::GiveUp(why) => return why.status(),
        }
    }
    panic!("retried after the last answer");
}

#[test]
fn j_010_attempts_are_tries_after_the_first() {
    assert_eq!(status(&retry(3, &[500]), &[500, 500, 200]), 200);
    assert_eq!(status(&retry(3, &[500]), &[500, 500, 500, 500, 200]), 500);
    assert_eq!(status(&retry(2, &[500]), &[500, 200]), 200);
    assert_eq!(status(&retry(2, &[500]), &[500, 500, 500]), 500);
    assert_eq!(status(&retry(0, &[500]), &[500]), 500, "0 switches retries off");
}

#[test]
fn j_011_only_listed_codes_are_tried_again() {
    assert_eq!(status(&retry(3, &[500]), &[503]), 503);
    for code in [500, 502, 503, 504, 429, 599] {
        assert_eq!(status(&retry(1, &[code]), &[code, 200]), 200);
        assert_eq!(status(&retry(0, &[code]), &[code]), code);
        assert_eq!(status(&retry(1, &[]), &[code]), code, "J-017");
    }
}

#[test]
fn j_012_the_last_answer_of_the_backend_is_the_answer() {
    assert_eq!(status(&retry(2, &[500, 502, 503]), &[500, 502, 503]), 503);
}

#[test]
fn j_013_what_was_not_processed_needs_no_code() {
    for end in [AttemptEnd::NotConnected, AttemptEnd::Refused, AttemptEnd::GrpcUnavailable] {
        let once = retry(1, &[]);
        let mut attempts = attempts(&once);
        assert!(is_retried(&mut attempts, end));
        let last = attempts.after(end, ms(0), HALF, || true);
        let expected = if end == AttemptEnd::GrpcUnavailable { Next::PassOn } else { Next::GiveUp(GiveUp::Unreachable) };
        assert_eq!(last, expected);
        assert!(!is_retried(&mut self::attempts(&retry(0, &[])), end));
        assert!(!is_retried(&mut Attempts::new(RetryPolicy::new(None, Timeouts::default())), end), "no stanza");
    }
}

/// J-036: since `backoff` is waited for, it is no reason to refuse a route.
#[test]
fn j_014_waits_double_up_to_the_cap_with_full_jitter() {
    let endless = retry(u32::MAX, &[500]);
    let policy = RetryPolicy::new(Some(&endless), Timeouts::default());
    for (made, most) in [(0, 100), (1, 200), (2, 400), (3, 800), (4, 1600), (5, 1600), (31, 1600), (32, 1600), (u32::MAX, 1600)] {
        assert_eq!(policy.wait(made, 0), ms(0));
        assert_eq!(policy.wait(made, HALF), ms(most / 2));
        assert!(policy.wait(made, u64::MAX) <= ms(most) && policy.wait(made, u64::MAX) > ms(most) - ms(1));
    }
}

#[test]
fn j_017_without_backoff_there_is_a_base() {
    let default = Retry { backoff: None, ..retry(1, &[]) };
    let policy = RetryPolicy::new(Some(&default), Timeouts::default());
    assert_eq!(policy.wait(0, HALF), DEFAULT_BACKOFF / 2);
    assert_eq!(policy.with_default_backoff(ms(8)).wait(0, HALF), ms(4));
    let none = Retry { backoff: Some(ms(0)), ..retry(1, &[]) };
    assert_eq!(RetryPolicy::new(Some(&none), Timeouts::default()).wait(3, u64::MAX), ms(0));
}

#[test]
fn j_003_the_end_of_the_request_is_the_end() {
    let often = retry(5, &[500]);
    for end in [AttemptEnd::Status(200), AttemptEnd::Status(500), AttemptEnd::TimedOut, AttemptEnd::NotConnected] {
        let after = timed(&often, 500, 0).after(end, ms(500), 0, || panic!("no retry"));
        assert_eq!(after, Next::GiveUp(GiveUp::TimedOut), "{end:?}");
    }
    assert_eq!(timed(&often, 500, 0).after(AttemptEnd::Status(200), ms(499), 0, || true), Next::PassOn);
}

#[test]
fn j_006_a_timeout_of_zero_is_none() {
    let often = retry(5, &[500]);
    let mut attempts = timed(&often, 0, 0);
    assert_eq!(attempts.attempt_ends(ms(1)), None);
    assert!(matches!(attempts.after(AttemptEnd::Status(500), Duration::MAX, HALF, || true), Next::RetryAfter(_)));
}

/// J-005: `backendRequest` bounds each try, counted from its own beginning.
#[test]
fn j_008_the_request_bounds_its_tries() {
    let often = retry(5, &[]);
    assert_eq!(timed(&often, 500, 0).attempt_ends(ms(100)), Some(ms(500)));
    assert_eq!(timed(&often, 500, 200).attempt_ends(ms(100)), Some(ms(300)));
    assert_eq!(timed(&often, 500, 200).attempt_ends(ms(400)), Some(ms(500)));
    assert_eq!(timed(&often, 0, 200).attempt_ends(ms(400)), Some(ms(600)));
    let after = timed(&often, 0, 200).after(AttemptEnd::TimedOut, ms(200), 0, || true);
    assert_eq!(after, Next::GiveUp(GiveUp::TimedOut), "J-005: 504");
}

/// J-004: the time of the request is that of all its tries.
#[test]
fn j_015_no_retry_begins_after_the_end() {
    let often = retry(5, &[500]);
    let mut attempts = timed(&often, 500, 0);
    assert_eq!(attempts.after(AttemptEnd::Status(500), ms(300), HALF, || true), Next::RetryAfter(ms(50)));
    let after = attempts.after(AttemptEnd::Status(500), ms(450), HALF, || panic!("not asked for what cannot be"));
    assert_eq!(after, Next::GiveUp(GiveUp::TimedOut));
    assert_eq!(GiveUp::TimedOut.status(), 504);
}

#[test]
fn j_016_a_retry_that_takes_too_long_is_tried_again() {
    let often = retry(3, &[500]);
    let mut attempts = timed(&often, 15_000, 500);
    assert!(is_retried(&mut attempts, AttemptEnd::Status(500)));
    assert!(is_retried(&mut attempts, AttemptEnd::TimedOut));
    assert!(is_retried(&mut attempts, AttemptEnd::TimedOut));
    assert_eq!(attempts.after(AttemptEnd::TimedOut, ms(0), HALF, || true), Next::GiveUp(GiveUp::TimedOut));
}

#[test]
fn j_016_the_first_try_that_takes_too_long_is_the_last_unless_504_is_listed() {
    let first = |codes: &[u16]| is_retried(&mut timed(&retry(3, codes), 15_000, 500), AttemptEnd::TimedOut);
    assert!(!first(&[]) && !first(&[500, 503]), "X-50");
    assert!(first(&[504]));
}

#[test]
fn j_019_p_022_a_spent_budget_is_a_503() {
    let often = retry(3, &[500]);
    let mut attempts = attempts(&often);
    let after = attempts.after(AttemptEnd::Status(500), ms(0), HALF, || false);
    assert_eq!(after, Next::GiveUp(GiveUp::BudgetSpent));
    assert_eq!((GiveUp::BudgetSpent.status(), attempts.retries_made()), (503, 0));
    assert_eq!(attempts.after(AttemptEnd::Status(404), ms(0), HALF, || panic!("no retry is asked for")), Next::PassOn);
}

/// S-028: it may have been carried out.
#[test]
fn j_037_a_lost_connection_is_no_reason() {
    let often = retry(3, &[500, 502, 503, 504]);
    assert_eq!(attempts(&often).after(AttemptEnd::Lost, ms(0), HALF, || true), Next::GiveUp(GiveUp::Lost));
    let no_endpoints = attempts(&often).after(AttemptEnd::NoEndpoints, ms(0), HALF, || true);
    assert_eq!(no_endpoints, Next::GiveUp(GiveUp::NoEndpoints), "X-22");
    assert_eq!((GiveUp::NoEndpoints.status(), GiveUp::Lost.status()), (503, 502), "I-019");
}

#[test]
fn j_018_what_cannot_be_repeated_ends_as_if_it_were_the_last() {
    let often = retry(3, &[500]);
    assert_eq!(attempts(&often).last(AttemptEnd::Status(500), ms(0)), Next::PassOn);
    assert_eq!(attempts(&often).last(AttemptEnd::NotConnected, ms(0)), Next::GiveUp(GiveUp::Unreachable));
}

fn constraint(percent: u8, interval: Duration, count: u32, rate_interval: Duration) -> RetryConstraint {
    RetryConstraint {
        budget: RetryBudget { percent, interval },
        min_retry_rate: MinRetryRate { count: Some(count), interval: Some(rate_interval) },
    }
}

#[test]
fn p_020_retries_are_a_share_of_all_that_is_sent() {
    let mut budget = Budget::new(&constraint(20, ms(10_000), 0, ms(1000)));
    assert!(!budget.retry(ms(0)), "1 of 1");
    (0..400).for_each(|_| budget.request(ms(0)));
    assert_eq!((0..1000).filter(|_| budget.retry(ms(0))).count(), 100, "100 of 500");
    assert!(!budget.retry(ms(9_000)));
    // After the interval nothing of it counts, and of what comes then one in five may be a retry.
    (0..4).for_each(|_| budget.request(ms(20_500)));
    assert!(budget.retry(ms(20_500)) && !budget.retry(ms(20_500)));
}

#[test]
fn p_020_nothing_and_everything() {
    let mut none = Budget::new(&constraint(0, ms(1000), 0, ms(1000)));
    (0..1000).for_each(|_| none.request(ms(0)));
    assert!(!none.retry(ms(0)));
    let mut all = Budget::new(&constraint(100, ms(1000), 0, ms(1000)));
    assert!((0..1000).all(|_| all.retry(ms(0))));
}

#[test]
fn p_021_the_rate_is_always_allowed() {
    let mut budget = Budget::new(&constraint(0, ms(10_000), 10, ms(1000)));
    for second in 0..100 {
        // A 32nd more than the interval.
        let now = Duration::from_micros(1_031_251) * second;
        assert_eq!((0..100).filter(|_| budget.retry(now)).count(), 10, "{second}");
    }
}

#[test]
fn p_021_a_rate_that_leaves_something_out_allows_nothing_by_itself() {
    for rate in [
        MinRetryRate { count: Some(10), interval: None },
        MinRetryRate { count: None, interval: Some(ms(1000)) },
        MinRetryRate { count: None, interval: None },
    ] {
        let mut budget = Budget::new(&RetryConstraint { budget: RetryBudget::default(), min_retry_rate: rate });
        assert!(!budget.retry(ms(0)));
    }
}

#[test]
fn p_021_the_defaults_allow_ten_in_a_second() {
    let constraint = RetryConstraint { budget: RetryBudget::default(), min_retry_rate: MinRetryRate::default() };
    let mut budget = Budget::new(&constraint);
    assert_eq!((0..100).filter(|_| budget.retry(ms(5))).count(), 10);
}

#[test]
fn p_023_a_budget_has_a_fixed_size() {
    assert!(size_of::<Budget>() < 2000, "{}", size_of::<Budget>());
}

/// What a budget remembers without any limit on memory.
#[derive(Default)]
struct Naive {
    first_tries: Vec<Duration>,
    retries: Vec<Duration>,
}

impl Naive {
    fn within(times: &[Duration], interval: Duration, now: Duration) -> u128 {
        times.iter().filter(|time| now - **time < interval).count() as u128
    }

    /// Whether one more retry is within the constraint.
    fn allows(&self, constraint: &RetryConstraint, now: Duration) -> bool {
        let RetryConstraint { budget, min_retry_rate: MinRetryRate { count, interval } } = constraint;
        let retries = Self::within(&self.retries, budget.interval, now) + 1;
        let all = Self::within(&self.first_tries, budget.interval, now) + retries;
        let rate = Self::within(&self.retries, interval.unwrap(), now) < u128::from(count.unwrap());
        rate || retries * 100 <= u128::from(budget.percent) * all
    }
}

fn ends() -> impl Strategy<Value = AttemptEnd> {
    prop_oneof![
        prop::sample::select(vec![200_u16, 404, 500, 503, 504]).prop_map(AttemptEnd::Status),
        prop::sample::select(vec![
            AttemptEnd::GrpcUnavailable,
            AttemptEnd::NotConnected,
            AttemptEnd::Refused,
            AttemptEnd::Lost,
            AttemptEnd::TimedOut,
            AttemptEnd::NoEndpoints,
        ]),
    ]
}

proptest! {
    #[test]
    fn p_020_the_budget_is_never_exceeded_over_any_window(
        percent in 0_u8..=100,
        interval in 1_u64..500,
        count in 0_u32..5,
        rate_interval in 1_u64..500,
        events in prop::collection::vec((0_u64..60, any::<bool>()), 0..300),
    ) {
        let constraint = constraint(percent, ms(interval), count, ms(rate_interval));
        let (mut budget, mut naive, mut now) = (Budget::new(&constraint), Naive::default(), ms(0));
        for (step, is_retry) in events {
            now += Duration::from_micros(step * 700);
            if !is_retry {
                budget.request(now);
                naive.first_tries.push(now);
            } else if budget.retry(now) {
                prop_assert!(naive.allows(&constraint, now), "at {:?}", now);
                naive.retries.push(now);
            } else {
                // P-021: what is always allowed is refused for one part of the interval at most.
                let longer = ms(rate_interval) + ms(rate_interval) / 32 + Duration::from_nanos(1);
                prop_assert!(Naive::within(&naive.retries, longer, now) >= u128::from(count), "at {:?}", now);
            }
        }
    }

    #[test]
    fn p_020_any_clock_and_any_constraint_will_do(
        percent: u8, interval: Duration, count: Option<u32>, rate: Option<Duration>, events: Vec<(Duration, bool)>,
    ) {
        let min_retry_rate = MinRetryRate { count, interval: rate };
        let mut budget = Budget::new(&RetryConstraint { budget: RetryBudget { percent, interval }, min_retry_rate });
        for (now, is_retry) in events {
            if is_retry { let _ = budget.retry(now); } else { budget.request(now) }
        }
    }

    #[test]
    fn j_010_j_015_never_too_often_and_never_too_late(
        times in 0_u32..6,
        codes in prop::collection::vec(400_u16..600, 0..4),
        backoff in prop::option::of(0_u64..300),
        request in prop::option::of(0_u64..2000),
        backend_request in prop::option::of(0_u64..500),
        tries in prop::collection::vec((ends(), 0_u64..400, any::<u64>(), any::<bool>()), 1..40),
    ) {
        let retry = Retry { attempts: times, codes, backoff: backoff.map(ms) };
        let timeouts = Timeouts { request: request.map(ms), backend_request: backend_request.map(ms) };
        let mut attempts = Attempts::new(RetryPolicy::new(Some(&retry), timeouts));
        let end_of_all = request.filter(|request| *request > 0).map(ms);
        let (mut now, mut retries) = (ms(0), 0);
        for (end, takes, random, within_budget) in tries {
            let bound = attempts.attempt_ends(now);
            prop_assert!(bound.is_none_or(|bound| bound > now) && end_of_all.is_none_or(|end| bound.is_some_and(|b| b <= end)));
            let (end, at) = match bound {
                Some(bound) if now + ms(takes) >= bound => (AttemptEnd::TimedOut, bound),
                _ => (end, now + ms(takes)),
            };
            now = at;
            let Next::RetryAfter(wait) = attempts.after(end, now, random, || within_budget) else { break };
            prop_assert!(within_budget && !matches!(end, AttemptEnd::Lost | AttemptEnd::NoEndpoints));
            let base = backoff.map_or(DEFAULT_BACKOFF, ms);
            prop_assert!(wait <= base * MAX_FACTOR.min(1 << retries));
            retries += 1;
            now += wait;
            prop_assert!(retries <= times && retries == attempts.retries_made());
            prop_assert!(end_of_all.is_none_or(|end| now < end), "{:?}", now);
        }
    }
}
