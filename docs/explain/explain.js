// The page around gwapi.wasm: it collects the question, and shows the reply. Every answer is given in there.

const $ = (id) => document.getElementById(id);

/** An element with its children; texts are never read as HTML. */
function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

/** A message, whose backticks stand around what the user wrote. */
const message = (text) => text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));

// ---- the module: adapters/wasm/src/abi.rs ----

let compiled;
let instance;

async function start() {
  const response = await fetch("gwapi.wasm");
  if (!response.ok) throw new Error("gwapi.wasm is not beside this page; `cargo xtask page` builds both");
  compiled = await WebAssembly.compile(await response.arrayBuffer());
  instance = await WebAssembly.instantiate(compiled);
}

async function ask(question) {
  const text = new TextEncoder().encode(JSON.stringify(question));
  try {
    const { memory, gwapi_question, gwapi_explain, gwapi_reply } = instance.exports;
    // Memory may move in every call, so each view of it is a new one.
    const at = gwapi_question(text.length);
    new Uint8Array(memory.buffer, at, text.length).set(text);
    const length = gwapi_explain();
    return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, gwapi_reply(), length)));
  } catch (error) {
    // A module that stopped is in no state to be asked again.
    instance = await WebAssembly.instantiate(compiled);
    return { findings: [], routes: [], error: `gwapi stopped, which is a bug: ${error.message}` };
  }
}

// ---- the question ----

const about = () => document.querySelector("input[name=about]:checked").value;
const told = (id) => $(id).value.trim() || undefined;

function question() {
  const common = { manifests: $("manifests").value, controller: told("controller") };
  if (about() === "route") return { ...common, route: told("route") };
  const headers = $("headers").value.split("\n").filter((line) => line.trim() !== "");
  const request = { method: told("method") ?? "GET", headers };
  return { ...common, url: told("url"), request, gateway: told("gateway"), from: told("from") };
}

async function explain() {
  const asked = question();
  let reply = await ask(asked);
  showRoutes(reply.routes);
  // The list may have changed, and what is chosen in it too.
  if (about() === "route" && told("route") !== asked.route) reply = await ask(question());
  showFindings(reply.findings);
  showAnswer(reply);
}

function showRoutes(routes) {
  const list = $("route");
  const chosen = list.value;
  const known = [...list.options].map((option) => option.value);
  if (known.join("\n") === routes.join("\n")) return;
  list.replaceChildren(...routes.map((route) => el("option", { value: route }, route.replace("/", " "))));
  if (routes.includes(chosen)) list.value = chosen;
}

// ---- findings ----

function showFindings(findings) {
  $("findings").hidden = findings.length === 0;
  // In the order of the text, but what is wrong before what is only told.
  const order = ["error", "warning", "note"];
  const sorted = findings.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  $("findings-list").replaceChildren(...sorted.map(finding));
}

function finding({ severity, code, message: text, line, column, path, fix }) {
  const place = line && el("button", { type: "button", className: "place", onclick: () => goTo(line) }, `line ${line}, column ${column}`);
  return el("li", {},
    el("span", { className: `tag ${severity}` }, severity), " ", message(text), " ", place ?? "",
    el("span", { className: "by" }, [code, path].filter(Boolean).join(", ")), fixed(fix));
}

function goTo(line) {
  const editor = $("manifests");
  const lines = editor.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, text) => length + text.length + 1, 0);
  editor.focus();
  editor.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = parseFloat(getComputedStyle(editor).lineHeight);
  editor.scrollTop = Math.max(0, (line - 6) * height);
}

const fixed = (fix) => fix && el("span", { className: "fix" }, el("b", {}, "Fix: "), message(fix));

// ---- the answer ----

function showAnswer({ report, error }) {
  const parts = error ? [verdict("bad", error)]
    : report?.decisions ? report.decisions.map(decision)
    : report ? route(report)
    : [el("p", { className: "hint" }, "There is no route among the manifests.")];
  $("answer").replaceChildren(...parts);
  $("raw").hidden = !report;
  $("json").textContent = report ? JSON.stringify(report, null, 2) : "";
}

const verdict = (kind, text) => el("p", { className: `verdict ${kind}` }, message(text));

