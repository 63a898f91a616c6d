//! Listeners (B.1, B.3, D-002, D-003), and ListenerSet (chapter C), which has nothing else.

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};

use super::{
    Fields, Header, IssueCode, Node,
    cursor::Variant,
    filter::{self, Type},
    refs,
};
use crate::{
    model::{
        AllowedRoutes, Filter, Listener, ListenerFilter, ListenerSet, ListenerTls, NamespacesFrom, Object, Protocol,
        RouteGroupKind, Selector, SelectorOperator, SelectorRequirement, TlsMode,
    },
    name::{GATEWAY_GROUP, Namespace, SectionName},
};

/// C-004, C-029.
pub(super) fn read_set(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| {
        let parent = fields.required("parentRef", |node| refs::parent_gateway(node, &namespace));
        let mut names = BTreeSet::new();
        let listeners = fields.required("listeners", |node| node.entries(|entry| read(entry, &namespace, &mut names)));
        (parent, listeners.into_iter().flatten().flatten().collect())
    });
    let (parent, listeners) = spec.unwrap_or_default();
    Object::ListenerSet(Arc::new(ListenerSet { meta: header.meta, parent, listeners, invalid }))
}

/// Reads a listener. One that cannot be told from others by its name has no status of its own: it is left out, and what is
/// wrong with it belongs to the object around it.
pub(super) fn read(mut node: Node<'_, '_>, namespace: &Namespace, names: &mut BTreeSet<SectionName>) -> Option<Listener> {
    let (listener, invalid) = node.part(|node| node.object(|fields| read_fields(fields, namespace, names)));
    match listener {
        Some(listener) => Some(Listener { invalid, ..listener }),
        None => {
            node.hand_up(invalid);
            None
        }
    }
}

fn read_fields(fields: &mut Fields<'_, '_>, namespace: &Namespace, names: &mut BTreeSet<SectionName>) -> Option<Listener> {
    let name = fields.required("name", |node| node.unique_name(names));
    // An empty hostname is what a client that knows no absence writes for every name.
    let hostname = fields.get("hostname").filter(|node| !node.is_text("")).and_then(Node::hostname);
    let port = fields.required("port", Node::port).unwrap_or_default();
    let protocol = fields.required("protocol", |node| node.limited(1..=255)).unwrap_or_default();
    let tls = fields.optional("tls", |node| node.object(|fields| Some(read_tls(fields, namespace))));
    let allowed_routes = fields.optional("allowedRoutes", |node| node.object(|fields| Some(read_allowed_routes(fields))));
    let filters = fields.optional("filters", |node| node.object(|fields| Some(read_filters(fields, namespace))));
    Some(Listener {
        name: name?,
        hostname,
        port,
        protocol: Protocol::from(protocol),
        tls,
        // D-002.
        allowed_routes: allowed_routes.unwrap_or(AllowedRoutes { namespaces: NamespacesFrom::Same, kinds: Vec::new() }),
        filters: filters.unwrap_or_default(),
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
    let same = Some(NamespacesFrom::Same);
    let namespaces = fields.optional("namespaces", |node| node.object(|fields| read_namespaces(fields, same)));
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

/// C-002, D-003: the selector counts with `from: Selector` only. `None` is a word where it is the default.
pub(super) fn read_namespaces(fields: &mut Fields<'_, '_>, default: Option<NamespacesFrom>) -> Option<NamespacesFrom> {
    let selector = fields.optional("selector", |node| node.object(|fields| Some(read_selector(fields))));
    let words: &[&str] = if default.is_none() { &["All", "Selector", "Same", "None"] } else { &["All", "Selector", "Same"] };
    let Some(from) = fields.get("from") else { return default };
    let none_is_known = default.is_none();
    from.word(words, |word| match word {
        "All" => Some(NamespacesFrom::All),
        "Same" => Some(NamespacesFrom::Same),
        "Selector" => Some(NamespacesFrom::Selector(selector)),
        "None" if none_is_known => None,
        other => Some(NamespacesFrom::Unknown(other.into())),
    })
    .unwrap_or(default)
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

/// H-079.
fn read_filters(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Vec<ListenerFilter> {
    let Some(node) = fields.get("requests") else { return Vec::new() };
    node.entries(|entry| read_filter(entry, namespace)).unwrap_or_default()
}

/// Every entry keeps its place: the order is binding, and none is left out (H-080, H-086).
fn read_filter(mut entry: Node<'_, '_>, namespace: &Namespace) -> ListenerFilter {
    let filter_type = entry.text_at("/type").unwrap_or_default();
    let is_known = Type::LISTENER.iter().any(|known| known.word() == filter_type);
    match entry.part(|entry| filter::read(entry, namespace, &Type::LISTENER)) {
        (Some(Filter::ExternalAuth(auth)), invalid) if invalid.is_empty() => ListenerFilter::ExternalAuth(auth),
        (Some(Filter::ExtensionRef(reference)), invalid) if invalid.is_empty() => ListenerFilter::ExtensionRef(reference),
        _ if !is_known && !filter_type.is_empty() => ListenerFilter::Unknown(filter_type.into()),
        (_, invalid) => ListenerFilter::Invalid { filter_type: filter_type.into(), invalid },
    }
}
