//! Small resolutions and statuses.

use std::sync::Arc;

use gwapi_core::{
    Controller, Hostname, ObjectKey, Refusal, SupportedFeatures,
    controller::Abilities,
    model::{
        Address, BackendObjectRef, DefaultScope, Gateway, GatewayClass, GatewayTls, Infrastructure, Invalid, ObjectMeta,
        ParentRef, Protocol, Route, RouteKind, Rules, Timeouts,
    },
    name::{GATEWAY_GROUP, ObjectName},
    resolution::{
        AttachedListener, AttachedRoutes, Attachment, ListenerKey, ResolvedBackend, ResolvedClass, ResolvedGateway,
        ResolvedListener, ResolvedRoute, ResolvedRule, RuleMatches, ServedBy,
    },
};
use gwapi_status::{Condition, ConditionType, GatewayStatus, Reason};
use serde_json::{Value, json};

pub(crate) const CONTROLLER: &str = "example.com/ours";
pub(crate) const T0: &str = "2026-01-01T00:00:00Z";
pub(crate) const T1: &str = "2026-02-02T00:00:00Z";
pub(crate) const T2: &str = "2026-03-03T00:00:00Z";

pub(crate) fn key(kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::namespaced(GATEWAY_GROUP, kind, &namespace.into(), &name.into())
}

fn meta(key: ObjectKey) -> ObjectMeta {
    ObjectMeta { key, generation: 3, created: None }
}

pub(crate) fn class() -> ResolvedClass {
    let class = GatewayClass {
        meta: meta(ObjectKey::cluster(GATEWAY_GROUP, "GatewayClass", &ObjectName::from("standard"))),
        controller_name: CONTROLLER.into(),
        parameters_ref: None,
    };
    ResolvedClass { class: Arc::new(class), refused: Vec::new() }
}

/// A Gateway `shop/front` of generation 3 with one address.
pub(crate) fn gateway(listeners: impl IntoIterator<Item = ResolvedListener>) -> ResolvedGateway {
    let gateway = Gateway {
        meta: meta(key("Gateway", "shop", "front")),
        class_name: "standard".into(),
        listeners: Vec::new(),
        addresses: Vec::new(),
        infrastructure: Infrastructure::default(),
        allowed_listeners: None,
        tls: GatewayTls::default(),
        default_scope: DefaultScope::None,
        invalid: Vec::new(),
    };
    ResolvedGateway {
        gateway: Arc::new(gateway),
        controller_name: CONTROLLER.into(),
        listeners: listeners.into_iter().collect(),
        addresses: vec![address("192.0.2.1")],
        address_requests: Vec::new(),
        listener_sets: Vec::new(),
        refused: Vec::new(),
        unreachable: Vec::new(),
        client_certificate: None,
    }
}

pub(crate) fn address(value: &str) -> Address {
    Address { kind: "IPAddress".into(), value: Some(value.into()), routability: "".into() }
}

pub(crate) fn listener(name: &str) -> ResolvedListener {
    ResolvedListener {
        key: ListenerKey { parent: key("Gateway", "shop", "front"), name: name.into() },
        port: 80,
        protocol: Protocol::Http,
        hostname: None,
        supported_kinds: vec![RouteKind::Http],
        refused: Vec::new(),
        unresolved: Vec::new(),
        unserved: Vec::new(),
        certificates: Vec::new(),
        passthrough: false,
        client_validation: None,
        filters: Vec::new(),
        overlaps: Vec::new(),
        overlaps_elsewhere: false,
    }
}

/// A route `shop/cart` of generation 3.
pub(crate) fn route(
    parents: impl IntoIterator<Item = Attachment>,
    rules: impl IntoIterator<Item = ResolvedRule>,
) -> ResolvedRoute {
    let route = Route {
        meta: meta(key("HTTPRoute", "shop", "cart")),
        kind: RouteKind::Http,
        parent_refs: Vec::new(),
        use_default_gateways: DefaultScope::None,
        hostnames: Vec::new(),
        rules: Rules::Http(Vec::new()),
        invalid: Vec::new(),
    };
    ResolvedRoute {
        route: Arc::new(route),
        parents: parents.into_iter().collect(),
        unclaimed: Vec::new(),
        rules: rules.into_iter().map(Arc::new).collect(),
        refused: Vec::new(),
    }
}

