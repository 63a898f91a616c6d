//! `gwapi status` as users run it, and the options that every command that reads manifests has.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

mod folder;

use folder::{Folder, Ran};

const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n";

const SHOP: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ours}
spec: {controllerName: example.com/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop, generation: 3}
spec:
  gatewayClassName: ours
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: '*.example.com'}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop, generation: 2}
spec:
  parentRefs: [{name: edge}, {name: edge, sectionName: gone}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
status:
  parents:
  - parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: edge}
    controllerName: example.com/gateway
    conditions:
    - {type: Accepted, status: 'True', reason: Accepted, message: long ago, observedGeneration: 1, lastTransitionTime: '2024-01-01T00:00:00Z'}
    - {type: ResolvedRefs, status: 'True', reason: ResolvedRefs, message: long ago, observedGeneration: 1, lastTransitionTime: '2024-01-01T00:00:00Z'}
    - {type: example.com/Audited, status: 'True', reason: Fine, message: '', lastTransitionTime: '2024-01-02T00:00:00Z'}
  - parentRef: {name: edge}
    controllerName: example.org/somebody-else
    conditions: [{type: Accepted, status: Unknown, reason: Busy, message: '', lastTransitionTime: '2024-01-03T00:00:00Z'}]
    unknownField: {kept: [as, it, is]}
";

fn status(arguments: &[&str]) -> Ran {
    Folder::of(SHOP).run("status", arguments)
}

/// The status of an object as JSON.
fn status_of(list: &Value, kind: &str) -> Value {
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("no {kind}: {list:#}"))["status"].clone()
}

