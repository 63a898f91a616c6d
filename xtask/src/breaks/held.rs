//! What holds a rule, as something that can be run.

/// A test or a case by its name, and where it is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) binary: Binary,
    pub(super) name: String,
}

/// What is built and run. Cases come last: they take the most to build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binary {
    /// Tests of a package: those inside of it, or those of one file or folder beside it.
    Test { package: String, beside: Option<String> },
    /// The program, which runs cases.
    Program,
}

impl Held {
    /// Of a place as the ledger of rules writes it.
    pub(super) fn read(place: &str) -> Option<Self> {
        let Some((path, name)) = place.split_once("::") else {
            return place.starts_with("testdata/").then(|| Self { binary: Binary::Program, name: place.to_owned() });
        };
        let (package, path) = path.split_once('/')?;
        let beside = match path.split_once('/')? {
            ("src", _) => None,
            ("tests", path) => {
                Some(path.split_once('/').map_or_else(|| path.strip_suffix(".rs"), |(folder, _)| Some(folder))?.to_owned())
            }
            _ => return None,
        };
        Some(Self { binary: Binary::Test { package: package.to_owned(), beside }, name: name.to_owned() })
    }
}

impl Binary {
    pub(super) fn is_program(&self) -> bool {
        *self == Self::Program
    }

    pub(super) fn package(&self) -> &str {
        match self {
            Self::Test { package, .. } => package,
            Self::Program => "gwapi",
        }
    }

    /// What cargo calls it.
    pub(super) fn target(&self) -> Vec<&str> {
        match self {
            Self::Test { beside: None, .. } => vec!["--lib"],
            Self::Test { beside: Some(name), .. } => vec!["--test", name],
            Self::Program => vec!["--bin", "gwapi"],
        }
    }
}

/// The tests of these names that failed, by what `cargo test` has printed. Filters are parts of names, so others may have run
/// beside them.
pub(super) fn failed(printed: &str, names: &[&str]) -> Result<Vec<String>, String> {
    let lines: Vec<(&str, &str)> = printed.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... ")).collect();
    let is_of = |test: &str, name: &str| test.rsplit("::").next() == Some(name);
    let mut failed = Vec::new();
    for name in names {
        let mut outcomes = lines.iter().filter(|(test, _)| is_of(test, name)).map(|(_, outcome)| *outcome).peekable();
        if outcomes.peek().is_none() {
            return Err(format!("{name} was not run\n{printed}"));
        }
        if outcomes.any(|outcome| outcome == "FAILED") {
            failed.push((*name).to_owned());
        }
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_say_what_is_built() {
        let of =
            |place| Held::read(place).map(|held| (held.binary.package().to_owned(), held.binary.target().join(" "), held.name));
        let held = |package: &str, target: &str, name: &str| Some((package.to_owned(), target.to_owned(), name.to_owned()));
        assert_eq!(of("gwapi-core/src/ingest/tests/gateway.rs::a"), held("gwapi-core", "--lib", "a"));
        assert_eq!(of("gwapi-core/tests/resolve_refs.rs::b"), held("gwapi-core", "--test resolve_refs", "b"));
        assert_eq!(of("gwapi-status/tests/status/laws.rs::c"), held("gwapi-status", "--test status", "c"));
        assert_eq!(of("testdata/grants/none"), held("gwapi", "--bin gwapi", "testdata/grants/none"));
        assert_eq!((of("gwapi-core/benches/it.rs::d"), of("somewhere")), (None, None));
    }

    #[test]
    fn only_those_that_are_named_count() {
        let printed = "test a::one ... FAILED\ntest a::one_more ... FAILED\ntest two ... ok\n";
        assert_eq!(failed(printed, &["one", "two"]), Ok(vec!["one".to_owned()]));
        assert_eq!(failed(printed, &["two"]), Ok(vec![]));
        assert!(failed(printed, &["three"]).is_err(), "what does not run notices nothing");
    }
}
