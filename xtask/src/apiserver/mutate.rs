//! Objects to ask about: those of cases, random ones made from the schemas, and what becomes of both when they are damaged.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::cluster::Crd;

/// A source of random numbers (splitmix64): the same seed, the same objects.
pub(super) struct Random(u64);

impl Random {
    /// The seed is mixed once, so that the numbers of one seed are not those of the next one, moved by a place.
    pub(super) fn new(seed: u64) -> Self {
        Self(Self(!seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}

/// Texts that mean something somewhere, or nearly.
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "example",
    "example.com",
    "*.example.com",
    "*",
    "*.",
    "*.*.com",
    "-a",
    "a-",
    "a.b.c",
    "a..b",
    "Example.COM",
    "https",
    "http",
    "HTTP",
    "HTTPS",
    "TLS",
    "TCP",
    "UDP",
    "GRPC",
    "example.com/foo",
    "example.com/Foo/bar",
    "/",
    "/a",
    "/a/b/",
    "a/b",
    "//",
    "/a//b",
    "/a/./b",
    "/a/../b",
    "/a/..",
    "/a/.",
    "/%2f",
    "/%2F",
    "/a#b",
    "/a b",
    "/ä",
    "/%zz",
    "/%20",
    "10s",
    "0s",
    "1h",
    "1s",
    "999ms",
    "61m",
    "2h",
    "1h30m",
    "100000s",
    "1d",
    "0.5s",
    "-1s",
    "1us",
    "5",
    "1.2.3.4",
    "1.2.3",
    "01.2.3.4",
    "::00001",
    "::ffff:01.2.3.4",
    "2001:db8::1",
    "::1",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
    "1.2.3.4:80",
    "[::1]",
    "Exact",
    "PathPrefix",
    "RegularExpression",
    "exact",
    "Hostname",
    "IPAddress",
    "NamedAddress",
    "All",
    "Same",
    "Selector",
    "None",
    "Terminate",
    "Passthrough",
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "CORS",
    "ExtensionRef",
    "ExternalAuth",
    "ReplaceFullPath",
    "ReplacePrefixMatch",
    "Service",
    "Secret",
    "ConfigMap",
    "Gateway",
    "XBackend",
    "ClusterTrustBundle",
    "gateway.networking.k8s.io",
    "gateway.networking.x-k8s.io",
    "certificates.k8s.io",
    "core",
    "GET",
    "POST",
    "get",
    "https://example.com",
    "https://*.example.com",
    "http://a:99999",
    "https://a:123456",
    "https://a/b",
    "ftp://a",
    "spiffe://a/b",
    "System",
    "x-header",
    "X Header",
    "x\theader",
    "header:",
    "v1",
    "v 1",
    "v  1",
    " v",
    "v ",
    "a_b",
    "_a",
    "a.b",
    "A.B.c",
    ".a.b",
    "a.",
    "(?i)a",
    "(",
    "[a-z",
    "Cookie",
    "Header",
    "Session",
    "Permanent",
    "Cluster",
    "k8s.io/a",
    "a.k8s.io/b",
    "foo.example/bar",
    "foo.cluster.local",
    "svc.cluster.local",
    "Kſ",
    "日本",
    "\u{0}",
    "\n",
    "a\n",
    "😀",
    "EndpointSelector",
    "ExternalHostname",
    "H2C",
    "HTTP2",
    "WSS",
    "ClientAndServer",
    "ClientOnly",
    "Enabled",
    "Disabled",
    "Literal",
    "Attribute",
    "AllowInsecureFallback",
    "AllowValidOnly",
    "true",
    "80",
    "null",
];

/// Lengths around the limits of the CRDs.
const LENGTHS: &[usize] =
    &[0, 1, 2, 5, 8, 9, 15, 16, 17, 32, 33, 63, 64, 65, 253, 254, 255, 256, 257, 316, 317, 1024, 1025, 4096, 4097];

fn numbers() -> Vec<Value> {
    let mut numbers: Vec<Value> =
        [0_i64, 1, -1, 2, 80, 99, 100, 101, 399, 400, 500, 599, 600, 65_535, 65_536, 1_000_000, 1_000_001]
            .into_iter()
            .chain([i64::from(i32::MAX), i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1, i64::MAX, i64::MIN, 1 << 53])
            .map(Value::from)
            .collect();
    numbers.extend([0.0, -0.0, 1.0, 1.5, 80.0, 500.0, 65_536.0, 1e3, 1e10, 1e17, 1e19, 1e300, -1.0, 0.1].map(Value::from));
    numbers.push(Value::from(u64::MAX));
    numbers
}

/// Where objects come from.
pub(super) struct Corpus<'a> {
    crds: &'a [Crd],
    objects: Vec<Value>,
    /// Values by the name of the field that they were found in.
    values: BTreeMap<String, Vec<Value>>,
    patterns: BTreeMap<String, Vec<&'static str>>,
    numbers: Vec<Value>,
}

impl<'a> Corpus<'a> {
    pub(super) fn read(folders: &[PathBuf], crds: &'a [Crd]) -> Result<Self, String> {
        let mut files = Vec::new();
        folders.iter().filter(|folder| folder.is_dir()).for_each(|folder| yaml_files(folder, &mut files));
        files.sort();
        let mut corpus =
            Self { crds, objects: Vec::new(), values: BTreeMap::new(), patterns: BTreeMap::new(), numbers: numbers() };
        for file in files {
            let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let loaded = gwapi_manifest::parse_bytes(&file.display().to_string(), &bytes);
            let values = loaded.documents.into_iter().map(|document| document.value);
            corpus.objects.extend(values.filter(|value| crds.iter().any(|crd| crd.serves(value))));
        }
        for (_, schema) in crds.iter().flat_map(Crd::versions) {
            corpus.collect_patterns(schema);
        }
        for object in corpus.objects.clone() {
            corpus.collect(&object);
        }
        Ok(corpus)
    }