function facts(entries) {
  const told = entries.filter(([, value]) => value !== undefined && value !== "");
  return el("dl", {}, told.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

const objectName = ({ kind, namespace, name, port }) =>
  `${kind} ${namespace ? `${namespace}/` : ""}${name}${port ? `:${port}` : ""}`;

const percent = (share) => `${+(share * 100).toFixed(2)}%`;

function decision(one) {
  const winner = one.route && candidateName(one);
  return el("div", { className: "decision" },
    one.gateway ? el("h3", {}, `Gateway ${one.gateway}`) : "",
    verdict(verdictKind(one), outcome(one)),
    facts([
      ["Rule", winner],
      ["Listener", one.listener && listener(one.listener)],
      ["Reason", one.reason && message(one.reason)],
      ["Timeouts", one.timeouts && Object.entries(one.timeouts).map(([name, value]) => `${name} ${value}`).join(", ")],
      ["Retries", one.retry && `${one.retry.attempts}${one.retry.codes ? ` on ${one.retry.codes.join(", ")}` : ""}`],
      ["Sent on", one.request && sent(one.request)],
    ]),
    one.backends ? backends(one) : "",
    one.mirrors ? mirrors(one.mirrors) : "",
    one.why ? candidates(one.why) : "");
}

const verdictKind = (one) => {
  const lost = (one.backends ?? []).some((backend) => backend.weight > 0 && backend.invalid);
  return { forward: lost ? "warn" : "good", redirect: "good", pass: "note", respond: "warn", reject: "bad" }[one.outcome];
};

function outcome(one) {
  const status = one.status ? ` ${one.status}` : "";
  const live = (one.backends ?? []).filter((backend) => backend.weight > 0);
  const shares = live.map((backend) => (live.length > 1 ? `${percent(backend.share)} ` : "") + objectName(backend));
  switch (one.outcome) {
    case "forward": return `Forward to ${shares.join(", ")}`;
    case "redirect": return `Redirect${status} to ${one.location ?? ""}`;
    case "respond": return `The Gateway answers${status}`;
    case "reject": return `Rejected${status}`;
    default: return "Goes on as it is";
  }
}

function listener({ name, port, protocol, hostname, tls, via }) {
  const details = [`${protocol} port ${port}`, hostname, tls && `TLS ${tls}`, via && `of ${objectName(via)}`];
  return `${name} (${details.filter(Boolean).join(", ")})`;
}

function sent({ path, host, headers }) {
  const lines = [`${path}`, host && `host: ${host}`, ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)];
  return lines.filter(Boolean).map((line) => el("div", {}, el("code", {}, line)));
}

function backends({ backends }) {
  // The verdict names them already.
  if (!backends.some((backend) => backend.invalid || backend.location || backend.request)) return "";
  return [el("h4", {}, "Backends"), el("ul", {}, backends.map((backend) => el("li", {},
    `${percent(backend.share)} ${objectName(backend)}`,
    backend.invalid ? el("span", { className: "by" }, el("span", { className: "tag bad" }, "answers 500"), " ", message(backend.invalid)) : "",
    backend.location ? el("span", { className: "by" }, `redirects to ${backend.location}`) : "",
    backend.request ? el("span", { className: "by" }, sent(backend.request)) : "")))];
}

function mirrors(all) {
  const share = ({ fraction }) => percent(fraction.numerator / fraction.denominator);
  return [el("h4", {}, "Mirrored to"), el("ul", {}, all.map((one) => el("li", {}, `${share(one)} ${objectName(one)}`)))];
}

const candidateName = (one) => {
  const name = one.ruleName ? ` “${one.ruleName}”` : "";
  const match = one.match === undefined ? "" : `, match ${one.match}`;
  return `${objectName(one.route)}, rule ${one.rule}${name}${match}${one.hostname ? ` (${one.hostname})` : ""}`;
};

/** What the keys of the order say; the names are those of the report. */
const KEYS = {
  "kind": "a GRPCRoute is asked first",
  "hostname": "its hostname is more specific",
  "path-exact": "its path is exact",
  "path-regex": "one of the paths is a regular expression",
  "path-length": "its path is longer",
  "service": "it asks for a gRPC service",
  "method": "it asks for a method",
  "headers": "it asks for more headers",
  "query": "it asks for more query parameters",
  "age": "its route is older",
  "name": "the name of its route comes first",
  "rule": "its rule comes first in the route",
  "match": "its match comes first in the rule",
};

/** How many candidates are listed: with thousands of routes there are as many. */
const SHOWN = 200;

function candidates(why) {
  const matching = why.filter((one) => !one.failed);
  const failed = why.filter((one) => one.failed);
  const decided = (one) => one.decidedBy ? `before the next: ${KEYS[one.decidedBy] ?? ""} (decided by ${one.decidedBy})`
    : matching.length === 1 ? "the only one that matches" : undefined;
  const list = (tag, items, text) => [
    el(tag, {}, items.slice(0, SHOWN).map((one) =>
      el("li", {}, candidateName(one), el("span", { className: "by" }, message(text(one) ?? ""))))),
    items.length > SHOWN ? el("p", { className: "hint" }, `${items.length - SHOWN} more are in the JSON below.`) : "",
  ];
  return [
    el("h4", {}, "Candidates, in order"),
    matching.length ? list("ol", matching, decided) : el("p", { className: "hint" }, "None matches."),
    failed.length ? [el("h4", {}, "Do not match"), list("ul", failed, (one) => `does not hold: ${one.failed}`)] : "",
  ];
}

// ---- a route ----

function route(report) {
  const parents = report.parents.map(parent);
  return [
    el("h3", {}, objectName(report.route)),
    refusals(report.refused),
    parents.length ? parents : verdict("bad", "No parentRefs, so it is attached to nothing"),
    report.rules ? report.rules.map(rule) : [],
  ].flat().filter((part) => part !== "");
}

function parent({ parentRef, attached, clients, listeners, refused, unclaimed }, index) {
  const { sectionName, port } = parentRef;
  const where = [objectName({ ...parentRef, port: undefined }), sectionName && `listener ${sectionName}`, port && `port ${port}`];
  const [kind, text] = unclaimed ? ["note", "left alone; the status says nothing about it"]
    : attached ? ["good", "attached"] : ["bad", "not attached"];
  return el("div", { className: "parent" },
    verdict(kind, `parentRefs[${index}] ${where.filter(Boolean).join(", ")}: ${text}`),
    attached && clients ? el("p", {}, `For clients of ${forWhom(clients)}`) : "",
    listeners ? el("ul", {}, listeners.map((one) => el("li", {},
      `${clients ? "port" : "listener"} ${one.listener}: ${one.served ? "attached" : "attached, but the listener is not served"}`,
      el("span", { className: "by" }, `hostnames ${one.hostnames.join(", ")}`)))) : "",
    refusals(refused),
    unclaimed ? el("p", {}, message(unclaimed.message), fixed(unclaimed.fix)) : "");
}

const forWhom = (clients) => clients.consumer ? `namespace ${clients.consumer} only`
  : "every namespace without routes of its own for the Service";

function refusals(refused) {
  if (!refused) return "";
  return el("ul", {}, refused.map(({ message: text, condition, reason, fix }) => el("li", {},
    message(text), el("span", { className: "by" }, `${condition}=False, ${reason}`), fixed(fix))));
}

function rule({ rule, name, refused, unresolved }) {
  return el("div", { className: "parent" },
    el("h4", {}, `Rule ${rule}${name ? ` “${name}”` : ""}: ${refused ? "not served" : "references that do not resolve"}`),
    refusals(refused), refusals(unresolved));
}

// ---- the page ----

function numberLines() {
  const lines = $("manifests").value.split("\n").length;
  $("gutter").textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
  $("gutter").scrollTop = $("manifests").scrollTop;
}

function chooseAbout() {
  $("about-request").hidden = about() !== "request";
  $("about-route").hidden = about() !== "route";
}

function listen() {
  $("form").addEventListener("submit", (event) => { event.preventDefault(); explain(); });
  $("form").addEventListener("change", () => { chooseAbout(); explain(); });
  $("form").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) explain();
  });
  $("manifests").addEventListener("input", numberLines);
  $("manifests").addEventListener("scroll", () => { $("gutter").scrollTop = $("manifests").scrollTop; });
}

try {
  numberLines();
  chooseAbout();
  await start();
  listen();
  await explain();
  document.body.dataset.state = "ready";
} catch (error) {
  $("answer").replaceChildren(verdict("bad", `The page cannot start: ${error.message}`));
  document.body.dataset.state = "failed";
}
