//! `gwapi serve` without its flags: files to what the proxy serves, and the proxy kept up with the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use gwapi_core::{
    Resolution, Snapshot,
    model::{Address, AddressType},
    name::ObjectKey,
    resolution::{ResolvedGateway, ResolvedListener},
    resolve,
};
use gwapi_manifest::{Finding, render};
use gwapi_proxy::{Limits, Place, Proxy, Served};
use tokio::time;

use crate::{
    commands::{print, print_findings},
    input::{self, Input, Options},
};

mod beyond;
pub mod certificates;
pub mod endpoints;
pub mod placement;
mod signals;
pub mod watch;

pub use beyond::beyond;
use certificates::Certificates;
use endpoints::BackendAt;
use placement::{Placed, Placement};
pub use signals::{Asked, Signals};
use watch::Sources;

/// How often the files are looked at.
const POLL: Duration = Duration::from_millis(500);
/// How long files must be left alone before they are read, so that half of a file is not taken for all of it.
const SETTLE: Duration = Duration::from_millis(50);
/// How often that is waited for.
const SETTLE_TRIES: usize = 6;

/// What is served and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Files, folders, `-`.
    pub paths: Vec<PathBuf>,
    /// Where Gateways are.
    pub placement: Placement,
    /// Where backends are.
    pub backends: Vec<BackendAt>,
    /// What running requests get at the end.
    pub drain: Duration,
    /// Whether findings are coloured.
    pub color: bool,
}

/// A tokio runtime for a program that serves.
///
/// # Errors
/// If the system has no threads for it.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())
}

/// Serves until a signal ends it. `options` is asked again for every reload by signal.
///
/// # Errors
/// If there is nothing to serve, or the system refuses what is needed.
pub async fn serve(settings: Settings, options: impl Fn() -> Result<Options, String>) -> Result<(), String> {
    // From here on no signal is lost.
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let (mut server, mut sources) = Server::start(settings, options()?).await?;
    let mut poll = time::interval(POLL);
    poll.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::End => break,
                Asked::Reload => server.reload_all(&mut sources, options()).await,
            },
            _ = poll.tick() => server.follow(&mut sources).await,
        }
    }
    let (proxy, deadline) = (server.proxy, server.settings.drain);
    note(&format!("ends: running requests have {} s", deadline.as_secs_f64()));
    tokio::select! {
        _ = proxy.drain(deadline) => {}
        // Whoever asks twice does not want to wait.
        () = signals.end() => {}
    }
    Ok(())
}

/// A proxy that follows the files.
struct Server {
    settings: Settings,
    options: Options,
    seed: u64,
    proxy: Proxy,
    /// The findings that were printed.
    told: BTreeSet<String>,
    /// What is served, and what is not, as it was last printed.
    state: State,
}

#[derive(Default, PartialEq, Eq)]
struct State {
    listeners: Vec<String>,
    problems: Vec<String>,
}

impl Server {
    async fn start(settings: Settings, options: Options) -> Result<(Self, Sources), String> {
        let sources = Sources::read(&settings.paths);
        let input = input::of(sources.loaded(), &options);
        print_findings(&input.findings, settings.color);
        if input.unusable && input.documents.is_empty() {
            return Err("nothing in the input can be read".into());
        }
        if let Some(only) = settings.placement.only.as_ref().filter(|only| !input.documents.contains_key(only)) {
            return Err(format!("{only} is not in the input"));
        }
        let (proxy, _) = Proxy::start(Served::default(), limits(&settings)).await;
        let told = texts(&input.findings).collect();
        let mut server = Self { settings, options, seed: seed(), proxy, told, state: State::default() };
        server.apply(&input).await;
        server.state.problems.iter().for_each(|line| note(line));
        let lines: String = server.state.listeners.iter().map(|line| format!("{line}\n")).collect();
        print(&format!("{lines}ready\n"));
        Ok((server, sources))
    }

    /// Reads what may have changed, once nobody seems to be writing any more.
    async fn follow(&mut self, sources: &mut Sources) {
        if !sources.may_have_changed() {
            return;
        }
        let mut before = sources.look();
        for _ in 0..SETTLE_TRIES {
            time::sleep(SETTLE).await;
            let now = sources.look();
            if now == before {
                break;
            }
            before = now;
        }
        let (changed, lines) = sources.refresh();
        lines.iter().for_each(|line| note(line));
        if changed {
            self.reload(sources).await;
        }
    }

    async fn reload_all(&mut self, sources: &mut Sources, options: Result<Options, String>) {
        match options {
            Ok(options) => self.options = options,
            Err(message) => note(&format!("{message}; what it held before stays in use")),
        }
        let (_, lines) = sources.refresh();
        lines.iter().for_each(|line| note(line));
        self.reload(sources).await;
    }

