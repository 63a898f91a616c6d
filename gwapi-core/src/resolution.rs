//! The answer: the attachment graph, with every refusal. Status and tables are made of this and of nothing else.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    controller::Controller,
    hostname::Hostname,
    model::{
        Address, BackendObjectRef, BackendTlsPolicy, CaCertificates, ClientValidationMode, Cors, ExternalAuth, Fraction, Gateway,
        GatewayClass, GrpcMatch, HeaderModifier, HttpMatch, ListenerSet, LocalObjectRef, ParentRef, Policy, PolicyTarget,
        Protocol, RequestRedirect, Retry, RetryConstraint, Route, RouteGroupKind, RouteKind, SecretRef, Service,
        SessionPersistence, SubjectAltName, Timeouts, UrlRewrite, XBackend, XBackendTrafficPolicy, XMesh, XTelemetryPolicy,
    },
    name::{ControllerName, Namespace, ObjectKey, ObjectName, SectionName},
    refusal::Refusal,
};

mod counts;

pub(crate) use counts::Uses;
pub use counts::{AttachedRoutes, BackendUsers};

/// What [`resolve`](crate::resolve()) returns. Everything in it is ordered by keys, whatever the order of the input (law 3).
///
/// Hand it to `gwapi_match::compile` for requests and to `gwapi_status::project` for conditions, or read it: each part has the
/// object that it is made of, and its refusals.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, resolve};
/// use serde_json::json;
///
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///     "spec": {"gatewayClassName": "any", "listeners": [
///         {"name": "http", "port": 80, "protocol": "HTTP"},
///         {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "missing"}]}},
///     ]},
/// });
/// let snapshot: Snapshot = Object::from_json(&gateway).object.into_iter().collect();
/// let resolution = resolve(&snapshot, &Controller::default());
/// let edge = resolution.gateways.values().next().expect("the Gateway");
/// assert!(edge.is_accepted() && edge.listeners[0].is_served());
/// assert!(edge.listeners[1].is_accepted() && !edge.listeners[1].is_served(), "without a certificate nobody can be served");
/// assert_eq!(edge.listeners[1].unresolved[0].to_string(), "certificateRef Secret `default/missing`: no such Secret");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Who asked.
    pub controller: Arc<Controller>,
    /// Our classes.
    pub classes: BTreeMap<ObjectName, Arc<ResolvedClass>>,
    /// Our Gateways.
    pub gateways: BTreeMap<ObjectKey, Arc<ResolvedGateway>>,
    /// The ListenerSets of our Gateways: the same as in [`ResolvedGateway::listener_sets`], by their keys.
    pub listener_sets: BTreeMap<ObjectKey, Arc<ResolvedListenerSet>>,
    /// Policies of every kind.
    pub policies: BTreeMap<ObjectKey, Arc<ResolvedPolicy>>,
    /// XBackends.
    pub x_backends: BTreeMap<ObjectKey, Arc<ResolvedXBackend>>,
    /// Our XMeshes.
    pub meshes: BTreeMap<ObjectKey, Arc<ResolvedMesh>>,
    /// Every route of the snapshot; those without a parent of ours have no `parents`.
    pub routes: BTreeMap<ObjectKey, Arc<ResolvedRoute>>,
    /// Gateways that are left alone, and why (A-023). Nothing is written to them.
    pub unclaimed: BTreeMap<ObjectKey, Unclaimed>,
    /// How many routes each listener has. Beside the Gateways, so that a route can come and go without touching them.
    pub attached_routes: AttachedRoutes,
    /// Which Gateways send to which backends.
    pub backend_users: BackendUsers,
}

impl Resolution {
    /// Puts a class in its place, or takes it away. Returns what was there.
    pub(crate) fn set_class(&mut self, name: &ObjectName, class: Option<Arc<ResolvedClass>>) -> Option<Arc<ResolvedClass>> {
        replace(&mut self.classes, name, class)
    }

