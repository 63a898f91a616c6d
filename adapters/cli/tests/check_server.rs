//! What `gwapi check` says of objects that an API server would refuse or cut, and in which forms it says it.

use std::collections::BTreeSet;

use serde_json::Value;

mod folder;

use folder::Folder;

const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {ports: [{port: 80}]}\n";

const GATEWAY: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}
";

/// A route whose spec begins on line 5.
fn route(spec: &str) -> Folder {
    let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec:\n  parentRefs: [{name: edge}]\n";
    Folder::of(&format!("{head}{spec}\n{GATEWAY}{SERVICE}"))
}

/// Errors and the note about the channel: `line:column code message`.
fn said(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let findings = folder.run("check", &[&["-o", "json"], arguments].concat()).json();
    let findings = findings.as_array().expect("a list").clone();
    let is_meant = |finding: &Value| {
        finding["severity"] == "error" || finding["message"].as_str().is_some_and(|message| message.contains("channel"))
    };
    let line = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{}:{} {} {}", finding["line"], finding["column"], text("code"), text("message"))
    };
    findings.iter().filter(|finding| is_meant(finding)).map(line).collect()
}

#[test]
fn a_refusal_of_the_server_stands_at_the_value_in_words_and_with_a_fix() {
    let folder = route(
        "  rules:\n  - name: one\n    filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example.com}}]\n    \
         backendRefs: [{name: a, port: 80}]\n    matches: [{headers: [{name: x, value: a}, {name: x, value: b}]}]",
    );
    let ran = folder.run("check", &["--color", "never"]);
    for expected in [
        "all.yaml:7:5: error[broken-rule]: the API server refuses it: RequestRedirect filter must not be used together with backendRefs\n",
        "  fix: remove the `RequestRedirect` filter or the `backendRefs`\n",
        "all.yaml:10:47: error[duplicate-entry]: the entry is like one before it, and they must differ\n",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}\n{}", ran.stdout);
    }
    assert_eq!(ran.code, Some(1));
}

#[test]
fn what_is_right_is_accepted_in_every_channel() {
    let folder = route("  rules: [{backendRefs: [{name: a, port: 80}]}]");
    for channel in ["auto", "standard", "experimental"] {
        let ran = folder.run("check", &["--channel", channel]);
        assert_eq!(ran.code, Some(0), "{}", ran.stdout);
        assert!(!ran.stdout.contains("channel"), "{}", ran.stdout);
    }
}

#[test]
fn every_kind_is_checked_whether_it_has_an_effect_here_or_not() {
    let policy = |hostname: &str| {
        Folder::of(&format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{name: p, namespace: shop}}\nspec:\n  \
             targetRefs: [{{group: '', kind: Service, name: a}}]\n  validation: {{hostname: {hostname}, wellKnownCACertificates: System}}\n{SERVICE}"
        ))
    };
    let at_hostname = |folder: &Folder| said(folder, &[]).iter().any(|line| line.starts_with("6:26 "));
    assert!(!at_hostname(&policy("a.example.com")));
    assert!(at_hostname(&policy("a..example.com")));
    assert_eq!(policy("a..example.com").run("check", &[]).code, Some(1));
}

#[test]
fn a_field_of_the_other_channel_is_dropped_unless_its_channel_is_meant() {
    let folder = route("  useDefaultGateways: All\n  rules: [{backendRefs: [{name: a, port: 80}]}]");
    let standard = said(&folder, &["--channel", "standard"]);
    let dropped = "6:3 pruned-field the CRDs of the standard channel have no `useDefaultGateways`: the API server drops it";
    assert!(standard.iter().any(|line| line == dropped), "{standard:?}");
    assert!(said(&folder, &["--channel", "experimental"]).iter().all(|line| !line.contains("pruned-field")));
    let note = said(&folder, &[]);
    assert!(
        note.iter().any(|line| line.contains("assumption") && line.contains("the standard one has no `spec.useDefaultGateways`")),
        "{note:?}"
    );
    // CRDs in the input decide.
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: httproutes.gateway.networking.k8s.io\n  annotations: {gateway.networking.k8s.io/channel: standard}\nspec: {group: gateway.networking.k8s.io}\n";
    folder.write("crd.yaml", crd.as_bytes());
    assert!(said(&folder, &[]).iter().any(|line| line == dropped));
}