pub(crate) fn parent_ref(name: &str) -> ParentRef {
    ParentRef {
        group: GATEWAY_GROUP.into(),
        kind: "Gateway".into(),
        namespace: "shop".into(),
        name: name.into(),
        section_name: None,
        port: None,
    }
}

/// A parent that refuses the route for these causes.
pub(crate) fn refusing(parent_ref: ParentRef, refused: impl IntoIterator<Item = Refusal>) -> Attachment {
    Attachment {
        served_by: ServedBy::Gateway(parent_ref.object()),
        parent_ref,
        controller_name: CONTROLLER.into(),
        listeners: Vec::new(),
        refused: refused.into_iter().collect(),
    }
}

/// A parent that accepts the route.
pub(crate) fn accepting(parent_ref: ParentRef) -> Attachment {
    let listener = ListenerKey { parent: parent_ref.object(), name: "web".into() };
    let listeners = vec![AttachedListener { listener, hostnames: Vec::new() }];
    Attachment { listeners, ..refusing(parent_ref, []) }
}

pub(crate) fn rule(index: usize) -> ResolvedRule {
    ResolvedRule {
        index,
        name: None,
        matches: RuleMatches::Http(Vec::new()),
        filters: Vec::new(),
        backends: Vec::new(),
        timeouts: Timeouts::default(),
        retry: None,
        session_persistence: None,
        refused: Vec::new(),
    }
}

pub(crate) fn invalid_rule(index: usize, refused: impl IntoIterator<Item = Refusal>) -> ResolvedRule {
    ResolvedRule { refused: refused.into_iter().collect(), ..rule(index) }
}

/// A rule whose backends do not resolve.
pub(crate) fn unresolved_rule(index: usize, refusals: impl IntoIterator<Item = Refusal>) -> ResolvedRule {
    let unresolved = |refusal| ResolvedBackend {
        reference: backend("any"),
        target: Err(refusal),
        weight: 1,
        session_persistence: None,
        retry_constraint: None,
        filters: Vec::new(),
    };
    ResolvedRule { backends: refusals.into_iter().map(unresolved).collect(), ..rule(index) }
}

pub(crate) fn backend(name: &str) -> BackendObjectRef {
    BackendObjectRef { group: "".into(), kind: "Service".into(), namespace: "shop".into(), name: name.into(), port: Some(8080) }
}

pub(crate) fn rule_invalid(path: &str) -> Refusal {
    Refusal::RuleInvalid { invalid: Invalid { path: path.into(), value: "1".into(), why: "is not right".into() } }
}

pub(crate) fn not_permitted(name: &str) -> Refusal {
    let target = ObjectKey::namespaced("", "Service", &"other".into(), &name.into());
    Refusal::RefNotPermitted { from_kind: "HTTPRoute".into(), from_namespace: "shop".into(), target }
}

pub(crate) fn hostname(text: &str) -> Hostname {
    text.parse().expect("a hostname")
}

pub(crate) fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Status and reason of a condition that is there.
pub(crate) fn verdict(conditions: &[Condition], type_: ConditionType) -> (bool, Reason) {
    let condition = find(conditions, type_).expect("the condition is there");
    (condition.is_true(), condition.reason)
}

/// A condition as somebody else may have written it.
pub(crate) fn foreign(type_: &str) -> Value {
    json!({
        "type": type_, "status": "False", "reason": "Odd", "message": "left alone", "observedGeneration": 9000,
        "lastTransitionTime": T0, "newField": {"of": ["a", "later", "version"]},
    })
}

/// A condition of ours from an earlier write.
pub(crate) fn earlier(type_: &str, status: &str, generation: i64) -> Value {
    json!({
        "type": type_, "status": status, "reason": "Whatever", "message": "before", "observedGeneration": generation,
        "lastTransitionTime": T0,
    })
}

pub(crate) fn of_type<'v>(conditions: &'v Value, type_: &str) -> Option<&'v Value> {
    conditions.as_array()?.iter().find(|condition| condition["type"] == type_)
}

/// A controller that can do only what every one can.
pub(crate) fn plain() -> Controller {
    Controller { features: SupportedFeatures::core(), abilities: Abilities::NONE, ..Controller::default() }
}

/// The status of a Gateway without routes under a controller that can do only what every one can.
pub(crate) fn status_of_gateway(gateway: &ResolvedGateway) -> GatewayStatus {
    GatewayStatus::of(gateway, &AttachedRoutes::default(), &plain())
}