    /// Puts a Gateway with its ListenerSets, or why it is not ours, in its place, or takes it away. Returns what was there.
    pub(crate) fn set_gateway(
        &mut self,
        key: &ObjectKey,
        gateway: Option<Result<Arc<ResolvedGateway>, Unclaimed>>,
    ) -> Option<Result<Arc<ResolvedGateway>, Unclaimed>> {
        if let Some(Ok(gateway)) = &gateway {
            self.backend_users.add(&**gateway);
        }
        let before = self.gateways.remove(key).map(Ok).or_else(|| self.unclaimed.remove(key).map(Err));
        if let Some(Ok(before)) = &before {
            self.backend_users.remove(&**before);
        }
        for set in before.iter().flatten().flat_map(|before| &before.listener_sets) {
            // It may have gone over to another Gateway, which has it already.
            if self.listener_sets.get(set.key()).is_some_and(|known| known.gateway == *key) {
                self.listener_sets.remove(set.key());
            }
        }
        match gateway {
            Some(Ok(gateway)) => {
                self.listener_sets.extend(gateway.listener_sets.iter().map(|set| (set.key().clone(), set.clone())));
                self.gateways.insert(key.clone(), gateway);
            }
            Some(Err(why)) => drop(self.unclaimed.insert(key.clone(), why)),
            None => {}
        }
        before
    }

    /// Puts a policy in its place, or takes it away. Returns what was there.
    pub(crate) fn set_policy(&mut self, key: &ObjectKey, policy: Option<Arc<ResolvedPolicy>>) -> Option<Arc<ResolvedPolicy>> {
        replace(&mut self.policies, key, policy)
    }

    /// Puts an XBackend in its place, or takes it away. Returns what was there.
    pub(crate) fn set_x_backend(
        &mut self,
        key: &ObjectKey,
        backend: Option<Arc<ResolvedXBackend>>,
    ) -> Option<Arc<ResolvedXBackend>> {
        replace(&mut self.x_backends, key, backend)
    }

    /// Puts a mesh in its place, or takes it away. Returns what was there.
    pub(crate) fn set_mesh(&mut self, key: &ObjectKey, mesh: Option<Arc<ResolvedMesh>>) -> Option<Arc<ResolvedMesh>> {
        replace(&mut self.meshes, key, mesh)
    }

    /// Puts a route in its place, or takes it away, and counts it. Returns what was there.
    pub(crate) fn set_route(&mut self, key: &ObjectKey, route: Option<Arc<ResolvedRoute>>) -> Option<Arc<ResolvedRoute>> {
        if let Some(route) = &route {
            self.attached_routes.add(route);
            self.backend_users.add(&**route);
        }
        let before = replace(&mut self.routes, key, route);
        if let Some(before) = &before {
            self.attached_routes.remove(before);
            self.backend_users.remove(&**before);
        }
        before
    }
}

fn replace<K: Clone + Ord, V>(map: &mut BTreeMap<K, V>, key: &K, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key.clone(), value),
        None => map.remove(key),
    }
}

/// Why a Gateway, or a parentRef, is none of our business. Status is silent about it; explanations are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, thiserror::Error)]
#[serde(tag = "unclaimed", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Unclaimed {
    /// No such object (D-021).
    #[error("{parent} does not exist")]
    NotFound {
        /// What the reference names.
        parent: ObjectKey,
    },
    /// A kind of parent that is not supported (D-038).
    #[error("parents of kind `{kind}` are not supported")]
    KindUnsupported {
        /// Group and kind.
        kind: alloc::string::String,
    },
    /// The Gateway names a class that does not exist.
    #[error("{gateway} names GatewayClass `{class}`, which does not exist")]
    NoClass {
        /// The Gateway.
        gateway: ObjectKey,
        /// The class.
        class: ObjectName,
    },
    /// The class belongs to another controller (A-001).
    #[error("{gateway} is of GatewayClass `{class}`, which belongs to controller `{controller_name}`")]
    OtherController {
        /// The Gateway.
        gateway: ObjectKey,
        /// The class.
        class: ObjectName,
        /// Whose it is.
        controller_name: ControllerName,
    },
    /// The class is ours and not accepted (A-023).
    #[error("{gateway} is of GatewayClass `{class}`, which is not accepted")]
    ClassNotAccepted {
        /// The Gateway.
        gateway: ObjectKey,
        /// The class.
        class: ObjectName,
    },
}

/// A GatewayClass of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedClass {
    /// The object.
    pub class: Arc<GatewayClass>,
    /// Why it is not accepted.
    pub refused: Vec<Refusal>,
}

