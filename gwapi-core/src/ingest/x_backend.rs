//! XBackend (P.2, P.6), in the shapes of v1.6 and v1.7.

use alloc::{collections::BTreeMap, sync::Arc};

use super::{Fields, Header, IssueCode, Node, backend_tls, cursor::Variant, refs, session};
use crate::{
    hostname::Hostname,
    model::{Object, SessionPersistence, XBackend, XBackendDestination, XBackendProtocol, XBackendTls},
    name::Namespace,
};

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| read_spec(fields, &namespace));
    let Spec { destination, port, protocol, tls, session_persistence } = spec.unwrap_or_default();
    Object::XBackend(Arc::new(XBackend { meta: header.meta, destination, port, protocol, tls, session_persistence, invalid }))
}

#[derive(Default)]
struct Spec {
    destination: Option<XBackendDestination>,
    port: u16,
    protocol: Option<XBackendProtocol>,
    tls: Option<XBackendTls>,
    session_persistence: Option<SessionPersistence>,
}

fn read_spec(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Spec {
    let own = fields.variant("type", None, &[Type::ExternalHostname, Type::EndpointSelector]);
    let destination = own.and_then(|own| fields.required(own.field(), |node| read_destination(node, own)));
    let port = fields.required("port", |node| node.object(read_port)).unwrap_or_default();
    let tls = match fields.get("tls") {
        Some(node) => node.sound(|node| read_tls(node, namespace)),
        None => Some(XBackendTls::None),
    };
    let protocol = fields.optional("protocol", |node| read_protocol(node, tls.as_ref()));
    let session_persistence = fields.optional("sessionPersistence", |mut node| {
        // J-039.
        if own == Some(Type::ExternalHostname) {
            node.fault(IssueCode::InvalidValue, "sessions need `type: EndpointSelector`", None);
        }
        session::read(node)
    });
    Spec { destination, port, protocol, tls, session_persistence }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    ExternalHostname,
    EndpointSelector,
}

impl Variant for Type {
    fn word(self) -> &'static str {
        match self {
            Self::ExternalHostname => "ExternalHostname",
            Self::EndpointSelector => "EndpointSelector",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::ExternalHostname => "externalHostname",
            Self::EndpointSelector => "endpointSelector",
        }
    }
}

fn read_destination(node: Node<'_, '_>, own: Type) -> Option<XBackendDestination> {
    node.object(|fields| match own {
        Type::ExternalHostname => fields.required("hostname", read_external).map(XBackendDestination::ExternalHostname),
        Type::EndpointSelector => fields.required("matchLabels", read_labels).map(XBackendDestination::EndpointSelector),
    })
}

/// P-011.
fn read_external(mut node: Node<'_, '_>) -> Option<Hostname> {
    let hostname = node.reborrow().precise_hostname()?;
    if hostname.as_str().ends_with(".cluster.local") {
        node.fault(IssueCode::InvalidValue, "names of the cluster are not external", None);
        return None;
    }
    Some(hostname)
}

/// P-034. One label less would select more, and none everything.
fn read_labels(mut node: Node<'_, '_>) -> Option<BTreeMap<Arc<str>, Arc<str>>> {
    let labels = node.reborrow().sound(|node| node.texts())?;
    if labels.is_empty() {
        node.fault(IssueCode::InvalidValue, "needs a label", None);
        return None;
    }
    Some(labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
}

/// P-012: v1.6 calls it `port`, and lets it have a name besides that means nothing.
fn read_port(fields: &mut Fields<'_, '_>) -> Option<u16> {
    fields.optional("name", Node::text);
    match fields.get("port").map(Node::port) {
        Some(old) => fields.optional("number", Node::port).or(old),
        None => fields.required("number", Node::port),
    }
}

/// P-013: some protocols go with TLS only, and one without only.
fn read_protocol(mut node: Node<'_, '_>, tls: Option<&XBackendTls>) -> Option<XBackendProtocol> {
    let protocol = node.reborrow().one_of(&XBackendProtocol::ALL.map(|protocol| (protocol.as_str(), protocol)))?;
    let why = match (protocol, tls?) {
        (XBackendProtocol::H2c, XBackendTls::ServerOnly(_) | XBackendTls::ClientAndServer { .. }) => "goes without `tls` only",
        (XBackendProtocol::Http2 | XBackendProtocol::Wss, XBackendTls::None) => "goes with `tls` only",
        _ => return Some(protocol),
    };
    node.fault(IssueCode::InvalidValue, why, None);
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TlsMode {
    None,
    ServerOnly,
    ClientAndServer,
}

/// P-014. What v1.6 lets come without `validation` is refused: there is nothing to hold the server against (S-010).
fn read_tls(node: Node<'_, '_>, namespace: &Namespace) -> Option<XBackendTls> {
    let modes = [("None", TlsMode::None), ("ServerOnly", TlsMode::ServerOnly), ("ClientAndServer", TlsMode::ClientAndServer)];
    node.object(|fields| {
        let mode = fields.required("mode", |node| node.one_of(&modes));
        let validation = counts(fields, "validation", mode.is_none_or(|mode| mode != TlsMode::None), |node| {
            backend_tls::read_validation(node, namespace)
        });
        let is_mutual = mode.is_none_or(|mode| mode == TlsMode::ClientAndServer);
        let client = counts(fields, "clientCertificateRef", is_mutual, |node| refs::secret_ref(node, namespace));
        Some(match mode? {
            TlsMode::None => XBackendTls::None,
            TlsMode::ServerOnly => XBackendTls::ServerOnly(validation?),
            TlsMode::ClientAndServer => XBackendTls::ClientAndServer { validation: validation?, client_certificate: client? },
        })
    })
}

/// A field that must be there where it counts, and must not be where it does not.
fn counts<'v, T>(
    fields: &mut Fields<'v, '_>,
    name: &'static str,
    does: bool,
    read: impl FnOnce(Node<'v, '_>) -> Option<T>,
) -> Option<T> {
    if does {
        return fields.required(name, read);
    }
    if let Some(mut node) = fields.get(name) {
        node.fault(IssueCode::InvalidValue, "does not go with this `mode`", None);
    }
    None
}
