//! The lines of the ledger: `ID<TAB>how<TAB>where`, sorted by ID.

use std::collections::BTreeMap;

use super::{cases::Case, functions};

const PURE: [&str; 3] = ["gwapi-core/", "gwapi-match/", "gwapi-status/"];

/// Where the cases are.
const CORPUS: &str = "testdata/";

/// A reason of fewer characters says nothing.
const REASON_AT_LEAST: usize = 10;

pub(super) struct Line {
    pub(super) id: String,
    pub(super) how: How,
}

/// What holds a rule, and where it stands.
#[derive(PartialEq)]
pub(super) enum How {
    /// Cases of the corpus, and tests beside them.
    Case(Vec<String>),
    /// Tests of the pure crates, and of others beside them.
    Test(Vec<String>),
    /// Tests of what talks to a cluster or to sockets, or the reason in words.
    Adapter(Vec<String>),
    /// Nothing can, for this reason.
    Not(String),
}

/// The lines that can be read, and what is wrong with the others.
pub(super) fn parse(text: &str) -> (Vec<Line>, Vec<String>) {
    let (mut lines, mut problems) = (Vec::<Line>::new(), Vec::new());
    for (number, text) in (1..).zip(text.lines()) {
        match parse_line(text) {
            Ok(line) if lines.last().is_some_and(|last| last.id >= line.id) => {
                let last = lines.last().map(|line| line.id.as_str()).unwrap_or_default();
                problems.push(format!("line {number}: {} does not follow {last}", line.id));
                lines.push(line);
            }
            Ok(line) => lines.push(line),
            Err(why) => problems.push(format!("line {number}: {why}")),
        }
    }
    (lines, problems)
}

fn parse_line(text: &str) -> Result<Line, String> {
    let [id, how, places] = text.split('\t').collect::<Vec<_>>()[..] else { return Err("not `ID<TAB>how<TAB>where`".to_owned()) };
    let list = || places.split(", ").map(str::to_owned).collect();
    let how = match how {
        "case" => How::Case(list()),
        "test" => How::Test(list()),
        "adapter" if places.contains(".rs::") => How::Adapter(list()),
        "adapter" => How::Adapter(vec![places.to_owned()]),
        "n/a" => How::Not(places.to_owned()),
        _ => return Err(format!("`{how}` is none of case, test, adapter, n/a")),
    };
    Ok(Line { id: id.to_owned(), how })
}

impl How {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::Test(_) => "test",
            Self::Adapter(_) => "adapter",
            Self::Not(_) => "n/a",
        }
    }

    /// Whether it needs neither a cluster nor a socket.
    pub(super) fn is_pure(&self) -> bool {
        matches!(self, Self::Case(_) | Self::Test(_))
    }

    /// Of a rule that cases hold the cases, and of one that tests hold the tests of the pure crates.
    pub(super) fn pure_places(self) -> Vec<String> {
        match self {
            Self::Case(places) => places.into_iter().filter(|place| place.starts_with(CORPUS)).collect(),
            Self::Test(places) => places.into_iter().filter(|place| PURE.iter().any(|room| place.starts_with(room))).collect(),
            Self::Adapter(_) | Self::Not(_) => Vec::new(),
        }
    }

    pub(super) fn problems(
        &self,
        id: &str,
        cases: &BTreeMap<String, Case>,
        source: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<String> {
        let wrong = |place: &String| match place.starts_with(CORPUS) {
            true => case_problem(id, place, cases),
            false => test_problem(id, place, source),
        };
        match self {
            Self::Case(places) if !places.iter().any(|place| place.starts_with(CORPUS)) => {
                vec!["none of this is a case".to_owned()]
            }
            Self::Test(places) if !places.iter().any(|place| PURE.iter().any(|room| place.starts_with(room))) => {
                vec!["none of this is a test of a pure crate".to_owned()]
            }
            Self::Case(places) | Self::Test(places) => places.iter().filter_map(wrong).collect(),
            Self::Adapter(places) if places.iter().any(|place| place.contains(".rs::")) => {
                places.iter().filter_map(wrong).collect()
            }
            Self::Adapter(words) => words.iter().filter_map(|words| reason_problem(words)).collect(),
            Self::Not(reason) => reason_problem(reason).into_iter().collect(),
        }
    }
}

fn case_problem(id: &str, name: &str, cases: &BTreeMap<String, Case>) -> Option<String> {
    match cases.get(name) {
        None => Some(format!("there is no case {name}")),
        Some(case) if !case.requirements.iter().any(|named| named == id) => Some(format!("{name} does not name it")),
        Some(_) => None,
    }
}

fn test_problem(id: &str, place: &str, source: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let Some((path, function)) = place.split_once("::") else {
        return Some(format!("`{place}` is no place of a test: `FILE::FUNCTION`"));
    };
    let Some(text) = source(path) else { return Some(format!("there is no file {path}")) };
    let Some(text) = functions::text_of(&text, function) else { return Some(format!("{path} has no function {function}")) };
    if !functions::is_test(&text) {
        return Some(format!("{place} is no test"));
    }
    (!functions::names(&text, id)).then(|| format!("{place} does not name it"))
}

fn reason_problem(words: &str) -> Option<String> {
    (words.chars().count() < REASON_AT_LEAST).then(|| format!("`{words}` is no reason"))
}