/// A Gateway of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedGateway {
    /// The object.
    pub gateway: Arc<Gateway>,
    /// The controller name of its class, under which status entries are written.
    pub controller_name: ControllerName,
    /// Listeners, in the order of the manifest.
    pub listeners: Vec<ResolvedListener>,
    /// The ListenerSets that name it, in their order of precedence (C-005), also those that are not let in.
    pub listener_sets: Vec<Arc<ResolvedListenerSet>>,
    /// The addresses it has.
    pub addresses: Vec<Address>,
    /// What became of each address that it asks for, in the order of the manifest (B-080).
    pub address_requests: Vec<Result<Address, Refusal>>,
    /// Why it is not accepted as a whole: parameters, address types. Problems of listeners are theirs (Q-032).
    pub refused: Vec<Refusal>,
    /// Why it is accepted and yet cannot be reached: addresses.
    pub unreachable: Vec<Refusal>,
    /// What backends are shown that ask for a certificate (B-052), or why it cannot be used (B-053, B-054).
    pub client_certificate: Option<Result<SecretRef, Refusal>>,
}

impl ResolvedGateway {
    /// The key of the Gateway.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.gateway.meta.key
    }

    /// Whether the Gateway takes part at all (`Accepted=True`): nothing refuses it, and one listener is accepted (B-012) or
    /// there is none, which is tolerated (B-001).
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.refused.is_empty() && (self.listeners.is_empty() || self.listeners.iter().any(ResolvedListener::is_accepted))
    }

    /// Whether everything is the same but its ListenerSets.
    pub(crate) fn has_same_own(&self, other: &Self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self {
            gateway,
            controller_name,
            listeners,
            listener_sets: _,
            addresses,
            address_requests,
            refused,
            unreachable,
            client_certificate,
        } = self;
        (gateway, controller_name, listeners) == (&other.gateway, &other.controller_name, &other.listeners)
            && (addresses, address_requests) == (&other.addresses, &other.address_requests)
            && (refused, unreachable, client_certificate) == (&other.refused, &other.unreachable, &other.client_certificate)
    }

    /// Every listener that it serves or could serve: its own, then those of its ListenerSets (C-005).
    pub fn all_listeners(&self) -> impl Iterator<Item = &ResolvedListener> {
        self.listeners.iter().chain(self.listener_sets.iter().flat_map(|set| &set.listeners))
    }

    /// How many ListenerSets take part (C-008).
    #[must_use]
    pub fn attached_listener_sets(&self) -> usize {
        self.listener_sets.iter().filter(|set| set.is_accepted()).count()
    }

    /// Whether clients are served that have no valid certificate although one is asked for (B-048).
    #[must_use]
    pub fn is_insecure_frontend(&self) -> bool {
        let asked = self.gateway.tls.frontend.validations();
        asked.into_iter().any(|(_, validation)| validation.mode == ClientValidationMode::AllowInsecureFallback)
    }

    /// Whether it is configured and has an address (`Programmed=True`, Q-031).
    #[must_use]
    pub fn is_programmed(&self) -> bool {
        self.is_accepted() && self.unreachable.is_empty()
    }
}

/// A ListenerSet that names a Gateway of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedListenerSet {
    /// The object.
    pub set: Arc<ListenerSet>,
    /// The Gateway.
    pub gateway: ObjectKey,
    /// The controller name of the Gateway's class.
    pub controller_name: ControllerName,
    /// Listeners, in the order of the manifest.
    pub listeners: Vec<ResolvedListener>,
    /// Why it is not accepted as a whole: it is not let in (C-003), or the Gateway is not accepted (C-014).
    pub refused: Vec<Refusal>,
    /// Why it is accepted and yet cannot be reached: the Gateway is not programmed (C-014).
    pub unreachable: Vec<Refusal>,
}

impl ResolvedListenerSet {
    /// The key of the ListenerSet.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.set.meta.key
    }

    /// Whether the set takes part: nothing refuses it, and one listener is valid (C-009).
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.refused.is_empty() && self.listeners.iter().any(ResolvedListener::is_served)
    }
}

/// A policy of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPolicy {
    /// The object.
    pub policy: PolicyObject,
    /// Why it is not accepted, whatever the target.
    pub refused: Vec<Refusal>,
    /// References that do not resolve (`ResolvedRefs`).
    pub unresolved: Vec<Refusal>,
    /// Its targets, in the order of the manifest.
    pub targets: Vec<ResolvedTarget>,
    /// What a BackendTLSPolicy asks for, if nothing refuses it.
    pub backend_tls: Option<Arc<BackendTls>>,
}

