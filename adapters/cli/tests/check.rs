//! `gwapi check` as users run it, and the list of its codes.

use std::collections::{BTreeMap, BTreeSet};

use gwapi::check::CODES;
use gwapi_core::ingest::IssueCode;

mod folder;

use folder::{Folder, repository};

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: 80, protocol: HTTP}, {name: own, port: 81, protocol: HTTP, hostname: own.example.com}]
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {ports: [{port: 80}]}
";

/// A route of the Gateway, its hostnames and rules from line 6 on.
fn route(name: &str, hostnames: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|rule| format!("\n  - {{{rule}, backendRefs: [{{name: a, port: 80}}]}}")).collect();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         parentRefs: [{{name: edge}}]\n  hostnames: [{hostnames}]\n  rules:{rules}\n"
    )
}

/// The findings beside those of the Gateway, without notes: `file:line code`.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let folder = Folder::new();
    folder.write("gateway.yaml", GATEWAY.as_bytes());
    for (name, text) in files {
        folder.write(name, text.as_bytes());
    }
    let findings = folder.run("check", &["-o", "json"]).json();
    let findings = findings.as_array().expect("a list").iter().filter(|finding| finding["severity"] != "note");
    let place = |finding: &serde_json::Value| {
        let file = finding["file"].as_str().unwrap_or_default().trim_start_matches("./").to_owned();
        format!("{file}:{} {}", finding["line"], finding["code"].as_str().unwrap_or_default())
    };
    findings.map(place).collect()
}

fn of_route(name: &str, hostnames: &str, rules: &[&str]) -> Vec<String> {
    findings(&[("r.yaml", &route(name, hostnames, rules))])
}

#[test]
fn every_code_is_explained_and_every_explanation_is_of_a_code() {
    let text = repository("docs/findings.md");
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let codes: Vec<&str> = CODES.iter().chain(gwapi_manifest::CODES).map(|(code, _)| *code).collect();
    let (listed, known): (BTreeSet<&str>, BTreeSet<&str>) = (headings.iter().copied().collect(), codes.iter().copied().collect());
    assert_eq!(listed, known);
    assert_eq!((headings.len(), codes.len()), (listed.len(), known.len()), "each once");
    assert!(headings.is_sorted(), "in alphabetical order");
    assert!(CODES.is_sorted(), "in alphabetical order");
    for code in IssueCode::ALL {
        assert!(known.contains(code.as_str()), "{code}");
    }
    let (mut sections, mut code) = (BTreeMap::<&str, String>::new(), "");
    for line in text.lines() {
        code = line.strip_prefix("## ").unwrap_or(code);
        sections.entry(code).or_default().push_str(&format!("{line}\n"));
    }
    for code in known {
        let section = &sections[code];
        let severity = ["`error`.", "`warning`.", "`note`."].iter().any(|word| section.contains(word));
        assert!(severity && section.contains("```") && section.contains("Fix: "), "{section}");
    }
}

/// The codes that stand in the source are those that are listed.
#[test]
fn every_code_of_the_source_is_listed() {
    let listed: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
    let source = repository("adapters/cli/src/check/mod.rs");
    let constants = source.lines().filter_map(|line| line.trim().strip_prefix("pub(crate) const ")?.split('"').nth(1));
    let constants: Vec<&str> = constants.collect();
    assert!(constants.len() > 15 && constants.iter().all(|code| listed.contains(code)), "{constants:?}");
    for file in ["adapters/ask/src/input.rs", "adapters/wasm/src/lib.rs", "adapters/cli/src/test/case.rs"] {
        let source = repository(file);
        let behind = source.split("Severity::").skip(1).filter_map(|text| {
            let (_, text) = text.split_once(',')?;
            text.trim_start().strip_prefix('"')?.split('"').next()
        });
        for code in behind.filter(|code| !code.contains(' ')) {
            assert!(listed.contains(code), "{file}: {code}");
        }
    }
}

