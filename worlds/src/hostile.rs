//! Input that nobody means well with (law 2).

use serde_json::{Map, Value, json};

use crate::{Case, Draw, Request, What, kinds::KINDS, manifest::spoil};

/// Spoils manifests, edits and requests of a case.
pub(crate) fn spoil_case(draw: &mut Draw, case: &mut Case) {
    let of_edits = case.edits.iter_mut().filter_map(|edit| match &mut edit.what {
        What::Put(manifest) => Some(manifest),
        What::Delete(_) | What::Facts(_) => None,
    });
    for manifest in case.manifests.iter_mut().chain(of_edits) {
        match draw.below(10) {
            0 => *manifest = garbage(draw),
            1..=4 => {
                for _ in 0..draw.within(1..=4) {
                    let junk = junk(draw);
                    spoil(draw, manifest, junk);
                }
            }
            _ => {}
        }
    }
    for request in &mut case.requests {
        spoil_request(draw, request);
    }
}

/// An object that is none, or hardly.
fn garbage(draw: &mut Draw) -> Value {
    let mut value = nested(draw, 5);
    if let (Value::Object(fields), true) = (&mut value, draw.chance(80)) {
        let sound = (draw.pick(KINDS.iter().collect::<Vec<_>>().as_slice()).make)(draw);
        for name in ["apiVersion", "kind", "metadata"] {
            fields.insert(name.into(), sound[name].clone());
        }
    }
    value
}

/// The names of fields, and names that are none.
const FIELDS: [&str; 32] = [
    "spec",
    "metadata",
    "listeners",
    "rules",
    "matches",
    "path",
    "value",
    "type",
    "name",
    "namespace",
    "port",
    "hostname",
    "hostnames",
    "parentRefs",
    "backendRefs",
    "filters",
    "headers",
    "labels",
    "data",
    "tls",
    "from",
    "to",
    "targetRefs",
    "validation",
    "parentRef",
    "backendRef",
    "clusterIP",
    "ports",
    "method",
    "weight",
    "",
    "\u{0}\u{1F980}",
];

fn nested(draw: &mut Draw, depth: usize) -> Value {
    match draw.below(if depth == 0 { 1 } else { 4 }) {
        0 => junk(draw),
        1 => draw.several(0..=3, |draw| nested(draw, depth - 1)).into(),
        _ => {
            let fields = draw.several(0..=5, |draw| (draw.pick(&FIELDS).to_owned(), nested(draw, depth - 1)));
            Value::Object(fields.into_iter().collect::<Map<_, _>>())
        }
    }
}

/// Anything that JSON can say.
fn junk(draw: &mut Draw) -> Value {
    match draw.below(12) {
        0 => Value::Null,
        1 => draw.chance(50).into(),
        2 => draw.pick(&[0_i64, -1, 1, 80, 65_536, i64::MIN, i64::MAX]).into(),
        3 => draw.pick(&[0.5_f64, 80.0, 1e300, -0.0]).into(),
        4 => u64::MAX.into(),
        5 => json!([]),
        6 => json!({}),
        7 => (0..draw.within(20..=200)).fold(json!("deep"), |value, _| Value::Array(vec![value])),
        8 => text(draw, 12).into(),
        9 => "a.".repeat(draw.within(1..=300)).into(),
        10 => "/x".repeat(draw.within(1..=2500)).into(),
        _ => draw.pick(&TEXTS).into(),
    }
}

const TEXTS: [&str; 16] = [
    "",
    " ",
    "\n",
    "\u{0}",
    "ä.example",
    "*.*.example",
    "..",
    "/../..",
    "/%",
    "(?P<n>",
    "a)|(b",
    "(a*)*",
    "[[:alpha:]]{1,40}",
    "99999999999999999999h",
    "-----BEGIN CERTIFICATE-----",
    "\u{202e}gnp",
];

/// Characters that mean something somewhere.
const CHARACTERS: [char; 24] = [
    'a', 'x', 'y', '1', '/', '/', '/', '.', '.', '%', '2', '5', 'F', '?', '&', '=', '+', ':', '[', '*', '#', '\\', '\0', '\u{e4}',
];

fn text(draw: &mut Draw, longest: usize) -> String {
    draw.several(0..=longest, |draw| draw.pick(&CHARACTERS)).into_iter().collect()
}

fn bytes(draw: &mut Draw, longest: usize) -> Vec<u8> {
    match draw.chance(50) {
        true => text(draw, longest).into_bytes(),
        false => draw.several(0..=longest, |draw| draw.number().to_le_bytes()[0]),
    }
}

fn spoil_request(draw: &mut Draw, request: &mut Request) {
    if draw.chance(35) {
        let at = draw.below(request.target.len() + 1);
        let at = (at..=request.target.len()).find(|at| request.target.is_char_boundary(*at)).unwrap_or_default();
        request.target.insert_str(at, &text(draw, 6));
    }
    if draw.chance(5) {
        request.target = text(draw, 20);
    }
    if draw.chance(15) {
        request.method = text(draw, 6);
    }
    if draw.chance(20) {
        request.host = Some(text(draw, 14));
    }
    if draw.chance(10) {
        request.authority = Some(text(draw, 14));
    }
    if let Some(server_name) = request.tls.as_mut().filter(|_| draw.chance(20)) {
        *server_name = Some(text(draw, 14));
    }
    if let Some(mesh) = request.mesh.as_mut().filter(|_| draw.chance(20)) {
        mesh.destination = text(draw, 14);
    }
    if draw.chance(40) {
        let name = if draw.chance(50) { bytes(draw, 8) } else { draw.pick(&[b"host".as_slice(), b"cookie", b"Host"]).to_vec() };
        request.headers.push((name, bytes(draw, 10)));
    }
    if draw.chance(3) {
        request.target = format!("/{}", "x/".repeat(draw.within(1..=5000)));
    }
}