/// The object of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyObject {
    /// A BackendTLSPolicy.
    BackendTls(Arc<BackendTlsPolicy>),
    /// An XBackendTrafficPolicy.
    BackendTraffic(Arc<XBackendTrafficPolicy>),
    /// An XTelemetryPolicy.
    Telemetry(Arc<XTelemetryPolicy>),
}

impl PolicyObject {
    /// What policies of every kind have.
    #[must_use]
    pub fn policy(&self) -> &dyn Policy {
        match self {
            Self::BackendTls(policy) => &**policy,
            Self::BackendTraffic(policy) => &**policy,
            Self::Telemetry(policy) => &**policy,
        }
    }
}

/// A target of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The target.
    pub target: PolicyTarget,
    /// Why the policy does not take effect there: no such target, or an older policy has it (N-005, N-022).
    pub refused: Option<Refusal>,
    /// Whether ports of it stay as they are: those of a Service that carry no TCP, while others do (N-023).
    pub is_partial: bool,
}

impl ResolvedPolicy {
    /// The key of the policy.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.policy.policy().meta().key
    }

    /// The Gateways that the policy concerns, in the order of their keys: those that it targets, or that send to what it
    /// targets (N-019, P-043), each with what refuses the policy there.
    #[must_use]
    pub fn ancestors<'a>(&'a self, resolution: &'a Resolution) -> BTreeMap<&'a ObjectKey, Vec<&'a Refusal>> {
        let mut ancestors: BTreeMap<&ObjectKey, Vec<&Refusal>> = BTreeMap::new();
        for target in &self.targets {
            let itself = resolution.gateways.get_key_value(&target.target.object).map(|(key, _)| key);
            for gateway in itself.into_iter().chain(resolution.backend_users.of(&target.target.object)) {
                ancestors.entry(gateway).or_default().extend(&target.refused);
            }
        }
        ancestors
    }
}

/// An XBackend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedXBackend {
    /// The object.
    pub backend: Arc<XBackend>,
    /// How connections to it are protected, if it asks for TLS and nothing refuses it.
    pub tls: Option<Arc<BackendTls>>,
    /// Why nothing can be sent to it.
    pub refused: Vec<Refusal>,
    /// References that do not resolve, also those that leave others to go by (N-011).
    pub unresolved: Vec<Refusal>,
}

impl ResolvedXBackend {
    /// The key of the XBackend.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.backend.meta.key
    }

    /// The Gateways that send to it, or would if they could, in the order of their keys (P-017).
    pub fn ancestors<'a>(&'a self, resolution: &'a Resolution) -> impl Iterator<Item = &'a ObjectKey> {
        resolution.backend_users.of(self.key())
    }
}

/// An XMesh of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedMesh {
    /// The object.
    pub mesh: Arc<XMesh>,
    /// Why it is not accepted.
    pub refused: Vec<Refusal>,
}

/// Where a listener is: the object that declares it and its name there. Names may repeat in other objects (C-006).
///
/// In a mesh the parent is a Service, and the name is the number of its port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerKey {
    /// The Gateway or ListenerSet that declares it.
    pub parent: ObjectKey,
    /// Its name.
    pub name: SectionName,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedListener {
    /// Where it is declared.
    pub key: ListenerKey,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname.
    pub hostname: Option<Hostname>,
    /// The kinds of routes that may attach (D-009); empty for a listener that is not accepted for its protocol.
    pub supported_kinds: Vec<RouteKind>,
    /// Why it is not accepted.
    pub refused: Vec<Refusal>,
    /// References that do not resolve and kinds that cannot be supported (`ResolvedRefs`).
    pub unresolved: Vec<Refusal>,
    /// Why it is accepted and yet not served (`Programmed`), besides `unresolved` certificates.
    pub unserved: Vec<Refusal>,
    /// The certificates that can be used, in the order of the manifest; empty where TLS is not ended here.
    pub certificates: Vec<SecretRef>,
    /// Whether TLS is passed through to the backends.
    pub passthrough: bool,
    /// What clients must show.
    pub client_validation: Option<ClientTrust>,
    /// What requests pass before a route is chosen, in this order (H-080).
    pub filters: Vec<ResolvedFilter>,
    /// Listeners of the same object on the same port whose TLS hostnames overlap (B-030).
    pub overlaps: Vec<SectionName>,
    /// Whether the TLS hostname overlaps with one of another object on the same port: the Gateway's, or that of another
    /// ListenerSet. Whose it is stays untold (C-027).
    pub overlaps_elsewhere: bool,
}