    /// Replaces what is served, and says what is different.
    async fn reload(&mut self, sources: &Sources) {
        let input = input::of(sources.loaded(), &self.options);
        let is_new = |finding: &&Finding| !self.told.contains(&render::human(finding, false));
        let news: Vec<Finding> = input.findings.iter().filter(is_new).cloned().collect();
        print_findings(&news, self.settings.color);
        self.told = texts(&input.findings).collect();
        let before = std::mem::take(&mut self.state);
        self.apply(&input).await;
        note("reloaded");
        let new_lines =
            |now: &[String], before: &[String]| now.iter().filter(|line| !before.contains(line)).cloned().collect::<Vec<_>>();
        new_lines(&self.state.listeners, &before.listeners).iter().for_each(|line| note(&format!("now served: {line}")));
        new_lines(&before.listeners, &self.state.listeners).iter().for_each(|line| note(&format!("no longer served: {line}")));
        new_lines(&self.state.problems, &before.problems).iter().for_each(|line| note(line));
    }

    /// Serves the input. Ports that cannot be bound are a fact, with which everything is resolved again.
    async fn apply(&mut self, input: &Input) {
        let first = self.settings.configure(input, &BTreeMap::new(), self.seed);
        let unbound = self.proxy.apply(first.served.clone()).await;
        let configuration = if unbound.is_empty() {
            first
        } else {
            let why = |(place, error): (Place, std::io::Error)| {
                let address = first.placed.binds.get(&place).map(ToString::to_string).unwrap_or_default();
                (place, format!("{address} cannot be bound: {error}"))
            };
            let second = self.settings.configure(input, &unbound.into_iter().map(why).collect(), self.seed);
            self.proxy.apply(second.served.clone()).await;
            second
        };
        self.state = State { listeners: configuration.listeners(), problems: configuration.problems() };
    }
}

fn limits(settings: &Settings) -> Limits {
    let mut limits = Limits::default();
    limits.drain = settings.drain;
    limits
}

/// The hash maps of tables are keyed with something that tenants cannot know.
fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

fn texts(findings: &[Finding]) -> impl Iterator<Item = String> {
    findings.iter().map(|finding| render::human(finding, false))
}

fn note(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "gwapi: {line}");
}

/// An input made ready for the proxy.
#[derive(Debug)]
pub struct Configuration {
    /// What the proxy gets.
    pub served: Served,
    /// The attachment graph that it is made of.
    pub resolution: Resolution,
    placed: Placed,
    only: Option<ObjectKey>,
    /// What only serving finds out.
    remarks: Vec<String>,
}

impl Settings {
    /// Makes an input ready. `unbound` are ports that could not be bound, and why.
    #[must_use]
    pub fn configure(&self, input: &Input, unbound: &BTreeMap<Place, String>, seed: u64) -> Configuration {
        let certificates = Certificates::of(input);
        let mut snapshot = input.snapshot.clone();
        // Whatever the proxy cannot do is refused, never served without.
        let controller = gwapi_proxy::supported(input.controller.clone());
        let wanted = resolve(&snapshot, &controller);
        let mut placed = self.placement.place(&wanted);
        placed.unavailable.extend(unbound.iter().map(|(place, why)| (place.clone(), why.clone())));
        placed.binds.retain(|place, _| !unbound.contains_key(place));
        tell(&mut snapshot, &placed, &wanted);
        let resolution = resolve(&snapshot, &controller);
        let mut tables = gwapi_match::compile(&resolution, seed).gateways;
        tables.retain(|gateway, _| placed.gateways.contains_key(gateway));
        placed.binds.retain(|place, _| {
            tables.get(&place.gateway).is_some_and(|table| table.ports().any(|port| port.number == place.port))
        });
        let served = Served {
            endpoints: endpoints::endpoints(input, &resolution, &self.backends),
            certificates: certificates.usable,
            binds: placed.binds.clone(),
            tables,
        };
        let unusable = certificates.unusable.iter().map(|(secret, why)| format!("{secret}: {why}"));
        let beyond = beyond(&resolve(&snapshot, &input.controller), &resolution);
        let beyond = beyond.into_iter().map(|line| format!("not served by this proxy: {line}"));
        let remarks = unusable.chain(self.unused(input, &resolution)).chain(beyond).collect();
        Configuration { served, resolution, placed, only: self.placement.only.clone(), remarks }
    }

