//! Changes of worlds: most of them hit something that is there.

use gwapi_core::{Change, Facts, Object, ObjectKey};
use serde_json::Value;

use crate::{
    Draw,
    facts::facts,
    kinds::{KINDS, Maker, maker_of},
    manifest::{graft, key_of, names_of, prune},
    vocabulary::namespace,
};

/// Something that happens to a world.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What sort of change it was drawn as.
    pub sort: Sort,
    /// What it does.
    pub what: What,
}

/// What an edit does.
#[derive(Clone, Debug)]
pub enum What {
    /// A manifest comes, new or in the place of another one.
    Put(Value),
    /// An object goes.
    Delete(ObjectKey),
    /// The outside is different.
    Facts(Facts),
}

/// The sorts of edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// An object of any name comes.
    Create,
    /// An object is written anew.
    Replace,
    /// A part of an object is edited.
    Graft,
    /// A field or an entry goes, or an entry comes twice.
    Prune,
    /// An object goes.
    Delete,
    /// An object goes that is not there.
    DeleteMissing,
    /// An object is seen again as it is.
    Repeat,
    /// An object is again what it once was, or comes back.
    Revert,
    /// A namespace gets other labels.
    Relabel,
    /// Facts.
    Facts,
}

impl Sort {
    /// Every sort, and how often it is drawn.
    pub const ALL: [(usize, Self); 10] = [
        (14, Self::Create),
        (16, Self::Replace),
        (26, Self::Graft),
        (8, Self::Prune),
        (12, Self::Delete),
        (2, Self::DeleteMissing),
        (4, Self::Repeat),
        (8, Self::Revert),
        (6, Self::Relabel),
        (4, Self::Facts),
    ];
}

impl Edit {
    /// The change of the engine; nothing if the manifest is no object.
    #[must_use]
    pub fn change(&self) -> Option<Change> {
        match &self.what {
            What::Put(manifest) => Object::from_json(manifest).object.map(Change::Put),
            What::Delete(key) => Some(Change::Delete(key.clone())),
            What::Facts(facts) => Some(Change::Facts(facts.clone())),
        }
    }

    /// The kind of the object that is changed.
    #[must_use]
    pub fn kind(&self) -> &str {
        match &self.what {
            What::Put(manifest) => maker_of(manifest).kind,
            What::Delete(key) => key.kind.as_str(),
            What::Facts(_) => "Facts",
        }
    }
}

/// Manifests as they change, and as they once were.
#[derive(Debug)]
pub(crate) struct History {
    live: Vec<Value>,
    once: Vec<Value>,
}

impl History {
    pub(crate) fn new(live: Vec<Value>) -> Self {
        Self { live, once: Vec::new() }
    }

    /// Draws a change and carries it out.
    pub(crate) fn edit(&mut self, draw: &mut Draw) -> Edit {
        let sort = draw.weighted(&Sort::ALL);
        let what = self.propose(draw, sort);
        match &what {
            What::Put(manifest) => self.put(manifest.clone()),
            What::Delete(key) => self.take(key),
            What::Facts(_) => {}
        }
        Edit { sort, what }
    }

    /// Lets an object come.
    pub(crate) fn create(&mut self, manifest: Value) -> Edit {
        self.put(manifest.clone());
        Edit { sort: Sort::Create, what: What::Put(manifest) }
    }

    fn propose(&self, draw: &mut Draw, sort: Sort) -> What {
        let victim = self.victim(draw);
        match (sort, victim) {
            (Sort::Facts, _) => What::Facts(facts(draw)),
            (Sort::Relabel, _) => What::Put(relabelled(draw)),
            (Sort::DeleteMissing, _) => What::Delete(unknown(draw)),
            (Sort::Revert, _) if !self.once.is_empty() => What::Put(self.once[draw.below(self.once.len())].clone()),
            (Sort::Delete, Some(victim)) => key_of(victim).map_or_else(|| What::Delete(unknown(draw)), What::Delete),
            (Sort::Repeat, Some(victim)) => What::Put(victim.clone()),
            (Sort::Replace, Some(victim)) => What::Put(edited(draw, victim, |_, manifest, other| *manifest = other)),
            (Sort::Graft, Some(victim)) => What::Put(edited(draw, victim, |draw, manifest, other| graft(draw, manifest, &other))),
            (Sort::Prune, Some(victim)) => What::Put(edited(draw, victim, |draw, manifest, _| prune(draw, manifest))),
            (_, _) => What::Put((any_maker(draw).make)(draw)),
        }
    }

    /// An object that is there. Kinds are drawn first: otherwise few changes would hit a kind with few objects.
    fn victim(&self, draw: &mut Draw) -> Option<&Value> {
        let kind = any_maker(draw).kind;
        let of_kind: Vec<&Value> = self.live.iter().filter(|manifest| maker_of(manifest).kind == kind).collect();
        let all = if of_kind.is_empty() { self.live.iter().collect() } else { of_kind };
        all.get(draw.below(all.len())).copied()
    }

    fn put(&mut self, manifest: Value) {
        let place = self.live.iter().position(|other| names_of(other) == names_of(&manifest));
        self.once.extend(place.map(|place| self.live.remove(place)));
        self.live.push(manifest);
    }

    fn take(&mut self, key: &ObjectKey) {
        let place = self.live.iter().position(|manifest| key_of(manifest).as_ref() == Some(key));
        self.once.extend(place.map(|place| self.live.remove(place)));
    }
}

fn any_maker(draw: &mut Draw) -> &'static Maker {
    // What a world is not about may come into it all the same.
    let changes = |maker: &Maker| if maker.is_in(draw) { 6 * maker.changes } else { maker.changes };
    let weights: Vec<(usize, &Maker)> = KINDS.iter().map(|maker| (changes(maker), maker)).collect();
    draw.weighted(&weights)
}

/// An object of the same name, made of itself and of another one.
fn edited(draw: &mut Draw, victim: &Value, edit: impl FnOnce(&mut Draw, &mut Value, Value)) -> Value {
    let mut manifest = victim.clone();
    let other = (maker_of(victim).make)(draw);
    edit(draw, &mut manifest, other);
    for field in ["apiVersion", "kind"] {
        manifest[field] = victim[field].clone();
    }
    for field in ["namespace", "name"] {
        match victim["metadata"].get(field) {
            Some(value) => manifest["metadata"][field] = value.clone(),
            None => drop(manifest["metadata"].as_object_mut().map(|metadata| metadata.remove(field))),
        }
    }
    manifest
}

fn relabelled(draw: &mut Draw) -> Value {
    let labels = serde_json::json!({"team": draw.pick(&["red", "blue", "green"])});
    serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(draw), "labels": labels}})
}

fn unknown(draw: &mut Draw) -> ObjectKey {
    let kind = draw.pick(&["Service", "Secret", "Pod"]);
    ObjectKey::namespaced("", kind, &namespace(draw).into(), &"nobody".into())
}