impl ResolvedListener {
    /// `Accepted=True`.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.refused.is_empty()
    }

    /// `Programmed=True` as far as the listener decides: accepted, and it has a certificate where it needs one. Only such
    /// listeners come into a table.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.is_accepted() && self.unserved.is_empty()
    }

    /// The kinds as group and kind, for the status.
    #[must_use]
    pub fn supported_group_kinds(&self) -> Vec<RouteGroupKind> {
        let group_kind =
            |kind: &RouteKind| RouteGroupKind { group: crate::name::GATEWAY_GROUP.into(), kind: kind.as_str().into() };
        self.supported_kinds.iter().map(group_kind).collect()
    }
}

/// Which client certificates a listener takes (B-045).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientTrust {
    /// Where the trust anchors are; those that can be used.
    pub ca_certificates: Vec<ObjectKey>,
    /// What becomes of clients without a valid certificate.
    pub mode: ClientValidationMode,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRoute {
    /// The object.
    pub route: Arc<Route>,
    /// One for each parentRef to a parent of ours, in the order of the manifest (Q-015).
    pub parents: Vec<Attachment>,
    /// The parentRefs that are none of our business, in the order of the manifest; they get no status entry (D-021).
    pub unclaimed: Vec<(ParentRef, Unclaimed)>,
    /// Rules, in the order of the manifest. Shared with the table.
    pub rules: Vec<Arc<ResolvedRule>>,
    /// Why the route as a whole is refused: values outside of the rules.
    pub refused: Vec<Refusal>,
}

impl ResolvedRoute {
    /// The key of the route.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.route.meta.key
    }

    /// Whether at least one rule is valid (D-022); a route without rules has nothing that is invalid.
    #[must_use]
    pub fn has_valid_rule(&self) -> bool {
        self.refused.is_empty() && (self.rules.is_empty() || self.rules.iter().any(|rule| rule.is_valid()))
    }

    /// The listeners whose count of attached routes the route is in, each once: a route without a valid rule is in none.
    pub(crate) fn counted_on(&self) -> BTreeSet<&ListenerKey> {
        let parents = if self.has_valid_rule() { self.parents.as_slice() } else { &[] };
        parents.iter().flat_map(|parent| &parent.listeners).map(|attached| &attached.listener).collect()
    }

    /// Whether some rules are valid and some are not (Q-025).
    #[must_use]
    pub fn is_partially_invalid(&self) -> bool {
        self.has_valid_rule() && self.rules.iter().any(|rule| !rule.is_valid())
    }

    /// Every reference of the route that does not resolve, once each (`ResolvedRefs`, Q-023).
    #[must_use]
    pub fn unresolved(&self) -> Vec<&Refusal> {
        // A route within the limits of the API can have thousands.
        let mut seen = BTreeSet::new();
        self.rules.iter().flat_map(|rule| rule.unresolved()).filter(|refusal| seen.insert(*refusal)).collect()
    }
}

/// What became of one parentRef.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The reference, with defaults.
    pub parent_ref: ParentRef,
    /// Under which name the status entry is written.
    pub controller_name: ControllerName,
    /// Who serves it.
    pub served_by: ServedBy,
    /// The listeners that accept the route, in the order of the manifest.
    pub listeners: Vec<AttachedListener>,
    /// For each selected listener that does not accept the route: why not. If none is selected, only that.
    pub refused: Vec<Refusal>,
}

/// Who serves a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServedBy {
    /// A Gateway, on its own listeners or on those of its ListenerSets.
    Gateway(ObjectKey),
    /// The mesh, for clients of a Service.
    Mesh {
        /// The Service, whose addresses and ports clients are recognised by (O-006).
        service: Arc<Service>,
        /// Which of its clients.
        scope: MeshScope,
    },
}

/// Which clients see a route of a Service (O-011, O-012). The groups are never mixed (O-013).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MeshScope {
    /// Those of a namespace that has its own routes for the Service: a consumer route.
    Consumer(Namespace),
    /// All others: a producer route.
    Producer,
}

impl ServedBy {
    /// The Gateway, if it is one.
    #[must_use]
    pub fn gateway(&self) -> Option<&ObjectKey> {
        match self {
            Self::Gateway(gateway) => Some(gateway),
            Self::Mesh { .. } => None,
        }
    }
}

