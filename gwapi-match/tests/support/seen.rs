//! What was seen while tables and the reference were compared.

use std::{cell::RefCell, collections::BTreeMap};

use gwapi_core::Hostname;
use gwapi_match::{
    explain::{Answer, Explanation, Failure, Placement, Verdict},
    head::RequestHead,
};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub type Head<'r> = RequestHead<'r, [(&'r [u8], &'r [u8])]>;

/// The same cases in every run; `PROPTEST_CASES` asks for more.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = Config { cases: config.cases.max(cases), ..config };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// How often something happened, so that a generator that makes only easy cases is noticed.
#[derive(Default)]
pub struct Counters(RefCell<BTreeMap<String, usize>>);

impl Counters {
    pub fn count(&self, what: impl ToString) {
        *self.0.borrow_mut().entry(what.to_string()).or_default() += 1;
    }

    pub fn assert_seen(&self, what: impl IntoIterator<Item = impl ToString>) {
        let counts = self.0.borrow();
        for what in what {
            assert!(counts.get(&what.to_string()).is_some_and(|count| *count > 0), "no `{}` in {counts:?}", what.to_string());
        }
    }
}

pub fn note(explanation: &Explanation<'_>, counters: &Counters) {
    explanation.decided_by.iter().for_each(|key| counters.count(key));
    counters.count(match (explanation.admission, explanation.winner()) {
        (Placement::Refused(_), _) => "refused",
        (Placement::Misdirected, _) => "misdirected",
        (Placement::NotFound, _) => "no listener",
        (Placement::PassThrough, _) => "passed through",
        (Placement::Listener(_) | Placement::Service(_), None) => "not found",
        (Placement::Listener(_) | Placement::Service(_), Some(_)) => "matched",
    });
    for candidate in &explanation.candidates {
        match candidate.failure {
            None => {}
            Some(Failure::Refused(_)) => counters.count("failed: refused rule"),
            Some(Failure::NotGrpc) => counters.count("failed: not gRPC"),
            Some(Failure::Hostname) => counters.count("failed: hostname"),
            Some(Failure::Path) => counters.count("failed: path"),
            Some(Failure::Service) => counters.count("failed: service"),
            Some(Failure::Method) => counters.count("failed: method"),
            Some(Failure::Header(_)) => counters.count("failed: header"),
            Some(Failure::Query(_)) => counters.count("failed: query"),
        }
    }
    if let Some(code) = explanation.grpc_code {
        counters.count(format!("code: {code}"));
    }
    match &explanation.verdict {
        Verdict::Split(shares) => {
            counters.count("verdict: split");
            let rejects = shares.iter().any(|share| share.weight > 0 && share.answer == Answer::Reject);
            counters.count(if rejects { "share: rejected" } else { "share: answered" });
        }
        Verdict::Redirect(_) => counters.count("verdict: redirect"),
        Verdict::Respond(status) => counters.count(format!("verdict: {}", status.as_u16())),
        Verdict::Reject => counters.count("verdict: reject"),
        Verdict::PassThrough => counters.count("verdict: pass through"),
        Verdict::Refused(why) => counters.count(format!("verdict: {why:?}")),
    }
    let Some(winner) = explanation.winner() else { return };
    counters.count(format!("by: {}", winner.route.route.kind));
    let characters = |hostname: Option<&Hostname>| hostname.map_or(0, |name| name.as_str().len());
    let mut others = explanation.candidates.iter().filter(|other| !matches!(other.failure, Some(Failure::Refused(_))));
    if others.any(|other| other.failure.is_some() && characters(other.hostname) > characters(winner.hostname)) {
        counters.count("fell through");
    }
}
