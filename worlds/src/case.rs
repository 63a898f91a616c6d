//! One random test: a world, what happens to it, and who asks. It is told by its seed alone, and gets smaller piece by piece.

use gwapi_core::{Controller, Facts, Object, Resolution, Snapshot, resolve};
use proptest::{
    prelude::Rng,
    strategy::{NewTree, Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    Draw, Edit, OURS, Request, What,
    controller::controller,
    facts::facts,
    hostile,
    kinds::KINDS,
    manifest::{GATEWAY_API, names_of, removable, remove_nth},
};

/// A world, what happens to it, and what is asked of it.
#[derive(Clone)]
pub struct Case {
    /// What everything was drawn from.
    pub seed: u64,
    /// Who asks.
    pub controller: Controller,
    /// What only the outside knows.
    pub facts: Facts,
    /// The world as it begins: manifests of different objects.
    pub manifests: Vec<Value>,
    /// What happens, one after the other.
    pub edits: Vec<Edit>,
    /// What is asked.
    pub requests: Vec<Request>,
}

impl Case {
    /// A world that stays as it is, and requests.
    #[must_use]
    pub fn still(seed: u64) -> Self {
        Self::draw(seed, &mut Draw::new(seed))
    }

    fn draw(seed: u64, draw: &mut Draw) -> Self {
        let manifests = manifests(draw);
        let requests = draw.several(8..=8, |draw| Request::draw(draw, &manifests));
        Self { seed, controller: controller(draw), facts: facts(draw), manifests, edits: Vec::new(), requests }
    }

    /// A world that changes. Some of its objects may come only while it does, in any order.
    #[must_use]
    pub fn changing(seed: u64) -> Self {
        let draw = &mut Draw::new(seed);
        let Self { controller, facts, mut manifests, requests, .. } = Self::draw(seed, draw);
        draw.shuffle(&mut manifests);
        let late = if draw.chance(8) { manifests.len() } else { draw.below(4).min(manifests.len()) };
        let late = manifests.split_off(manifests.len() - late);
        let mut history = crate::edit::History::new(manifests.clone());
        let mut edits = Vec::new();
        for manifest in late {
            edits.extend((edits.is_empty() || draw.chance(20)).then(|| history.edit(draw)));
            edits.push(history.create(manifest));
        }
        edits.extend(draw.several(3..=8, |draw| history.edit(draw)));
        Self { seed, controller, facts, manifests, edits, requests }
    }

    /// A world in which manifests and requests are anything but sound.
    #[must_use]
    pub fn hostile(seed: u64) -> Self {
        let mut case = Self::changing(seed);
        hostile::spoil_case(&mut Draw::new(seed.rotate_left(32)), &mut case);
        case
    }

    /// The objects and facts as the world begins.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(self.objects())
    }

    /// Other objects, or the same in another order, and the facts of the case.
    #[must_use]
    pub fn snapshot_of(&self, objects: impl IntoIterator<Item = Object>) -> Snapshot {
        let mut snapshot: Snapshot = objects.into_iter().collect();
        snapshot.facts = self.facts.clone();
        snapshot
    }

    /// What becomes of the world as it begins.
    #[must_use]
    pub fn resolve(&self) -> Resolution {
        resolve(&self.snapshot(), &self.controller)
    }

    /// The objects as the world begins.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        self.manifests.iter().filter_map(|manifest| Object::from_json(manifest).object).collect()
    }

    /// The same case without its piece of that number; nothing if it has not so many.
    #[must_use]
    pub fn without(&self, number: usize) -> Option<Self> {
        let mut case = self.clone();
        let mut rest = number;
        if take_from(&mut case.edits, &mut rest)
            || take_from(&mut case.manifests, &mut rest)
            || take_from(&mut case.requests, &mut rest)
        {
            return Some(case);
        }
        let of_edits = case.edits.iter_mut().filter_map(|edit| match &mut edit.what {
            What::Put(manifest) => Some(manifest),
            What::Delete(_) | What::Facts(_) => None,
        });
        for manifest in case.manifests.iter_mut().chain(of_edits) {
            let inside = removable(manifest);
            if rest < inside {
                remove_nth(manifest, rest);
                return Some(case);
            }
            rest -= inside;
        }
        let plain = Controller { identity: case.controller.identity.clone(), ..Controller::default() };
        let facts = (case.facts != Facts::default()).then(|| Self { facts: Facts::default(), ..case.clone() });
        let is_plain = case.controller == plain;
        let controller = (!is_plain).then_some(Self { controller: plain, ..case });
        facts.into_iter().chain(controller).nth(rest)
    }

    /// The smallest case that still fails, as far as it can be reached by leaving out pieces.
    #[must_use]
    pub fn minimized(self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut tree = CaseTree::new(self);
        let mut goes_on = tree.simplify();
        while goes_on {
            goes_on = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        tree.best
    }
}