impl Attachment {
    /// Whether one listener accepts the route (D-016). The route's rules have a say besides (Q-029).
    #[must_use]
    pub fn is_attached(&self) -> bool {
        !self.listeners.is_empty()
    }
}

/// A listener that accepts a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedListener {
    /// The listener.
    pub listener: ListenerKey,
    /// What is served there: every hostname of the route that intersects the listener's (E-010), or one entry without any
    /// if the route has no hostnames.
    pub hostnames: Vec<AttachedHostname>,
}

/// A hostname of a route on a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachedHostname {
    /// As the route writes it: precedence looks at this one (E-027, E-030). Nothing if the route has no hostnames.
    pub own: Option<Hostname>,
    /// Its intersection with the listener's hostname: what is served (E-009). Nothing if neither has any.
    pub served: Option<Hostname>,
}

/// A rule with its references resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRule {
    /// Its place in the manifest.
    pub index: usize,
    /// Its name.
    pub name: Option<SectionName>,
    /// Alternatives.
    pub matches: RuleMatches,
    /// Filters, in the order of the manifest.
    pub filters: Vec<ResolvedFilter>,
    /// Backends, in the order of the manifest.
    pub backends: Vec<ResolvedBackend>,
    /// Timeouts.
    pub timeouts: Timeouts,
    /// Retries.
    pub retry: Option<Retry>,
    /// Sessions of this rule; those of a backend come before them (J-022).
    pub session_persistence: Option<SessionPersistence>,
    /// Why the rule is invalid and takes part in nothing (G-018).
    pub refused: Vec<Refusal>,
}

impl ResolvedRule {
    /// Whether the rule takes part in matching. Unresolved references do not make it invalid (Q-028).
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.refused.is_empty()
    }

    /// Every object that requests go to, or would if the object itself were in order: backends, and those of filters.
    pub(crate) fn backend_objects(&self) -> impl Iterator<Item = ObjectKey> {
        self.targets().filter_map(|target| match target {
            Ok(target) => Some(target.key.object.clone()),
            Err(Refusal::BackendInvalid { backend, .. }) => Some(backend.object()),
            Err(_) => None,
        })
    }

    /// References that do not resolve: those of filters and of backends and their filters. One that cannot be sent to in the
    /// way that a policy asks for is among them (I-011).
    pub fn unresolved(&self) -> impl Iterator<Item = &Refusal> {
        self.filters
            .iter()
            .filter_map(ResolvedFilter::unresolved)
            .chain(self.backends.iter().flat_map(ResolvedBackend::unresolved))
    }

    fn targets(&self) -> impl Iterator<Item = Result<&BackendTarget, &Refusal>> {
        let filters = self.filters.iter().chain(self.backends.iter().flat_map(|backend| &backend.filters));
        self.backends.iter().map(|backend| backend.target.as_ref()).chain(filters.filter_map(ResolvedFilter::outcome))
    }
}

/// The alternatives of a rule, by kind of route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatches {
    /// Of an HTTPRoute.
    Http(Vec<HttpMatch>),
    /// Of a GRPCRoute.
    Grpc(Vec<GrpcMatch>),
    /// Of a TLSRoute, TCPRoute or UDPRoute: whatever comes to the listener and, with TLS, has the hostname.
    L4,
}

impl RuleMatches {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Http(matches) => matches.len(),
            Self::Grpc(matches) => matches.len(),
            Self::L4 => 1,
        }
    }

    /// Whether there are none, as in a rule that is invalid.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A filter with its reference resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedFilter {
    /// Changes headers of the request.
    RequestHeaderModifier(HeaderModifier),
    /// Changes headers of the response.
    ResponseHeaderModifier(HeaderModifier),
    /// Sends a copy to another backend, or, if that cannot be resolved, nothing (H-049).
    RequestMirror {
        /// Where the copy goes.
        target: Result<BackendTarget, Refusal>,
        /// Which share of the requests.
        fraction: Fraction,
    },
    /// Answers with a redirect.
    RequestRedirect(RequestRedirect),
    /// Changes host and path.
    UrlRewrite(UrlRewrite),
    /// Cross-origin requests.
    Cors(Cors),
    /// Asks a service before the request goes on. If it cannot be asked the request is denied (H-070, H-077).
    ExternalAuth {
        /// The service.
        target: Result<BackendTarget, Refusal>,
        /// How it is asked.
        auth: ExternalAuth,
    },
    /// An extension that the embedder knows.
    Extension(LocalObjectRef),
    /// An extension that is not known: requests get an error (H-006).
    Unresolved {
        /// What it points to.
        reference: LocalObjectRef,
        /// Why it does not resolve.
        refusal: Refusal,
    },
}

