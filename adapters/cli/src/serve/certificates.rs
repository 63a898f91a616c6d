//! Secrets to certificates. Here alone the bytes of a private key are looked at: they never come into a snapshot, and nothing
//! in here is printed.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gwapi_core::{
    model::SecretRef,
    name::{CORE_GROUP, ObjectKey},
};
use gwapi_proxy::{Certificate, CertificateError, load_certificate};
use serde_json::Value;

use crate::input::Input;

/// The certificates of an input.
#[derive(Debug, Default)]
pub struct Certificates {
    /// Those that can be served.
    pub usable: BTreeMap<SecretRef, Certificate>,
    /// Those that cannot though both parts are sound: above all, the key does not fit. With the reason.
    pub unusable: BTreeMap<ObjectKey, String>,
}

impl Certificates {
    /// Reads those of all Secrets. What is malformed is not in here: resolving finds and tells it.
    #[must_use]
    pub fn of(input: &Input) -> Self {
        let mut certificates = Self::default();
        let is_secret = |key: &&ObjectKey| key.group == *CORE_GROUP && key.kind == *"Secret";
        for key in input.documents.keys().filter(is_secret) {
            let Some(loaded) = input.documents.get(key).and_then(|document| load(&document.value())) else { continue };
            match loaded {
                Ok(certificate) => drop(certificates.usable.insert(secret_ref(key), certificate)),
                Err(error @ (CertificateError::Mismatch | CertificateError::Unusable(_))) => {
                    certificates.unusable.insert(key.clone(), error.to_string());
                }
                Err(_) => {}
            }
        }
        certificates
    }

    /// The Secrets that resolving has to be told about.
    #[must_use]
    pub fn mismatched(&self) -> BTreeSet<ObjectKey> {
        self.unusable.keys().cloned().collect()
    }
}

fn secret_ref(key: &ObjectKey) -> SecretRef {
    SecretRef {
        group: key.group.clone(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone().unwrap_or_else(|| "".into()),
        name: key.name.clone(),
    }
}

/// Nothing if the Secret holds no pair.
fn load(secret: &Value) -> Option<Result<Certificate, CertificateError>> {
    Some(load_certificate(&bytes(secret, "tls.crt")?, &bytes(secret, "tls.key")?))
}

/// `stringData` overwrites `data`, as the API server does it.
fn bytes(secret: &Value, key: &str) -> Option<Vec<u8>> {
    if let Some(text) = secret["stringData"][key].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let mut encoded = secret["data"][key].as_str()?.to_owned();
    // Long values are often broken into lines.
    encoded.retain(|c| c != '\n' && c != '\r');
    STANDARD.decode(encoded).ok()
}