#[test]
fn every_refusal_has_a_fix() {
    let (refusals, resolution) = (repository("gwapi-core/src/refusal.rs"), repository("gwapi-core/src/resolution.rs"));
    let fixes = repository("adapters/ask/src/fix.rs");
    for (source, name) in [(refusals, "Refusal"), (resolution, "Unclaimed")] {
        let start = source.find(&format!("pub enum {name} {{")).expect("the enum");
        let body = source[start..].split("\n}").next().expect("its end");
        let variant = |line: &str| {
            let name = line.strip_prefix("    ")?.split([' ', ',']).next()?.to_owned();
            name.starts_with(char::is_uppercase).then_some(name)
        };
        let variants: Vec<String> = body.lines().filter_map(variant).collect();
        assert!(variants.len() >= 5, "{variants:?}");
        for variant in variants {
            assert!(fixes.contains(&format!("{name}::{variant}")), "{name}::{variant} has no fix");
        }
    }
}

#[test]
fn exit_codes_say_how_bad_it_is() {
    let code = |text: &str, arguments: &[&str]| {
        let folder = Folder::of(text);
        folder.write("gateway.yaml", GATEWAY.as_bytes());
        folder.run("check", arguments).code
    };
    let (good, warned) = (route("r", "a.example.com", &["name: x"]), route("r", "a.example.com", &["name: x", "name: z"]));
    assert_eq!(code(&good, &["--deny", "warnings"]), Some(0));
    assert_eq!((code(&warned, &[]), code(&warned, &["--deny", "warnings"])), (Some(0), Some(1)));
    let wrong = good.replace("name: edge", "name: gone");
    assert_eq!(code(&wrong, &[]), Some(1));
    assert_eq!(code(&format!("{wrong}---\nkind: [\n"), &[]), Some(2));
}

#[test]
fn the_last_line_counts() {
    let wrong = route("r", "a.example.com", &["name: x", "name: x"]).replace("name: a, port: 80", "name: gone, port: 80");
    let ran = Folder::of(&format!("{GATEWAY}---\n{wrong}")).run("check", &["--color", "never"]);
    assert_eq!(ran.stdout.lines().last(), Some("3 errors, 1 warning, 3 notes"), "{}", ran.stdout);
    assert!(ran.stderr.is_empty(), "findings are the result: {}", ran.stderr);
    assert!(!ran.stdout.contains('\u{1b}'));
    assert!(Folder::of(&wrong).run("check", &["--color", "always"]).stdout.contains("\u{1b}[1;31m"));
}

#[test]
fn a_refusal_stands_at_its_field_with_its_reason_and_a_fix() {
    let folder = Folder::of(GATEWAY);
    let text = route("r", "x.example.com", &["name: x"]).replace("{name: edge}", "{name: edge, sectionName: own}");
    folder.write("r.yaml", text.as_bytes());
    let ran = folder.run("check", &[]);
    let expected = "r.yaml:5:16: error[route-not-attached]: no hostname of the route (`x.example.com`) intersects `own.example.com` of \
                    listener `own` (NoMatchingListenerHostname)\n 5 |   parentRefs: [{name: edge, sectionName: own}]\n   |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  \
                    fix: add a hostname that `own.example.com` covers, or widen that of the listener\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let github = folder.run("check", &["-o", "github"]).stdout;
    assert!(github.contains("r.yaml,line=5,col=16,") && github.contains("title=route-not-attached::"), "{github}");
    let sarif = folder.run("check", &["-o", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    let result = results.iter().find(|result| result["ruleId"] == "route-not-attached").expect("the finding");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 5);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("a list");
    assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].is_string()), "{rules:?}");
}

#[test]
fn what_reading_says_is_not_said_twice() {
    let text = route("r", "a.example.com, 192.0.2.1", &["matches: [{path: {value: x}}]"]);
    let text = text.replace("spec:", "spec:\n  hostname: [a.example.com]");
    assert_eq!(findings(&[("r.yaml", &text)]), ["r.yaml:5 unknown-field", "r.yaml:7 invalid-value", "r.yaml:9 invalid-value"]);
}

#[test]
fn a_parent_ref_without_section_is_attached_if_one_listener_accepts_it() {
    assert_eq!(of_route("r", "x.example.org", &["name: x"]), Vec::<String>::new());
}