    /// Flags that lead nowhere.
    fn unused(&self, input: &Input, resolution: &Resolution) -> Vec<String> {
        let targets = endpoints::targets(resolution);
        let backends = self.backends.iter().filter(|backend| !targets.contains(&backend.key));
        let backends =
            backends.map(|backend| format!("--backend: no route leads to {}, port {}", backend.key.object, backend.key.port));
        let gateways = self.placement.addresses.keys().filter(|gateway| !input.documents.contains_key(gateway));
        backends.chain(gateways.map(|gateway| format!("--address: {gateway} is not in the input"))).collect()
    }
}

/// Tells a snapshot what placing has found out: Gateways that ask for no address have the one where they are, and ports
/// without a place are unavailable.
fn tell(snapshot: &mut Snapshot, placed: &Placed, wanted: &Resolution) {
    for (key, address) in &placed.gateways {
        let asks_for_one =
            wanted.gateways.get(key).is_some_and(|gateway| gateway.gateway.addresses.iter().any(|asked| asked.value.is_some()));
        if !asks_for_one {
            snapshot.facts.assigned_addresses.entry(key.clone()).or_insert_with(|| vec![ip_address(*address)]);
        }
    }
    for place in placed.unavailable.keys() {
        let listeners = wanted.gateways.get(&place.gateway).into_iter().flat_map(|gateway| gateway.all_listeners());
        for listener in listeners.filter(|listener| listener.port == place.port) {
            snapshot.facts.unavailable_ports.insert((place.gateway.clone(), place.port, listener.protocol.clone()));
        }
    }
}

fn ip_address(address: IpAddr) -> Address {
    Address { kind: AddressType::IpAddress, value: Some(address.to_string().into()), routability: "".into() }
}

/// The name of a listener on its Gateway.
fn name(listener: &ResolvedListener) -> String {
    let key = &listener.key;
    if key.parent.kind == *"Gateway" { key.name.to_string() } else { format!("{}/{}", key.parent.namespaced_name(), key.name) }
}

impl Configuration {
    /// `NS/NAME LISTENER URL` for each listener that is served; one of a ListenerSet is `NS/NAME/LISTENER` itself.
    #[must_use]
    pub fn listeners(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for gateway in self.meant() {
            for listener in gateway.all_listeners() {
                if let Some(address) = self.address(gateway, listener) {
                    let scheme = if listener.protocol.is_tls() { "https" } else { "http" };
                    lines.push(format!("{} {} {scheme}://{address}", gateway.key().namespaced_name(), name(listener)));
                }
            }
        }
        lines
    }

    /// A line for each listener that is not served, with the refusal, and for whatever else does not take effect.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut lines = self.remarks.clone();
        if self.resolution.gateways.is_empty() {
            lines.push("no Gateway of ours in the input".into());
        }
        lines.extend(
            self.resolution
                .unclaimed
                .iter()
                .filter(|(key, _)| self.is_meant(key))
                .map(|(key, why)| format!("{key} is not served: {why}")),
        );
        for gateway in self.meant() {
            let name = gateway.key().namespaced_name();
            lines.extend(gateway.refused.iter().chain(&gateway.unreachable).map(|refusal| format!("{name}: {refusal}")));
            for listener in gateway.all_listeners().filter(|listener| self.address(gateway, listener).is_none()) {
                lines.push(format!("{name} {} is not served: {}", self::name(listener), self.why_not(gateway, listener)));
            }
        }
        lines
    }

    /// The Gateways that are to be served, whether they can be or not.
    fn meant(&self) -> impl Iterator<Item = &ResolvedGateway> {
        self.resolution.gateways.values().map(AsRef::as_ref).filter(|gateway| self.is_meant(gateway.key()))
    }

    /// Whoever asks for one Gateway does not want to hear of others.
    fn is_meant(&self, gateway: &ObjectKey) -> bool {
        self.only.as_ref().is_none_or(|only| only == gateway)
    }

    fn address(&self, gateway: &ResolvedGateway, listener: &ResolvedListener) -> Option<SocketAddr> {
        let place = Place { gateway: gateway.key().clone(), port: listener.port };
        self.placed.binds.get(&place).filter(|_| listener.is_served()).copied()
    }

    fn why_not(&self, gateway: &ResolvedGateway, listener: &ResolvedListener) -> String {
        let place = Place { gateway: gateway.key().clone(), port: listener.port };
        if let Some(why) = self.placed.unavailable.get(&place) {
            return why.clone();
        }
        let refusals: Vec<String> =
            listener.refused.iter().chain(&listener.unserved).chain(&listener.unresolved).map(ToString::to_string).collect();
        if refusals.is_empty() { "its Gateway is not accepted".into() } else { refusals.join("; ") }
    }
}