    fn collect(&mut self, value: &Value) {
        for (name, field) in value.as_object().into_iter().flatten() {
            let known = self.values.entry(name.clone()).or_default();
            if !known.contains(field) {
                known.push(field.clone());
            }
            self.collect(field);
        }
        value.as_array().into_iter().flatten().for_each(|item| self.collect(item));
    }

    /// Which texts have the form that a pattern asks for.
    fn collect_patterns(&mut self, schema: &Value) {
        let new = schema["pattern"].as_str().filter(|pattern| !self.patterns.contains_key(*pattern));
        if let Some((pattern, regex)) = new.and_then(|pattern| Some((pattern, Regex::new(pattern).ok()?))) {
            let fitting = TEXTS.iter().copied().filter(|text| regex.is_match(text)).collect();
            self.patterns.insert(pattern.to_owned(), fitting);
        }
        match schema {
            Value::Object(fields) => fields.values().for_each(|field| self.collect_patterns(field)),
            Value::Array(items) => items.iter().for_each(|item| self.collect_patterns(item)),
            _ => {}
        }
    }

    /// An object, mostly damaged.
    pub(super) fn object(&self, random: &mut Random) -> Value {
        let mut object =
            if random.percent(40) { self.generated(random) } else { random.pick(&self.objects).cloned().unwrap_or_default() };
        if random.percent(4) {
            // Other versions of the kind.
            let versions: Vec<String> =
                self.crds.iter().filter(|crd| crd.serves(&object)).flat_map(Crd::versions).map(|(v, _)| v).collect();
            if let Some(version) = random.pick(&versions) {
                object["apiVersion"] = version.as_str().into();
            }
        }
        if let Some(object) = object.as_object_mut() {
            object.remove("status");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        for _ in 0..random.below(5) {
            self.damage(&mut object, random);
        }
        object
    }

    /// A stored object with some changes, or none.
    pub(super) fn changed(&self, before: &Value, random: &mut Random) -> Value {
        let mut object = before.clone();
        for _ in 0..random.below(4) {
            self.damage(&mut object, random);
        }
        object
    }

    // ---- from the schema ----

    fn generated(&self, random: &mut Random) -> Value {
        let Some(crd) = random.pick(self.crds) else { return Value::Null };
        let versions: Vec<_> = crd.versions().collect();
        let Some((api_version, schema)) = random.pick(&versions) else { return Value::Null };
        let richness = [25, 40, 60][random.below(3)];
        let spec = self.value_from(&schema["properties"]["spec"], richness, 0, random);
        json!({"apiVersion": api_version, "kind": crd.kind(), "metadata": {"name": "generated"}, "spec": spec})
    }

    fn value_from(&self, schema: &Value, richness: usize, depth: usize, random: &mut Random) -> Value {
        if let Some(default) = schema.get("default").filter(|_| random.percent(20)) {
            return default.clone();
        }
        if let Some(allowed) = schema["enum"].as_array() {
            return random.pick(allowed).cloned().unwrap_or_default();
        }
        match schema["type"].as_str().unwrap_or_default() {
            "object" => self.object_from(schema, richness, depth, random),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
                let count = least.max(random.below(if depth > 5 { 2 } else { 4 }));
                (0..count).map(|_| self.value_from(&schema["items"], richness, depth + 1, random)).collect()
            }
            "integer" => {
                let least = schema["minimum"].as_i64().unwrap_or(0);
                let most = schema["maximum"].as_i64().unwrap_or(1000);
                (least + (random.next() % (most - least + 1).max(1) as u64) as i64).into()
            }
            "boolean" => random.percent(50).into(),
            _ => self.text_from(schema, random),
        }
    }

