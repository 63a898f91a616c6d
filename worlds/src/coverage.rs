//! How often random tests meet what they are for, so that a generator that makes only easy cases is noticed.

use std::{collections::BTreeMap, fmt};

use crate::expected::expected;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Worlds in which something is there at least once.
    Worlds,
    /// Changes.
    Edits,
    /// Tables that follow a change.
    Tables,
    /// Requests to a Gateway.
    Requests,
    /// Hostile objects.
    HostileObjects,
    /// Hostile requests.
    HostileRequests,
}

/// Counts by group and name.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    groups: BTreeMap<Group, Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    total: u64,
    names: BTreeMap<String, u64>,
}

impl Coverage {
    /// There was one more of a group.
    pub fn total(&mut self, group: Group) {
        self.groups.entry(group).or_default().total += 1;
    }

    /// Something was seen in one of a group.
    pub fn count(&mut self, group: Group, name: &str) {
        let names = &mut self.groups.entry(group).or_default().names;
        match names.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(names.insert(name.to_owned(), 1)),
        }
    }

    /// Something was seen, if it was.
    pub fn count_if(&mut self, group: Group, name: &str, seen: bool) {
        if seen {
            self.count(group, name);
        }
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: Self) {
        for (group, counts) in other.groups {
            let own = self.groups.entry(group).or_default();
            own.total += counts.total;
            for (name, count) in counts.names {
                *own.names.entry(name).or_default() += count;
            }
        }
    }

    /// How often something was seen.
    #[must_use]
    pub fn of(&self, group: Group, name: &str) -> u64 {
        self.groups.get(&group).and_then(|counts| counts.names.get(name)).copied().unwrap_or_default()
    }

    /// What a group should have seen and has not.
    #[must_use]
    pub fn missing(&self, group: Group) -> Vec<&'static str> {
        expected(group).into_iter().filter(|name| self.of(group, name) == 0).collect()
    }

    /// Panics if there were fewer than so many of a group, or if more than one in ten of the things that it should have seen is
    /// missing: what is rare takes a soak.
    ///
    /// # Panics
    /// With the table of what was seen.
    pub fn assert_worth(&self, group: Group, least: u64) {
        let total = self.groups.get(&group).map_or(0, |counts| counts.total);
        assert!(total >= least, "{total} {}\n{self}", group.title());
        let missing = self.missing(group);
        assert!(missing.len() * 10 <= expected(group).len(), "{group:?} that were never seen: {missing:?}\n{self}");
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, Counts { total, names }) in &self.groups {
            writeln!(f, "{} ({total})", group.title())?;
            let unseen = expected(*group).into_iter().filter(|name| !names.contains_key(*name)).map(|name| (name, 0));
            let all: BTreeMap<&str, u64> = names.iter().map(|(name, count)| (name.as_str(), *count)).chain(unseen).collect();
            for (name, count) in all {
                let share = 100.0 * count as f64 / (*total).max(1) as f64;
                writeln!(f, "  {name:<44} {count:>12} {share:>9.3} %")?;
            }
        }
        Ok(())
    }
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 6] =
        [Self::Worlds, Self::Edits, Self::Tables, Self::Requests, Self::HostileObjects, Self::HostileRequests];

    fn title(self) -> &'static str {
        match self {
            Self::Worlds => "worlds in which there is",
            Self::Edits => "changes",
            Self::Tables => "tables after changes",
            Self::Requests => "requests",
            Self::HostileObjects => "hostile objects",
            Self::HostileRequests => "hostile requests",
        }
    }
}