/// Takes the entry with that number out of a list; if there are fewer, counts them off.
fn take_from<T>(list: &mut Vec<T>, number: &mut usize) -> bool {
    if *number < list.len() {
        list.remove(*number);
        return true;
    }
    *number -= list.len();
    false
}

fn manifests(draw: &mut Draw) -> Vec<Value> {
    let mut manifests: Vec<Value> = Vec::new();
    for maker in KINDS.iter().filter(|maker| maker.is_in(draw)).collect::<Vec<_>>() {
        for manifest in draw.several(maker.count.clone(), |draw| (maker.make)(draw)) {
            manifests.retain(|other| names_of(other) != names_of(&manifest));
            manifests.push(manifest);
        }
    }
    // Without a class of ours there is nothing to see.
    if draw.chance(75) {
        let class = json!({"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": "ours"}, "spec": {"controllerName": OURS}});
        manifests.retain(|other| names_of(other) != names_of(&class));
        manifests.push(class);
    }
    // Who looks at manifests need not have the classes beside them.
    if draw.chance(4) {
        manifests.retain(|manifest| manifest["kind"] != "GatewayClass");
    }
    manifests
}

impl core::fmt::Debug for Case {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        writeln!(f, "case of seed {}", self.seed)?;
        writeln!(
            f,
            "controller: {:?} {:?} {:?} {:?}",
            self.controller.identity, self.controller.choices, self.controller.abilities, self.controller.parameter_kinds
        )?;
        let features = gwapi_core::SupportedFeatures::built();
        let missing: Vec<_> = features.iter().filter(|feature| !self.controller.features.has(*feature)).collect();
        writeln!(f, "without the features: {missing:?}")?;
        writeln!(f, "facts: {:?}", self.facts)?;
        self.manifests.iter().try_for_each(|manifest| writeln!(f, "{manifest}"))?;
        for Edit { sort, what } in &self.edits {
            match what {
                What::Put(manifest) => writeln!(f, "{sort:?}: put {manifest}")?,
                What::Delete(key) => writeln!(f, "{sort:?}: delete {key}")?,
                What::Facts(facts) => writeln!(f, "{sort:?}: {facts:?}")?,
            }
        }
        self.requests.iter().try_for_each(|request| writeln!(f, "{request:?}"))
    }
}

/// Cases as a strategy, from the function that makes one of a seed.
#[derive(Clone, Copy, Debug)]
pub struct Cases(pub fn(u64) -> Case);

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(CaseTree::new((self.0)(runner.rng().next_u64())))
    }
}

/// Tries so many cases, always the same ones; `PROPTEST_CASES` asks for more.
///
/// # Panics
/// With the smallest case in which `test` panics, if there is one.
pub fn try_cases(cases: u32, make: fn(u64) -> Case, test: impl Fn(&Case)) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = Config { cases: config.cases.max(cases), ..config };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&Cases(make), |case| {
        test(&case);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// A case that gets smaller.
#[derive(Clone, Debug)]
pub struct CaseTree {
    /// The smallest case that is known to fail, or the first one.
    best: Case,
    /// The one that is tried, if it is not that.
    tried: Option<Case>,
    /// The number of the piece that is left out next.
    next: usize,
    /// Whether a piece could be left out since the pieces were last counted from the first.
    progress: bool,
}

impl CaseTree {
    fn new(best: Case) -> Self {
        Self { best, tried: None, next: 0, progress: false }
    }

    fn try_next(&mut self) -> bool {
        self.tried = self.best.without(self.next);
        if self.tried.is_none() && self.progress {
            (self.next, self.progress) = (0, false);
            self.tried = self.best.without(0);
        }
        self.tried.is_some()
    }
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.tried.as_ref().unwrap_or(&self.best).clone()
    }

    fn simplify(&mut self) -> bool {
        if let Some(tried) = self.tried.take() {
            // Without that piece the others have moved up: the next one has the same number.
            (self.best, self.progress) = (tried, true);
        }
        self.try_next()
    }

    fn complicate(&mut self) -> bool {
        self.next += 1;
        self.try_next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_everything() {
        for make in [Case::still, Case::changing, Case::hostile] {
            assert_eq!(format!("{:?}", make(11)), format!("{:?}", make(11)));
            assert_ne!(format!("{:?}", make(11)), format!("{:?}", make(12)));
        }
    }

    #[test]
    fn a_case_shrinks_to_what_makes_it_fail() {
        let has_route = |case: &Case| case.manifests.iter().any(|manifest| manifest["kind"] == "HTTPRoute");
        let case = (0..).map(Case::changing).find(has_route).expect("nearly every case");
        let smallest = case.minimized(has_route);
        assert_eq!(smallest.manifests, [serde_json::json!({"kind": "HTTPRoute"})]);
        assert!(smallest.edits.is_empty() && smallest.requests.is_empty());
        assert_eq!(smallest.facts, Facts::default());
    }
}