    fn object_from(&self, schema: &Value, richness: usize, depth: usize, random: &mut Random) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.is_some_and(|required| required.iter().any(|one| one == name.as_str()));
            if (is_required && random.percent(99)) || random.percent(richness.saturating_sub(depth * 3)) {
                object.insert(name.clone(), self.value_from(field, richness, depth + 1, random));
            }
        }
        if let Some(values) = schema.get("additionalProperties") {
            for _ in 0..random.below(4) {
                let key = random.pick(TEXTS).copied().unwrap_or_default();
                object.insert(key.to_owned(), self.value_from(values, richness, depth + 1, random));
            }
        }
        object.into()
    }

    fn text_from(&self, schema: &Value, random: &mut Random) -> Value {
        let fitting = schema["pattern"].as_str().and_then(|pattern| self.patterns.get(pattern));
        let text = match fitting.filter(|_| random.percent(95)) {
            Some(fitting) => random.pick(fitting),
            None => random.pick(TEXTS),
        };
        text.copied().unwrap_or_default().into()
    }

    // ---- damage ----

    fn damage(&self, object: &mut Value, random: &mut Random) {
        let part = if random.percent(88) { "spec" } else { "metadata" };
        let mut paths = Vec::new();
        places(&object[part], &mut Vec::new(), &mut paths);
        let Some(path) = random.pick(&paths).cloned() else { return };
        if part == "metadata" {
            return self.damage_metadata(object, random);
        }
        let other = random.pick(&paths).and_then(|path| at(&mut object[part], path).cloned());
        let name = path.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.clone()),
            Step::Item(_) => None,
        });
        let known = name.and_then(|name| self.values.get(&name));
        let Some(value) = at(&mut object[part], &path) else { return };
        match random.below(14) {
            0 | 1 => drop(remove(&mut object[part], &path, random)),
            2 => *value = Value::Null,
            3 => *value = self.wrong_type(random),
            4 => *value = self.text(random),
            5 => *value = random.pick(&self.numbers).cloned().unwrap_or_default(),
            6 => repeat(value, random),
            7 => *value = if value.is_array() { json!([]) } else { json!({}) },
            8 => *value = other.unwrap_or_default(),
            9 => self.add_field(value, random),
            10 => swap(value, random),
            11 | 12 => *value = random.pick(known.map_or(&[][..], Vec::as_slice)).cloned().unwrap_or_default(),
            _ => self.adjust(value, random),
        }
    }

    fn text(&self, random: &mut Random) -> Value {
        if random.percent(25) {
            let unit = ["a", "a.", "/a", "ä", "1h"][random.below(5)];
            let length = random.pick(LENGTHS).copied().unwrap_or_default();
            return unit.chars().cycle().take(length).collect::<String>().into();
        }
        random.pick(TEXTS).copied().unwrap_or_default().into()
    }

    fn wrong_type(&self, random: &mut Random) -> Value {
        let kinds = [
            json!(true),
            json!("text"),
            json!(1),
            json!([]),
            json!({}),
            json!(["a"]),
            json!({"a": 1}),
            json!([[1]]),
            json!([null]),
        ];
        random.pick(&kinds).cloned().unwrap_or_default()
    }

    fn add_field(&self, value: &mut Value, random: &mut Random) {
        let Some(fields) = value.as_object_mut() else { return };
        let names: Vec<&String> = self.values.keys().collect();
        let name = random.pick(&names).map_or("unknown", |name| name.as_str()).to_owned();
        let known = self.values.get(&name).map_or(&[][..], Vec::as_slice);
        let inner = random.pick(known).cloned().unwrap_or_else(|| self.text(random));
        fields.insert(name, inner);
    }

    /// A small step away from what is there.
    fn adjust(&self, value: &mut Value, random: &mut Random) {
        *value = match &*value {
            Value::Bool(on) => json!(!*on),
            Value::Number(number) => match number.as_i64() {
                Some(number) if random.percent(20) => (number as f64).into(),
                Some(number) => number.saturating_add([-1, 1][random.below(2)]).into(),
                None => json!(1),
            },
            Value::String(text) => match random.below(4) {
                0 => format!("{text}.").into(),
                1 => text.to_uppercase().into(),
                2 => format!("{text}{text}").into(),
                _ => text.chars().skip(1).collect::<String>().into(),
            },
            other => other.clone(),
        };
    }

    fn damage_metadata(&self, object: &mut Value, random: &mut Random) {
        if !object["metadata"].is_object() {
            return;
        }
        let text = self.text(random);
        let key = text.as_str().unwrap_or_default();
        let (field, value) = match random.below(13) {
            0 => ("labels", json!({key: "a"})),
            1 => ("labels", json!({"a": text})),
            2 => ("annotations", json!({key: "a"})),
            3 => ("annotations", json!({"a": "x".repeat(262_100 + random.below(100))})),
            4 => ("name", text),
            5 => ("generateName", text),
            6 => ("finalizers", json!([text])),
            7 => ("ownerReferences", json!([{"apiVersion": text, "kind": "A", "name": "a", "uid": "u"}])),
            8 => (
                "ownerReferences",
                json!([{"apiVersion": "v1", "kind": "A", "name": "a", "uid": text, "controller": true}, {"apiVersion": "v1", "kind": "B", "name": "b", "uid": "w", "controller": true}]),
            ),
            9 => ("labels", self.wrong_type(random)),
            10 => ("unknown", text),
            11 => ("creationTimestamp", text),
            _ => (["name", "finalizers", "annotations", "uid", "generation"][random.below(5)], self.wrong_type(random)),
        };
        object["metadata"][field] = value;
    }
}

