//! Secret, ConfigMap and ClusterTrustBundle, as sources of certificates. No value of a Secret is kept or shown, whatever is wrong with it.

use alloc::{borrow::Cow, collections::BTreeMap, collections::BTreeSet, string::String, sync::Arc, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Fields, Header, IssueCode, Node};
use crate::model::{CertificateVerdict, ClusterTrustBundle, ConfigMap, Object, PemVerdict, Secret};

const CERTIFICATE: &str = "tls.crt";
const PRIVATE_KEY: &str = "tls.key";
const CA_CERTIFICATE: &str = "ca.crt";

/// The type of a Secret that names none.
const OPAQUE: &str = "Opaque";

/// Values by key; nothing for one that is no base64.
type Data<'v> = BTreeMap<&'v str, Option<Cow<'v, [u8]>>>;

pub(super) fn read_secret(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    root.hide_values();
    root.ignore(&["immutable"]);
    let secret_type = root.optional("type", Node::text).unwrap_or(OPAQUE).into();
    let mut data = binary_data(root, "data", &[CERTIFICATE, PRIVATE_KEY]);
    // As the API server writes them over `data`.
    data.extend(plain_data(root, "stringData"));
    Object::Secret(Arc::new(Secret {
        secret_type,
        keys: data.keys().map(|key| Arc::from(*key)).collect::<BTreeSet<_>>(),
        certificate: judge_pair(&data),
        key: header.meta.key,
    }))
}

/// The private key is looked at here and goes no further.
fn judge_pair(data: &Data<'_>) -> CertificateVerdict {
    for key in [CERTIFICATE, PRIVATE_KEY] {
        if data.get(key).is_some_and(Option::is_none) {
            return CertificateVerdict::Malformed(alloc::format!("`{key}` is not base64").into());
        }
    }
    let bytes = |key| data.get(key).and_then(Option::as_deref);
    CertificateVerdict::of(bytes(CERTIFICATE), bytes(PRIVATE_KEY))
}

pub(super) fn read_config_map(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    root.ignore(&["immutable"]);
    let mut data = binary_data(root, "binaryData", &[CA_CERTIFICATE]);
    data.extend(plain_data(root, "data"));
    let ca = data.get(CA_CERTIFICATE).map(|bytes| match bytes {
        Some(bytes) => PemVerdict::of_certificates(bytes),
        None => PemVerdict::Malformed("not base64".into()),
    });
    Object::ConfigMap(Arc::new(ConfigMap { key: header.meta.key, ca }))
}

/// B-084. One without anything in it is empty (B-085).
pub(super) fn read_trust_bundle(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let bundle = root.optional("spec", |node| {
        node.object(|fields| {
            fields.ignore(&["signerName"]);
            fields.optional("trustBundle", Node::text)
        })
    });
    let ca = PemVerdict::of_certificates(bundle.unwrap_or_default().as_bytes());
    Object::ClusterTrustBundle(Arc::new(ClusterTrustBundle { key: header.meta.key, ca }))
}

fn plain_data<'v>(fields: &mut Fields<'v, '_>, name: &'static str) -> Data<'v> {
    let texts = fields.optional(name, Node::texts).unwrap_or_default();
    texts.into_iter().map(|(key, text)| (key, Some(Cow::Borrowed(text.as_bytes())))).collect()
}

/// Values in base64. Only those of the wanted keys are decoded; of the others no more is known than that they are there.
fn binary_data<'v>(fields: &mut Fields<'v, '_>, name: &'static str, wanted: &[&str]) -> Data<'v> {
    let values = fields.optional(name, |node| {
        node.map_values(|mut entry| {
            let text = entry.reborrow().text()?;
            let bytes = if entry.is_named(wanted) { decode(text) } else { Some(Vec::new()) };
            if bytes.is_none() {
                entry.fault(IssueCode::InvalidValue, "not base64", None);
            }
            Some(bytes.map(Cow::Owned))
        })
    });
    values.unwrap_or_default().into_iter().collect()
}

/// Line breaks are passed over, as the API server does.
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    STANDARD.decode(compact).ok()
}
