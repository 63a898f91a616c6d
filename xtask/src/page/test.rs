//! What a visitor does with the page, and what the page has to say then.

use std::{fs, path::Path};

use serde_json::json;

use super::{
    browser::{Browser, Programs},
    site::Site,
};
use crate::shell::Outcome;

/// Two routes of one Gateway; a third asks for what it does not get.
const MANIFESTS: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: team}
spec: {gatewayClassName: any, listeners: [{name: web, port: 80, protocol: HTTP, hostname: a.example.com}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pasted, namespace: team}
spec:
  parentRefs: [{name: front}]
  rules:
  - backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /long}, headers: [{name: version, value: two}]}]
    backendRefs: [{name: two, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: stranger, namespace: elsewhere}
spec:
  parentRefs: [{name: front, namespace: team}]
  rules: [{backendRefs: [{name: one, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: team}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: two, namespace: team}
spec: {ports: [{port: 80}]}
";

/// The second line does not close its list.
const BROKEN: &str = "kind: Gateway\nspec: [1, 2\nmetadata: {name: x}\n";

pub(super) fn run(folder: &Path, programs: &Programs, results: &Path) -> Outcome {
    fs::create_dir_all(results).map_err(|error| format!("{}: {error}", results.display()))?;
    let site = Site::start(folder)?;
    let browser = Browser::start(programs, &results.join("profile"))?;
    let page = Page { browser, results };
    page.browser.open(&format!("http://{}/", site.address))?;
    page.browser.wait("document.body.dataset.state")?;
    page.the_example_is_explained()?;
    page.a_route_says_what_refuses_it_and_what_mends_it()?;
    page.pasted_manifests_are_explained()?;
    page.headers_are_part_of_the_request()?;
    page.what_cannot_be_asked_is_said()?;
    page.broken_yaml_is_a_finding_with_its_line()?;
    page.every_field_has_a_name()?;
    page.it_fits_a_phone()?;
    page.nothing_comes_from_elsewhere()
}

struct Page<'a> {
    browser: Browser,
    results: &'a Path,
}

impl Page<'_> {
    fn the_example_is_explained(&self) -> Outcome {
        self.says("#answer", &["Forward to 90% Service shop/cart:8080, 10% Service shop/cart-next:8080", "Gateway infra/edge"])?;
        self.says("#answer", &["Candidates, in order", "rule 0 “cart”", "its path is longer (decided by path-length)"])?;
        self.says("#answer", &["Do not match", "rule 1 “testers”", "does not hold: header x-tester"])?;
        self.browser.screenshot(&self.results.join("request.png"))
    }

    fn a_route_says_what_refuses_it_and_what_mends_it(&self) -> Outcome {
        self.browser.click("input[value=route]")?;
        self.choose("HTTPRoute/wiki/pages")?;
        self.says(
            "#answer",
            &[
                "parentRefs[0] Gateway infra/edge: not attached",
                "NotAllowedByListeners",
                "Fix: label namespace wiki as the selector asks",
            ],
        )?;
        self.choose("HTTPRoute/shop/cart")?;
        self.says("#answer", &["parentRefs[0] Gateway infra/edge: attached", "hostnames shop.example.com"])?;
        self.says(
            "#answer",
            &["Rule 2 “payments”: references that do not resolve", "Fix: add a ReferenceGrant in namespace bank"],
        )?;
        self.browser.screenshot(&self.results.join("route.png"))
    }

    fn pasted_manifests_are_explained(&self) -> Outcome {
        self.browser.paste("#manifests", MANIFESTS)?;
        self.browser.click("#explain")?;
        // What was chosen is gone; the first route has taken its place.
        self.choose("HTTPRoute/elsewhere/stranger")?;
        self.says("#answer", &["not attached", "move the route to namespace team"])?;
        self.browser.click("input[value=request]")?;
        self.ask("http://a.example.com/long/way")?;
        self.says(
            "#answer",
            &["Forward to Service team/one:80", "HTTPRoute team/pasted, rule 0, match 0", "the only one that matches"],
        )
    }

    fn headers_are_part_of_the_request(&self) -> Outcome {
        self.browser.fill("#headers", "Version: two")?;
        self.ask("http://a.example.com/long/way")?;
        self.says("#answer", &["Forward to Service team/two:80", "HTTPRoute team/pasted, rule 1, match 0"])?;
        self.ask("http://b.example.com/")?;
        self.says("#answer", &["The Gateway answers 404", "no listener covers the host"])
    }

    fn what_cannot_be_asked_is_said(&self) -> Outcome {
        self.ask("http://a.example.com:81/")?;
        self.says("#answer", &["no Gateway serves port 81; served are 80"])?;
        self.browser.fill("#headers", "nonsense")?;
        self.ask("http://a.example.com/")?;
        self.says("#answer", &["header nonsense is not name: value"])?;
        self.browser.fill("#headers", "a: b").and_then(|()| self.ask(""))?;
        self.says("#answer", &["a URL is missing"])
    }

    fn broken_yaml_is_a_finding_with_its_line(&self) -> Outcome {
        self.browser.paste("#manifests", &format!("{MANIFESTS}---\n{BROKEN}"))?;
        self.ask("http://a.example.com/")?;
        self.says("#answer", &["Forward to Service team/one:80"])?;
        let (first, last) = (MANIFESTS.lines().count() + 2, MANIFESTS.lines().count() + 1 + BROKEN.lines().count());
        let finding = "#findings-list li:has(.error)";
        self.says(finding, &["error", "yaml-syntax"])?;
        let text = self.browser.text(finding)?;
        let line = text.split("line ").nth(1).and_then(|rest| rest.split(',').next()?.parse::<usize>().ok());
        if !line.is_some_and(|line| (first..=last).contains(&line)) {
            return Err(format!("a line from {first} to {last} is expected in: {text}"));
        }
        self.browser.click(&format!("{finding} button"))?;
        let chosen =
            "const field = document.activeElement; return field.value.slice(0, field.selectionStart).split('\\n').length";
        if self.browser.run(chosen, json!([]))?.as_u64() != line.map(|line| line as u64) {
            return Err("the place of a finding does not lead to its line".into());
        }
        self.browser.screenshot(&self.results.join("finding.png"))
    }

    fn every_field_has_a_name(&self) -> Outcome {
        self.browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true })", json!([]))?;
        for field in ["#manifests", "#method", "#url", "#headers", "#gateway", "#from", "#controller", "#explain"] {
            if self.browser.label(field)?.is_empty() {
                return Err(format!("{field} has no name for those who do not see it"));
            }
        }
        Ok(())
    }

    fn it_fits_a_phone(&self) -> Outcome {
        let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": false});
        self.browser.devtools("Emulation.setDeviceMetricsOverride", phone)?;
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.browser.devtools("Emulation.setEmulatedMedia", dark)?;
        self.browser.wait("innerWidth === 360 && document.documentElement.scrollWidth <= innerWidth")?;
        self.browser.run("document.getElementById('question-title').scrollIntoView()", json!([]))?;
        self.browser.screenshot(&self.results.join("phone.png"))
    }

    fn nothing_comes_from_elsewhere(&self) -> Outcome {
        let elsewhere = "return performance.getEntriesByType('resource').map((one) => one.name)
            .filter((name) => !name.startsWith('data:') && new URL(name).origin !== location.origin)";
        let elsewhere = self.browser.run(elsewhere, json!([]))?;
        let complaints = self.browser.complaints()?;
        match elsewhere == json!([]) && complaints.is_empty() {
            true => Ok(()),
            false => Err(format!("loaded from elsewhere: {elsewhere}; the console says: {}", complaints.join("; "))),
        }
    }

    fn ask(&self, url: &str) -> Outcome {
        self.browser.fill("#url", url)?;
        self.browser.click("#explain")
    }

    fn choose(&self, route: &str) -> Outcome {
        self.browser.click(&format!("#route option[value='{route}']"))
    }

    /// Every answer is there before a click returns, but for the turns of the event loop that it takes.
    fn says(&self, selector: &str, expected: &[&str]) -> Outcome {
        let says = |text: &str| expected.iter().all(|part| text.contains(part));
        let mut text = self.browser.text(selector)?;
        for _ in 0..40 {
            if says(&text) {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            text = self.browser.text(selector)?;
        }
        let missing: Vec<&&str> = expected.iter().filter(|part| !text.contains(**part)).collect();
        Err(format!("{selector} does not say {missing:?} but:\n{text}"))
    }
}