#[test]
fn classes_decide_whose_gateways_are_ours() {
    let class = |name: &str, controller: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: {name}}}\nspec: {{controllerName: example.com/{controller}}}\n"
        )
    };
    let other = class("other", "x");
    assert_eq!(
        findings(&[("c.yaml", &other), ("r.yaml", &route("r", "a.example.com", &["name: x"]))]),
        ["gateway.yaml:6 no-class", "r.yaml:5 route-not-attached"]
    );
    let folder = Folder::of(&class("any", "x"));
    folder.write("gateway.yaml", GATEWAY.as_bytes());
    let ran = folder.run("check", &["--controller", "example.com/y"]);
    assert!(ran.stdout.contains("gateway.yaml:6:21: note[other-controller]: "), "{}", ran.stdout);
    assert_eq!(ran.code, Some(0));
}

// ---- warnings ----

#[test]
fn a_rule_that_another_one_shadows_is_unreachable() {
    let unreachable = |rules: &[&str]| of_route("r", "a.example.com", rules);
    for rules in [
        // The same match, and a narrower one behind a wider one that wins by order.
        &["matches: [{path: {value: /a}}]", "matches: [{path: {value: /a}}]"][..],
        &["matches: [{path: {value: /a}}, {path: {type: Exact, value: /b}}]", "matches: [{path: {type: Exact, value: /b}}]"],
        &["matches: [{headers: [{name: a, value: b}]}]", "matches: [{headers: [{name: A, value: b}]}]"],
        &["matches: [{method: GET}]", "matches: [{method: GET}, {method: GET, path: {value: /}}]"],
        &[
            "matches: [{path: {type: RegularExpression, value: '/a.*'}}]",
            "matches: [{path: {type: RegularExpression, value: '/a.*'}}]",
        ],
    ] {
        assert_eq!(unreachable(rules), ["r.yaml:9 unreachable-rule"], "{rules:?}");
    }
}

#[test]
fn a_rule_that_some_request_may_reach_is_not_reported() {
    for rules in [
        // The more specific one wins although it stands behind.
        &["matches: [{path: {value: /}}]", "matches: [{path: {value: /a}}]"][..],
        &["matches: [{path: {value: /a}}]", "matches: [{path: {type: Exact, value: /a}}]"],
        &["matches: [{path: {value: /a}}]", "matches: [{path: {value: /a}, method: GET}]"],
        &["matches: [{path: {value: /a}}]", "matches: [{path: {value: /a}}, {path: {value: /b}}]"],
        &["matches: [{path: {value: /a}}]", "matches: [{path: {value: /ab}}]"],
        &["matches: [{headers: [{name: a, value: b}]}]", "matches: [{headers: [{name: a, value: c}]}]"],
        &["matches: [{headers: [{name: a, value: b}]}]", "matches: [{queryParams: [{name: a, value: b}]}]"],
        &["matches: [{method: GET}]", "matches: [{method: POST}]"],
        // Twice the same match in one rule.
        &["matches: [{path: {value: /a}}, {path: {value: /a}}]"],
        &["matches: [{path: {type: RegularExpression, value: '/a.*'}}]", "matches: [{path: {value: /ab}}]"],
        // An invalid rule takes nothing from others.
        &[
            "matches: [{path: {value: /a}}], filters: [{type: CORS, cors: {}}, {type: CORS, cors: {}}]",
            "matches: [{path: {value: /a}}]",
        ],
    ] {
        let unreachable: Vec<String> =
            of_route("r", "a.example.com", rules).into_iter().filter(|finding| finding.ends_with("unreachable-rule")).collect();
        assert!(unreachable.is_empty(), "{rules:?}: {unreachable:?}");
    }
}