#[test]
fn a_table_has_a_line_for_each_object_and_parent() {
    let ran = status(&[]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.stdout, @r"
    GatewayClass ours                            Accepted=True/Accepted
    Gateway shop/edge                            Accepted=True/Accepted  Programmed=True/Programmed  ResolvedRefs=True/ResolvedRefs  AddressesAssigned=True/AddressesAssigned
    Gateway shop/edge    listener http, 1 route  Accepted=True/Accepted  Programmed=True/Programmed  ResolvedRefs=True/ResolvedRefs
    HTTPRoute shop/cart  Gateway shop/edge       Accepted=True/Accepted  ResolvedRefs=False/BackendNotFound (Service shop/cart does not exist)
    HTTPRoute shop/cart  Gateway shop/edge gone  Accepted=False/NoMatchingParent (Gateway shop/edge has no listener `gone`)  ResolvedRefs=False/BackendNotFound (Service shop/cart does not exist)
    ");
}

#[test]
fn json_is_a_list_of_our_objects_in_the_order_of_their_keys() {
    let ran = status(&["-o", "json"]);
    let list = ran.json();
    assert_eq!((&list["apiVersion"], &list["kind"]), (&json!("v1"), &json!("List")));
    let kinds: Vec<&str> = list["items"].as_array().expect("items").iter().filter_map(|item| item["kind"].as_str()).collect();
    assert_eq!(kinds, ["Gateway", "GatewayClass", "HTTPRoute"]);
    let gateway = status_of(&list, "Gateway");
    assert_eq!(gateway["addresses"], json!([{"routability": "", "type": "IPAddress", "value": "192.0.2.1"}]));
    assert_eq!(gateway["listeners"][0]["attachedRoutes"], 1);
    assert_eq!(gateway["conditions"][0]["observedGeneration"], 3);
    assert!(ran.stdout.ends_with("}\n"));
}

#[test]
fn yaml_says_the_same() {
    let yaml = status(&["-o", "yaml"]).stdout;
    let documents = gwapi_manifest::parse_str("status.yaml", &yaml).documents;
    let values: Vec<Value> = documents.into_iter().map(|document| document.value).collect();
    assert_eq!(json!(values), status(&["-o", "json"]).json()["items"]);
}

#[test]
fn what_others_wrote_is_kept_and_times_move_only_with_the_status() {
    let before = gwapi_manifest::parse_str("all.yaml", SHOP).documents[2].value["status"]["parents"].clone();
    let list = status(&["-o", "json", "--now", "2026-10-29T12:00:00Z"]).json();
    let parents = status_of(&list, "HTTPRoute")["parents"].clone();
    assert_eq!(parents[1], before[1], "another controller's entry");
    let conditions = |parent: &Value| parent["conditions"].as_array().cloned().unwrap_or_default();
    let of = |parent: &Value, wanted: &str| conditions(parent).into_iter().find(|one| one["type"] == wanted).unwrap_or_default();
    assert_eq!(of(&parents[0], "example.com/Audited"), before[0]["conditions"][2], "another controller's condition");
    let accepted = of(&parents[0], "Accepted");
    assert_eq!(accepted["lastTransitionTime"], "2024-01-01T00:00:00Z", "it was true before");
    assert_eq!(accepted["observedGeneration"], 2);
    let resolved = of(&parents[0], "ResolvedRefs");
    assert_eq!((&resolved["status"], &resolved["reason"]), (&json!("False"), &json!("BackendNotFound")));
    assert_eq!(resolved["lastTransitionTime"], "2026-10-29T12:00:00Z");
    assert_eq!(of(&parents[2], "Accepted")["reason"], "NoMatchingParent");
}

#[test]
fn without_now_no_time_is_made_up() {
    let list = status(&["-o", "json"]).json();
    let conditions = status_of(&list, "Gateway")["conditions"].as_array().cloned().unwrap_or_default();
    assert!(!conditions.is_empty() && conditions.iter().all(|condition| condition.get("lastTransitionTime").is_none()));
    let ran = status(&["--now", "noon"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("`noon`"), "{}", ran.stderr);
}

#[test]
fn law_9_reading_ones_own_status_changes_nothing() {
    let once = status(&["-o", "yaml", "--now", "2026-10-29T12:00:00Z"]).stdout;
    let twice = Folder::of(&once).run("status", &["-o", "yaml", "--now", "2030-01-01T00:00:00Z"]);
    assert_eq!(twice.stdout, once);
}

/// The `input.yaml` of every case of ours.
fn inputs() -> Vec<PathBuf> {
    let folders = |parent: &Path| {
        let entries = fs::read_dir(parent).expect("testdata is there").map(|entry| entry.expect("an entry").path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let cases = folders(&testdata).into_iter().flat_map(|area| folders(&area));
    cases.map(|case| case.join("input.yaml")).filter(|input| input.is_file()).collect()
}

#[test]
fn law_3_shuffled_input_gives_the_same_bytes() {
    // Every tenth case: the crates themselves are asked about all of them.
    for input in inputs().into_iter().step_by(10) {
        let text = fs::read_to_string(&input).expect("a text");
        let mut documents: Vec<&str> = text.split("\n---\n").collect();
        let straight = Folder::of(&text);
        documents.reverse();
        let shuffled = Folder::new();
        for (index, document) in documents.iter().enumerate() {
            shuffled.write(&format!("{index:03}.yaml"), document.as_bytes());
        }
        for output in ["table", "yaml", "json"] {
            let (one, other) = (straight.run("status", &["-o", output]), shuffled.run("status", &["-o", output]));
            assert_eq!((one.code, one.stdout), (other.code, other.stdout), "{}", input.display());
        }
    }
}

// ---- the options of every command ----

#[test]
fn another_controller_has_nothing_to_say() {
    let ran = status(&["--controller", "example.com/other"]);
    assert_eq!(ran.stdout, "HTTPRoute shop/cart  no parent of ours\n");
    let ran = status(&["--controller", "example.com/gateway"]);
    assert_eq!(ran.stdout, status(&[]).stdout);
    let list = status(&["--controller", "example.com/other", "-o", "json"]).json();
    let before = gwapi_manifest::parse_str("all.yaml", SHOP).documents[2].value["status"].clone();
    assert_eq!(status_of(&list, "HTTPRoute"), before);
}

#[test]
fn features_narrow_what_is_declared() {
    let folder = Folder::of(&SHOP.replace("rules: [{backendRefs", "rules: [{timeouts: {request: 1s}, backendRefs"));
    let features = |text: &str| {
        let file = Folder::new();
        let path = file.write("features.yaml", text.as_bytes());
        folder.run("status", &["--features", path.to_str().expect("a path")])
    };
    let declared = "- {name: Gateway}\n- {name: HTTPRoute}\n- {name: ReferenceGrant}\n";
    let ran = features(declared);
    assert!(ran.stdout.contains("Accepted=False/UnsupportedValue"), "{}", ran.stdout);
    assert!(ran.stdout.contains("HTTPRouteRequestTimeout"), "{}", ran.stdout);
    let as_status = format!("status:\n  supportedFeatures:\n{}", declared.replace("- ", "  - "));
    assert_eq!(features(&as_status).stdout, ran.stdout);
    let ran = features("[Gateway, HTTPRoute, HTTPRouteRequestTimeout, HTTPRouteTeleport]");
    assert!(!ran.stdout.contains("Accepted=False/UnsupportedValue"), "{}", ran.stdout);
    assert!(ran.stderr.contains("warning[unknown-feature]: `HTTPRouteTeleport`"), "{}", ran.stderr);
    assert_eq!(features("name: Gateway\n").code, Some(2));
    assert_eq!(folder.run("status", &["--features", "gone.yaml"]).code, Some(2));
}

#[test]
fn facts_are_believed() {
    let folder = Folder::of(SHOP);
    let facts = |text: &str| {
        let file = Folder::new();
        let path = file.write("facts.yaml", text.as_bytes());
        folder.run("status", &["--facts", path.to_str().expect("a path"), "-o", "json"])
    };
    let ran = facts("ports: {unavailable: [{gateway: shop/edge, port: 80, protocol: HTTP}]}");
    assert_eq!(status_of(&ran.json(), "Gateway")["listeners"][0]["conditions"][0]["reason"], "PortUnavailable");
    let ran = facts("addresses: {assigned: {shop/edge: [{type: Hostname, value: edge.example.net}]}}");
    assert_eq!(
        status_of(&ran.json(), "Gateway")["addresses"],
        json!([{"routability": "", "type": "Hostname", "value": "edge.example.net"}])
    );
    for (wrong, what) in
        [("addresses:\n  unusabel: []\n", "facts.yaml:2: "), ("ports: {unavailable: [{gateway: edge, port: 80}]}", "`edge`")]
    {
        let ran = facts(wrong);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_found() {
    let pair = || rcgen::generate_simple_self_signed(["shop.example.com".to_owned()]).expect("a certificate");
    let (one, other) = (pair(), pair());
    let verdict = |certificate: &str, key: &str| {
        let (certificate, key) = (STANDARD.encode(certificate), STANDARD.encode(key));
        let text = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\nspec:\n  \
             gatewayClassName: any\n  listeners:\n  - {{name: https, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{{name: shop}}]}}}}\n\
             ---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shop, namespace: shop}}\ntype: kubernetes.io/tls\n\
             data: {{tls.crt: {certificate}, tls.key: {key}}}\n"
        );
        let ran = Folder::of(&text).run("status", &[]);
        assert!(!ran.stdout.contains(&key) && !ran.stderr.contains(&key));
        ran.stdout
    };
    let fits = verdict(&one.cert.pem(), &one.signing_key.serialize_pem());
    assert!(fits.contains("ResolvedRefs=True") && !fits.contains("False"), "{fits}");
    let differs = verdict(&one.cert.pem(), &other.signing_key.serialize_pem());
    assert!(differs.contains("ResolvedRefs=False/InvalidCertificateRef") && differs.contains("does not fit"), "{differs}");
}

