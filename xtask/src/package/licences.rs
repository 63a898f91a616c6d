//! Whether the licences of everything that is in `Cargo.lock` are on the list of `deny.toml`.

use std::fs;

use regex::Regex;

use super::{metadata, packages};
use crate::shell::{Outcome, root};

pub(crate) fn run() -> Outcome {
    let path = root().join("deny.toml");
    let list = List::read(&fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?)?;
    let metadata = metadata("--all-features")?;
    let refused = packages(&metadata).filter_map(|package| {
        let (name, licence) = (package["name"].as_str()?, package["license"].as_str().unwrap_or("none"));
        (!list.allows(name, licence)).then(|| format!("{name} has the licence {licence}"))
    });
    let refused: Vec<String> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
}

struct List {
    allowed: Vec<String>,
    /// For one crate each.
    exceptions: Vec<(String, String)>,
}

impl List {
    fn read(deny: &str) -> Result<Self, String> {
        let regex = |pattern| Regex::new(pattern).map_err(|error| error.to_string());
        let list = regex(r"(?m)^allow = \[([^\]]*)\]")?;
        let list = list.captures(deny).and_then(|found| found.get(1)).ok_or("deny.toml has no list of licences")?;
        let allowed = regex(r#""([^"]+)""#)?.captures_iter(list.as_str()).map(|found| found[1].to_owned()).collect();
        let exception = regex(r#"crate = "([^"]+)", allow = \["([^"]+)"\]"#)?;
        let exceptions = exception.captures_iter(deny).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
        Ok(Self { allowed, exceptions })
    }

    /// Whether an expression (SPDX; `/` is how one wrote OR before) can be met.
    fn allows(&self, name: &str, expression: &str) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let (is_met, rest) = self.any(name, &tokens);
        is_met && rest.is_empty()
    }

    fn any<'t>(&self, name: &str, tokens: &'t [&'t str]) -> (bool, &'t [&'t str]) {
        let (mut is_met, mut rest) = self.all(name, tokens);
        while let ["OR", more @ ..] = rest {
            let (other, after) = self.all(name, more);
            (is_met, rest) = (is_met || other, after);
        }
        (is_met, rest)
    }

    fn all<'t>(&self, name: &str, tokens: &'t [&'t str]) -> (bool, &'t [&'t str]) {
        let (mut is_met, mut rest) = self.one(name, tokens);
        while let ["AND", more @ ..] = rest {
            let (other, after) = self.one(name, more);
            (is_met, rest) = (is_met && other, after);
        }
        (is_met, rest)
    }

    fn one<'t>(&self, name: &str, tokens: &'t [&'t str]) -> (bool, &'t [&'t str]) {
        match tokens {
            ["(", inside @ ..] => match self.any(name, inside) {
                (is_met, [")", rest @ ..]) => (is_met, rest),
                (_, rest) => (false, rest),
            },
            [licence, "WITH", exception, rest @ ..] => (self.has(name, &format!("{licence} WITH {exception}")), rest),
            [licence, rest @ ..] => (self.has(name, licence), rest),
            [] => (false, tokens),
        }
    }

    fn has(&self, name: &str, licence: &str) -> bool {
        let is_exception = |(of, exception): &(String, String)| of == name && exception == licence;
        self.allowed.iter().any(|allowed| allowed == licence) || self.exceptions.iter().any(is_exception)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_what_is_on_the_list() {
        let list = List::read("allow = [\"MIT\", \"ISC\"]\nexceptions = [{ crate = \"fuzz\", allow = [\"NCSA\"] }]").unwrap();
        for met in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "GPL-3.0 AND ISC OR MIT"] {
            assert!(list.allows("any", met), "{met}");
        }
        for refused in
            ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "MIT WITH Some-exception", "none", "", "MIT ISC"]
        {
            assert!(!list.allows("any", refused), "{refused}");
        }
        assert!(list.allows("fuzz", "MIT AND NCSA") && !list.allows("any", "MIT AND NCSA"));
    }
}
