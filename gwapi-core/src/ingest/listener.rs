//! Listeners of Gateways (B.1, B.3, D-002, D-003).

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};

use super::{Fields, IssueCode, Node, refs};
use crate::{
    model::{
        AllowedRoutes, Invalid, Listener, ListenerTls, NamespacesFrom, Protocol, RouteGroupKind, Selector, SelectorOperator,
        SelectorRequirement, TlsMode,
    },
    name::{GATEWAY_GROUP, Namespace, SectionName},
};

/// Reads a listener. One that cannot be told from others by its name has no status of its own: it is left out, and what is
/// wrong with it belongs to the Gateway.
pub(super) fn read(
    mut node: Node<'_, '_>,
    namespace: &Namespace,
    names: &mut BTreeSet<SectionName>,
    frontend_validation: bool,
) -> Option<Listener> {
    let (listener, mut invalid) = node.part(|node| node.object(|fields| read_fields(fields, namespace, names)));
    let Some(listener) = listener else {
        node.hand_up(invalid);
        return None;
    };
    if frontend_validation && listener.protocol == Protocol::Https {
        invalid.push(unvalidated_clients());
    }
    Some(Listener { invalid, ..listener })
}

/// B-046: only HTTPS listeners ask clients for certificates. Served without, such a one would let everybody in.
fn unvalidated_clients() -> Invalid {
    let why = "client certificates are not validated by this version";
    Invalid { path: "spec.tls.frontend".into(), value: "{…}".into(), why: why.into() }
}

fn read_fields(fields: &mut Fields<'_, '_>, namespace: &Namespace, names: &mut BTreeSet<SectionName>) -> Option<Listener> {
    let name = fields.required("name", |node| node.unique_name(names));
    // An empty hostname is what a client that knows no absence writes for every name.
    let hostname = fields.get("hostname").filter(|node| !node.is_text("")).and_then(Node::hostname);
    let port = fields.required("port", Node::port).unwrap_or_default();
    let protocol = fields.required("protocol", |node| node.limited(1..=255)).unwrap_or_default();
    let tls = fields.optional("tls", |node| node.object(|fields| Some(read_tls(fields, namespace))));
    let allowed_routes = fields.optional("allowedRoutes", |node| node.object(|fields| Some(read_allowed_routes(fields))));
    let filters = fields.optional("filters", |node| node.object(|fields| Some(read_filters(fields)))).unwrap_or_default();
    Some(Listener {
        name: name?,
        hostname,
        port,
        protocol: Protocol::from(protocol),
        tls,
        // D-002.
        allowed_routes: allowed_routes.unwrap_or(AllowedRoutes { namespaces: NamespacesFrom::Same, kinds: Vec::new() }),
        filters,
        invalid: Vec::new(),
    })
}

fn read_tls(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> ListenerTls {
    let mode = fields.optional("mode", |node| {
        node.word(&["Terminate", "Passthrough"], |word| match word {
            "Terminate" => TlsMode::Terminate,
            "Passthrough" => TlsMode::Passthrough,
            other => TlsMode::Unknown(other.into()),
        })
    });
    let certificate_refs = fields.list("certificateRefs", |node| refs::secret_ref(node, namespace));
    let options = fields.optional("options", Node::texts).unwrap_or_default();
    ListenerTls {
        // B-034.
        mode: mode.unwrap_or(TlsMode::Terminate),
        certificate_refs,
        options: options.into_iter().map(|(key, _)| Arc::from(key)).collect(),
    }
}

fn read_allowed_routes(fields: &mut Fields<'_, '_>) -> AllowedRoutes {
    let namespaces = fields.optional("namespaces", |node| node.object(|fields| Some(read_namespaces(fields))));
    let kinds = fields.list("kinds", read_kind);
    AllowedRoutes { namespaces: namespaces.unwrap_or(NamespacesFrom::Same), kinds }
}

/// D-006: the group defaults to that of the routes.
fn read_kind(node: Node<'_, '_>) -> Option<RouteGroupKind> {
    node.object(|fields| {
        let group = fields.optional("group", Node::group).unwrap_or_else(|| GATEWAY_GROUP.into());
        let kind = fields.required("kind", Node::name)?;
        Some(RouteGroupKind { group, kind })
    })
}

/// D-003: the selector counts with `from: Selector` only.
fn read_namespaces(fields: &mut Fields<'_, '_>) -> NamespacesFrom {
    let selector = fields.optional("selector", |node| node.object(|fields| Some(read_selector(fields))));
    let from = fields.optional("from", |node| {
        node.word(&["All", "Selector", "Same"], |word| match word {
            "All" => NamespacesFrom::All,
            "Same" => NamespacesFrom::Same,
            "Selector" => NamespacesFrom::Selector(selector),
            other => NamespacesFrom::Unknown(other.into()),
        })
    });
    from.unwrap_or(NamespacesFrom::Same)
}

fn read_selector(fields: &mut Fields<'_, '_>) -> Selector {
    let labels = fields.optional("matchLabels", Node::texts).unwrap_or_default();
    let labels = labels.into_iter().map(|(key, value)| SelectorRequirement {
        key: key.into(),
        operator: SelectorOperator::In(Vec::from([Arc::from(value)])),
    });
    let mut requirements: Vec<SelectorRequirement> = labels.collect();
    requirements.extend(fields.list("matchExpressions", read_requirement));
    Selector { requirements }
}

fn read_requirement(node: Node<'_, '_>) -> Option<SelectorRequirement> {
    node.object(|fields| {
        let key = fields.required("key", |node| node.limited(1..=usize::MAX));
        let values = match fields.get("values") {
            None => Some(Vec::new()),
            Some(node) => node.sound(|node| node.list(|entry| entry.shared())),
        };
        let count = values.as_ref().map(Vec::len);
        let values = values.unwrap_or_default();
        let operator = fields.required("operator", |mut node| {
            let operator = node.reborrow().word(&["In", "NotIn", "Exists", "DoesNotExist"], |word| match word {
                "In" => SelectorOperator::In(values),
                "NotIn" => SelectorOperator::NotIn(values),
                "Exists" => SelectorOperator::Exists,
                "DoesNotExist" => SelectorOperator::DoesNotExist,
                other => SelectorOperator::Unknown(other.into()),
            });
            check_value_count(node, operator.as_ref()?, count?);
            operator
        });
        Some(SelectorRequirement { key: key?.into(), operator: operator? })
    })
}

/// Kubernetes refuses a selector whose operator has the wrong number of values; `NotIn` nothing would select everything.
fn check_value_count(mut node: Node<'_, '_>, operator: &SelectorOperator, count: usize) {
    let why = match operator {
        SelectorOperator::In(_) | SelectorOperator::NotIn(_) if count == 0 => "needs `values`",
        SelectorOperator::Exists | SelectorOperator::DoesNotExist if count > 0 => "takes no `values`",
        _ => return,
    };
    node.fault(IssueCode::InvalidValue, why, None);
}

/// H-079, H-086: the listener is refused because of its filters, so their types are all there is to know.
fn read_filters(fields: &mut Fields<'_, '_>) -> Vec<Arc<str>> {
    let requests = fields.get("requests");
    let Some(mut node) = requests else { return Vec::new() };
    node.reborrow().not_read("filters of listeners are not supported: the listener is refused");
    node.list(|entry| {
        entry.object(|fields| {
            fields.ignore(&["externalAuth", "extensionRef"]);
            fields.required("type", |node| node.limited(1..=usize::MAX)).map(Arc::from)
        })
    })
    .unwrap_or_default()
}