#[test]
fn a_dash_is_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
        .args(["status", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(SHOP.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), status(&[]).stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let route = |number| format!("---\n{ROUTE}metadata: {{name: cart-{number}}}\nspec: {{}}\n");
    let folder = Folder::of(&(0..2000).map(route).collect::<String>());
    let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
        .args(["status", "all.yaml", "-o", "json"])
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0; 10]).expect("the start");
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn colours_are_a_choice() {
    let bad = Folder::of("a: [");
    assert!(!bad.run("status", &[]).stderr.contains('\u{1b}'), "not on a pipe");
    assert!(bad.run("status", &["--color", "always"]).stderr.contains('\u{1b}'));
    assert!(!bad.run("status", &["--color", "never"]).stderr.contains('\u{1b}'));
    assert_eq!(bad.run("status", &["--color", "sometimes"]).code, Some(2));
    let before = Command::new(env!("CARGO_BIN_EXE_gwapi")).args(["--color", "always", "status", "gone.yaml"]).output();
    assert!(String::from_utf8_lossy(&before.expect("the program runs").stderr).contains('\u{1b}'), "before the command too");
    let test = Command::new(env!("CARGO_BIN_EXE_gwapi")).args(["test", "gone", "--color", "never"]).output();
    assert!(!String::from_utf8_lossy(&test.expect("the program runs").stderr).contains("unexpected argument"));
}

#[test]
fn wrong_usage_ends_with_2() {
    let gwapi =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_gwapi")).args(arguments).output().expect("the program runs");
    for arguments in
        [&[][..], &["nonsense"], &["status"], &["status", "x.yaml", "-o", "xml"], &["check", "--deny", "notes", "x.yaml"]]
    {
        let output = gwapi(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["status", "--help"]] {
        assert_eq!(gwapi(arguments).status.code(), Some(0), "{arguments:?}");
    }
}