impl ResolvedFilter {
    /// Why its reference does not resolve.
    #[must_use]
    pub fn unresolved(&self) -> Option<&Refusal> {
        match self {
            Self::Unresolved { refusal, .. } => Some(refusal),
            _ => unusable(self.outcome()?),
        }
    }

    /// Where it sends something.
    #[must_use]
    pub fn target(&self) -> Option<&BackendTarget> {
        self.outcome()?.ok()
    }

    fn outcome(&self) -> Option<Result<&BackendTarget, &Refusal>> {
        match self {
            Self::RequestMirror { target, .. } | Self::ExternalAuth { target, .. } => Some(target.as_ref()),
            _ => None,
        }
    }
}

/// Why nothing is sent there.
fn unusable<'a>(outcome: Result<&'a BackendTarget, &'a Refusal>) -> Option<&'a Refusal> {
    match outcome {
        Ok(target) => target.tls.as_ref()?.as_ref().err().map(|why| &**why),
        Err(refusal) => Some(refusal),
    }
}

/// An entry of `backendRefs`, resolved. One that does not resolve keeps its weight and answers 500 (I-006).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedBackend {
    /// The reference.
    pub reference: BackendObjectRef,
    /// Where it leads.
    pub target: Result<BackendTarget, Refusal>,
    /// Weight.
    pub weight: u32,
    /// Sessions of the backend itself (J-022), or of a policy on it.
    pub session_persistence: Option<SessionPersistence>,
    /// How much of the traffic to the backend may be retries (P-020).
    pub retry_constraint: Option<RetryConstraint>,
    /// Filters of this entry (H-008): they belong to the entry, never to the Service (pitfall 36).
    pub filters: Vec<ResolvedFilter>,
}

impl ResolvedBackend {
    /// References that do not resolve: its own and those of its filters.
    fn unresolved(&self) -> impl Iterator<Item = &Refusal> {
        unusable(self.target.as_ref()).into_iter().chain(self.filters.iter().filter_map(ResolvedFilter::unresolved))
    }
}

/// A backend that can be sent to. Its endpoints are the adapter's: a decision names the Service and port only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendTarget {
    /// Which one.
    #[serde(flatten)]
    pub key: BackendKey,
    /// What its endpoints speak.
    pub protocol: BackendProtocol,
    /// How connections to it are protected, if a BackendTLSPolicy or the backend itself asks for TLS. If what is asked for
    /// cannot be done nothing is sent (N-010).
    #[serde(skip)]
    pub tls: Option<Result<Arc<BackendTls>, Arc<Refusal>>>,
}

/// TLS towards a backend (N-001).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendTls {
    /// The SNI, and without `subject_alt_names` the name that the certificate must have (N-013). An XBackend may leave it to
    /// its host name.
    pub server_name: Hostname,
    /// Who may have signed the certificate.
    pub ca_certificates: CaCertificates,
    /// Names of which the certificate must have one, if there are any (N-014).
    pub subject_alt_names: Vec<SubjectAltName>,
    /// What the backend is shown, where the backend itself says so; else it is that of the Gateway (P-014).
    pub client_certificate: Option<SecretRef>,
}

/// A port of a backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct BackendKey {
    /// The Service.
    #[serde(flatten)]
    pub object: ObjectKey,
    /// Its port.
    pub port: u16,
}

/// What the endpoints of a backend speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum BackendProtocol {
    /// HTTP/1.1, upgrades included.
    #[default]
    #[serde(rename = "HTTP/1.1")]
    Http1,
    /// HTTP/2 without upgrade: in clear text with prior knowledge, `kubernetes.io/h2c` (I-021), or over TLS.
    #[serde(rename = "H2C")]
    H2c,
    /// WebSocket over HTTP/1.1, `kubernetes.io/ws` (I-022).
    WebSocket,
    /// Bytes or datagrams that nobody looks into.
    Opaque,
}