fn yaml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.file_name().is_some_and(|name| name == "input.yaml") {
            files.push(path);
        }
    }
}

// ---- places in values ----

#[derive(Clone)]
enum Step {
    Field(String),
    Item(usize),
}

fn places(value: &Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    // Deep ones are many: a few are enough.
    if found.len() > 3000 {
        return;
    }
    found.push(path.clone());
    for (name, field) in value.as_object().into_iter().flatten() {
        path.push(Step::Field(name.clone()));
        places(field, path, found);
        path.pop();
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        path.push(Step::Item(index));
        places(item, path, found);
        path.pop();
    }
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Item(index) => value.get_mut(index),
    })
}

/// Takes a value out; it may come back somewhere else.
fn remove(value: &mut Value, path: &[Step], random: &mut Random) -> Option<()> {
    let (last, parent) = path.split_last()?;
    let removed = match (at(value, parent)?, last) {
        (Value::Object(fields), Step::Field(name)) => fields.remove(name)?,
        (Value::Array(items), Step::Item(index)) => items.remove(*index),
        _ => return None,
    };
    if random.percent(15) {
        let mut paths = Vec::new();
        places(value, &mut Vec::new(), &mut paths);
        let target = random.pick(&paths)?.clone();
        match (at(value, &target)?, last) {
            (Value::Object(fields), Step::Field(name)) => drop(fields.insert(name.clone(), removed)),
            (Value::Array(items), _) => items.push(removed),
            _ => {}
        }
    }
    Some(())
}

fn repeat(value: &mut Value, random: &mut Random) {
    let Some(items) = value.as_array_mut() else { return };
    let Some(item) = random.pick(items).cloned() else { return };
    let count = [1, 1, 1, 2, 15, 16, 17, 31, 32, 64, 65, 130][random.below(12)];
    for number in 0..count {
        let mut item = item.clone();
        // Names apart, so that lists by name have many entries too.
        if random.percent(60) && item.get("name").is_some_and(Value::is_string) {
            item["name"] = format!("n{number}").into();
        }
        if random.percent(30) && item.get("port").is_some_and(Value::is_number) {
            item["port"] = (1000 + number).into();
        }
        items.push(item);
    }
}

fn swap(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let (one, other) = (random.below(items.len()), random.below(items.len()));
            items.swap(one, other);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let (Some(one), Some(other)) = (random.pick(&names), random.pick(&names)) else { return };
            let (first, second) = (fields.get(one).cloned().unwrap_or_default(), fields.get(other).cloned().unwrap_or_default());
            fields.insert(one.clone(), second);
            fields.insert(other.clone(), first);
        }
        _ => {}
    }
}
