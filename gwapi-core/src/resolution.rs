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
        Address, BackendObjectRef, Cors, Fraction, Gateway, GatewayClass, HeaderModifier, HttpMatch, LocalObjectRef, ParentRef,
        Protocol, RequestRedirect, Retry, Route, RouteGroupKind, RouteKind, SecretRef, Timeouts, UrlRewrite,
    },
    name::{ControllerName, ObjectKey, ObjectName, SectionName},
    refusal::Refusal,
};

/// What `resolve` returns. Everything in it is ordered by keys, whatever the order of the input (law 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Who asked.
    pub controller: Arc<Controller>,
    /// Our classes.
    pub classes: BTreeMap<ObjectName, Arc<ResolvedClass>>,
    /// Our Gateways.
    pub gateways: BTreeMap<ObjectKey, Arc<ResolvedGateway>>,
    /// Every route of the snapshot; those without a parent of ours have no `parents`.
    pub routes: BTreeMap<ObjectKey, Arc<ResolvedRoute>>,
    /// Gateways that are left alone, and why. Nothing is written to them.
    pub unclaimed: BTreeMap<ObjectKey, Unclaimed>,
    /// How many routes each listener has. Beside the Gateways, so that a route can come and go without touching them.
    pub attached_routes: AttachedRoutes,
}

impl Resolution {
    /// Puts a class in its place, or takes it away. Returns what was there.
    pub(crate) fn set_class(&mut self, name: &ObjectName, class: Option<Arc<ResolvedClass>>) -> Option<Arc<ResolvedClass>> {
        match class {
            Some(class) => self.classes.insert(name.clone(), class),
            None => self.classes.remove(name),
        }
    }

    /// Puts a Gateway, or why it is not ours, in its place, or takes it away. Returns what was there.
    pub(crate) fn set_gateway(
        &mut self,
        key: &ObjectKey,
        gateway: Option<Result<Arc<ResolvedGateway>, Unclaimed>>,
    ) -> Option<Result<Arc<ResolvedGateway>, Unclaimed>> {
        let before = self.gateways.remove(key).map(Ok).or_else(|| self.unclaimed.remove(key).map(Err));
        match gateway {
            Some(Ok(gateway)) => drop(self.gateways.insert(key.clone(), gateway)),
            Some(Err(why)) => drop(self.unclaimed.insert(key.clone(), why)),
            None => {}
        }
        before
    }

    /// Puts a route in its place, or takes it away, and counts it. Returns what was there.
    pub(crate) fn set_route(&mut self, key: &ObjectKey, route: Option<Arc<ResolvedRoute>>) -> Option<Arc<ResolvedRoute>> {
        route.iter().for_each(|route| self.attached_routes.add(route));
        let before = match route {
            Some(route) => self.routes.insert(key.clone(), route),
            None => self.routes.remove(key),
        };
        before.iter().for_each(|route| self.attached_routes.remove(route));
        before
    }
}

/// For each listener how many routes are attached and accepted (D-025, D-028).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachedRoutes(BTreeMap<ListenerKey, usize>);

impl FromIterator<(ListenerKey, usize)> for AttachedRoutes {
    fn from_iter<I: IntoIterator<Item = (ListenerKey, usize)>>(counts: I) -> Self {
        Self(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

impl AttachedRoutes {
    /// How many there are on a listener.
    #[must_use]
    pub fn on(&self, listener: &ListenerKey) -> usize {
        self.0.get(listener).copied().unwrap_or_default()
    }

    /// The listeners that have any, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (&ListenerKey, usize)> {
        self.0.iter().map(|(listener, count)| (listener, *count))
    }

    fn add(&mut self, route: &ResolvedRoute) {
        for listener in route.counted_on() {
            *self.0.entry(listener.clone()).or_default() += 1;
        }
    }

    fn remove(&mut self, route: &ResolvedRoute) {
        for listener in route.counted_on() {
            match self.0.get_mut(listener) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.0.remove(listener)),
            }
        }
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
    /// The class belongs to another controller.
    #[error("{gateway} is of GatewayClass `{class}`, which belongs to controller `{controller_name}`")]
    OtherController {
        /// The Gateway.
        gateway: ObjectKey,
        /// The class.
        class: ObjectName,
        /// Whose it is.
        controller_name: ControllerName,
    },
    /// The class is ours and not accepted.
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
    /// The addresses it has.
    pub addresses: Vec<Address>,
    /// Why it is not accepted as a whole: parameters, address types. Problems of listeners are theirs.
    pub refused: Vec<Refusal>,
    /// Why it is accepted and yet cannot be reached: addresses.
    pub unreachable: Vec<Refusal>,
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

    /// Whether it is configured and has an address (`Programmed=True`, Q-031).
    #[must_use]
    pub fn is_programmed(&self) -> bool {
        self.is_accepted() && self.unreachable.is_empty()
    }
}

/// Where a listener is: the object that declares it and its name there. Names may repeat in other objects (C-006).
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
    /// Listeners on the same port whose TLS hostnames overlap (B-030).
    pub overlaps: Vec<SectionName>,
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

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRoute {
    /// The object.
    pub route: Arc<Route>,
    /// One for each parentRef to a parent of ours, in the order of the manifest.
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

    /// Whether some rules are valid and some are not.
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
    /// The Gateway that serves it.
    pub gateway: ObjectKey,
    /// The listeners that accept the route, in the order of the manifest.
    pub listeners: Vec<AttachedListener>,
    /// For each selected listener that does not accept the route: why not. If none is selected, only that.
    pub refused: Vec<Refusal>,
}

impl Attachment {
    /// Whether one listener accepts the route (D-016). The route's rules have a say besides.
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
    /// Why the rule is invalid and takes part in nothing (G-018).
    pub refused: Vec<Refusal>,
}

impl ResolvedRule {
    /// Whether the rule takes part in matching. Unresolved references do not make it invalid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.refused.is_empty()
    }

    /// References that do not resolve: those of filters and of backends and their filters.
    pub fn unresolved(&self) -> impl Iterator<Item = &Refusal> {
        let filters = self.filters.iter().filter_map(ResolvedFilter::unresolved);
        let backends = self.backends.iter().flat_map(|backend| {
            backend.target.as_ref().err().into_iter().chain(backend.filters.iter().filter_map(ResolvedFilter::unresolved))
        });
        filters.chain(backends)
    }
}

/// The alternatives of a rule, by kind of route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatches {
    /// Of an HTTPRoute.
    Http(Vec<HttpMatch>),
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
            Self::RequestMirror { target, .. } => target.as_ref().err(),
            Self::Unresolved { refusal, .. } => Some(refusal),
            _ => None,
        }
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
    /// Filters of this entry (H-008): they belong to the entry, never to the Service (pitfall 36).
    pub filters: Vec<ResolvedFilter>,
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
    /// HTTP/2 with prior knowledge, `kubernetes.io/h2c` (I-021).
    #[serde(rename = "H2C")]
    H2c,
    /// WebSocket over HTTP/1.1, `kubernetes.io/ws` (I-022).
    WebSocket,
}