#[test]
fn routes_shadow_each_other_by_name_age_and_hostname() {
    let rule = &["matches: [{path: {value: /a}}]"][..];
    let both = |one: &str, other: &str| findings(&[("a.yaml", &route("a", one, rule)), ("b.yaml", &route("b", other, rule))]);
    assert_eq!(both("x.example.com", "x.example.com"), ["b.yaml:8 unreachable-rule"]);
    // The wider hostname is asked last, and the narrower one leaves something over.
    assert_eq!(both("x.example.com", "'*.example.com'"), Vec::<String>::new());
    assert_eq!(both("'*.example.com'", "x.example.com"), Vec::<String>::new());
    assert_eq!(both("x.example.com", "'x.example.com', y.example.com"), Vec::<String>::new());
    assert_eq!(both("'x.example.com', y.example.com", "x.example.com"), ["b.yaml:8 unreachable-rule"]);
    // On a listener for one name both serve that name only, and the route that writes it wins.
    let on_own =
        |name: &str, hostname: &str| route(name, hostname, rule).replace("{name: edge}", "{name: edge, sectionName: own}");
    let narrow = on_own("z", "own.example.com");
    assert_eq!(findings(&[("a.yaml", &on_own("a", "'*.example.com'")), ("z.yaml", &narrow)]), ["a.yaml:8 unreachable-rule"]);
    // The older route wins.
    let old = route("z", "x.example.com", rule).replace("{name: z,", "{name: z, creationTimestamp: '2020-01-01T00:00:00Z',");
    assert_eq!(findings(&[("a.yaml", &route("a", "x.example.com", rule)), ("z.yaml", &old)]), ["a.yaml:8 unreachable-rule"]);
}

#[test]
fn a_service_without_a_ready_endpoint_is_reported_once_there_are_endpoint_slices() {
    let both =
        route("r", "a.example.com", &["name: x"]).replace("[{name: a, port: 80}]", "[{name: a, port: 80}, {name: b, port: 80}]");
    let slice = |service: &str, ready: &str| {
        format!(
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {service}-1, namespace: shop, labels: {{kubernetes.io/service-name: {service}}}}}\n\
             addressType: IPv4\nendpoints: [{{addresses: [10.0.0.1], conditions: {{{ready}}}}}]\nports: [{{port: 80}}]\n"
        )
    };
    let with = |slices: &[String]| findings(&[("r.yaml", &both), ("s.yaml", &slices.join("---\n"))]);
    assert_eq!(with(&[]), Vec::<String>::new());
    assert_eq!(with(&[slice("a", "")]), ["r.yaml:8 no-endpoints"]);
    assert_eq!(with(&[slice("a", "ready: true"), slice("b", "ready: false")]), ["r.yaml:8 no-endpoints"]);
    assert_eq!(with(&[slice("a", ""), slice("b", "ready: true")]), Vec::<String>::new());
}

#[test]
fn a_grant_that_nothing_uses_is_reported() {
    let grant = |from: &str, to: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {{name: g, namespace: carts}}\nspec:\n  \
             from: [{{group: gateway.networking.k8s.io, kind: {from}, namespace: shop}}]\n  to: [{{group: '', {to}}}]\n"
        )
    };
    let route = route("r", "a.example.com", &["name: x"]).replace("name: a, port: 80", "name: c, namespace: carts, port: 80");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: c, namespace: carts}\nspec: {ports: [{port: 80}]}\n";
    let with = |grant: &str| findings(&[("g.yaml", grant), ("r.yaml", &route), ("s.yaml", service)]);
    assert_eq!(with(&grant("HTTPRoute", "kind: Service")), Vec::<String>::new());
    assert_eq!(with(&grant("HTTPRoute", "kind: Service, name: c")), Vec::<String>::new());
    let refused = "r.yaml:8 ref-not-permitted";
    assert_eq!(with(&grant("HTTPRoute", "kind: Service, name: d")), ["g.yaml:5 unused-grant", refused]);
    assert_eq!(with(&grant("Gateway", "kind: Service")), ["g.yaml:5 unused-grant", refused]);
    assert_eq!(with(&grant("GRPCRoute", "kind: Service")), ["g.yaml:5 unused-grant", refused]);
    // Nobody here knows what kinds of others refer to.
    assert_eq!(with(&grant("Other", "kind: Service")), [refused]);
}

#[test]
fn two_rules_of_one_name_are_reported() {
    let rules = ["name: x, matches: [{path: {value: /a}}]", "name: z, matches: [{path: {value: /b}}]", "name: x"];
    assert_eq!(of_route("r", "a.example.com", &rules), ["r.yaml:10 duplicate-rule-name"]);
}