#[test]
fn a_kind_or_version_that_the_channel_does_not_serve_is_an_error() {
    let of = |api_version: &str, kind: &str| {
        Folder::of(&format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\nspec: {{}}\n"))
    };
    let served = |folder: &Folder| {
        said(folder, &["--channel", "standard"])
            .iter()
            .filter(|line| line.contains("kind-not-served"))
            .cloned()
            .collect::<Vec<_>>()
    };
    let backend = of("gateway.networking.x-k8s.io/v1alpha1", "XBackend");
    assert_eq!(
        served(&backend),
        ["2:7 kind-not-served the API server does not serve kind `XBackend` with the CRDs of the standard channel"]
    );
    let old = of("gateway.networking.k8s.io/v1alpha2", "TCPRoute");
    assert_eq!(
        served(&old),
        [
            "1:13 kind-not-served the API server does not serve version `gateway.networking.k8s.io/v1alpha2` of TCPRoute with the CRDs of the standard channel"
        ]
    );
}

#[test]
fn what_v1_6_accepted_and_v1_7_refuses_is_named() {
    let sessions = route(
        "  rules:\n  - sessionPersistence: {sessionName: s, cookieConfig: {lifetimeType: Session}}\n    backendRefs: [{name: a, port: 80}]",
    );
    let ran = sessions.run("check", &["--channel", "experimental"]);
    assert!(ran.stdout.contains("v1.7 has `cookie` in its place"), "{}", ran.stdout);
    let names = route("  rules: [{name: a, backendRefs: [{name: a, port: 80}]}, {name: a}]");
    let said_of_names = said(&names, &[]);
    assert_eq!(said_of_names.iter().filter(|line| line.contains("name")).count(), 1, "{said_of_names:?}");
    assert!(said_of_names[0].contains("duplicate-rule-name"), "{said_of_names:?}");
    let port = route("  rules: [{backendRefs: [{group: gateway.networking.x-k8s.io, kind: XBackend, name: b, port: 80}]}]");
    assert!(said(&port, &["--channel", "experimental"]).iter().any(|line| line.starts_with("6:") && line.contains(" port")));
}

#[test]
fn nothing_is_said_twice() {
    let folder = route(
        "  rules:\n  - matches: [{path: {value: a}, method: get}]\n    timeouts: {request: 1d}\n    backendRefs: [{name: a, port: 0}]",
    );
    let places: Vec<String> =
        said(&folder, &[]).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
    let distinct: BTreeSet<&String> = places.iter().collect();
    assert_eq!(places.len(), distinct.len(), "{places:?}");
    assert!(places.len() >= 4, "{places:?}");
}

// ---- forms ----

/// An object of SARIF 2.1.0 whose fields we write: their names and types. The schema allows no others.
const SARIF: &[(&str, &[(&str, &str)])] = &[
    ("log", &[("$schema", "uri"), ("version", "2.1.0"), ("runs", "[run")]),
    ("run", &[("tool", "tool"), ("columnKind", "columns"), ("results", "[result")]),
    ("tool", &[("driver", "driver")]),
    ("driver", &[("name", "text"), ("version", "text"), ("informationUri", "uri"), ("rules", "[rule")]),
    ("rule", &[("id", "text"), ("shortDescription", "message")]),
    ("message", &[("text", "text")]),
    (
        "result",
        &[("ruleId", "text"), ("ruleIndex", "index"), ("level", "level"), ("message", "message"), ("locations", "[location")],
    ),
    ("location", &[("physicalLocation", "physical"), ("logicalLocations", "[logical")]),
    ("logical", &[("fullyQualifiedName", "text")]),
    ("physical", &[("artifactLocation", "artifact"), ("region", "region")]),
    ("artifact", &[("uri", "reference")]),
    ("region", &[("startLine", "from one"), ("startColumn", "from one"), ("endLine", "from one"), ("endColumn", "from one")]),
];

/// Fields without which the object means nothing.
const REQUIRED: &[&str] = &["version", "runs", "tool", "driver", "name", "id", "text", "message"];

fn check_sarif(kind: &str, value: &Value) {
    if let Some(item) = kind.strip_prefix('[') {
        return value
            .as_array()
            .unwrap_or_else(|| panic!("a list of {item}: {value}"))
            .iter()
            .for_each(|value| check_sarif(item, value));
    }
    let is_number_from = |least: u64| value.as_u64().is_some_and(|number| number >= least);
    let fits = match kind {
        "text" => value.is_string(),
        "uri" => value.as_str().is_some_and(|uri| uri.starts_with("https://")),
        "reference" => value.as_str().is_some_and(|uri| !uri.contains([' ', '\\', '<', '>', '"', '{', '}', '|', '^', '`'])),
        "2.1.0" => value == "2.1.0",
        "columns" => value == "utf16CodeUnits" || value == "unicodeCodePoints",
        "level" => ["none", "note", "warning", "error"].iter().any(|level| value == level),
        "index" => is_number_from(0),
        "from one" => is_number_from(1),
        _ => {
            let (_, fields) = SARIF.iter().find(|(name, _)| *name == kind).expect("a known object");
            let object = value.as_object().unwrap_or_else(|| panic!("{kind}: {value}"));
            for (name, value) in object {
                let (_, kind) = fields.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{kind} has no {name}"));
                check_sarif(kind, value);
            }
            fields.iter().all(|(name, _)| !REQUIRED.contains(name) || object.contains_key(*name))
        }
    };
    assert!(fits, "{kind}: {value}");
}

#[test]
fn sarif_has_the_structure_that_its_schema_asks_for() {
    let folder = route("  hostname: x\n  rules: [{name: ä, matches: [{method: get}]}, {backendRefs: [{name: gone, port: 80}]}]");
    folder.write("mit blank {1}.yaml", b"kind: [\n");
    let sarif = folder.run("check", &["-o", "sarif"]).json();
    check_sarif("log", &sarif);
    let run = &sarif["runs"][0];
    let (rules, results) =
        (run["tool"]["driver"]["rules"].as_array().expect("rules"), run["results"].as_array().expect("results"));
    assert!(results.len() >= 4);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let ids: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert_eq!(ids.len(), rules.len(), "each rule once");
}

#[test]
fn annotations_have_the_form_that_the_runner_reads() {
    let folder = route("  hostname: x\n  rules: [{name: a, matches: [{method: get}]}, {backendRefs: [{name: gone, port: 80}]}]");
    let lines = folder.run("check", &["-o", "github"]).stdout;
    assert!(lines.lines().count() >= 4, "{lines}");
    for line in lines.lines() {
        let rest = line.strip_prefix("::").expect("a command");
        let (command, message) = rest.split_once("::").expect("its message");
        let (name, properties) = command.split_once(' ').expect("its properties");
        assert!(["error", "warning", "notice"].contains(&name) && !message.is_empty(), "{line}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').expect("a property");
            let is_number = ["line", "col", "endLine", "endColumn"].contains(&name);
            assert!(is_number || ["file", "title"].contains(&name), "{line}");
            assert!(!is_number || value.parse::<u32>().is_ok_and(|number| number > 0), "{line}");
        }
    }
}
