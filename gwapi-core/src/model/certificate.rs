//! What can be said of certificates without reading a private key into the model.

use alloc::{string::String, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// What a text in PEM looks like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PemVerdict {
    /// Holds so many blocks of the wanted label, each of them well-formed DER on the outside.
    Valid {
        /// How many.
        blocks: usize,
        /// SHA-256 over the blocks: a renewed certificate is a changed object.
        digest: [u8; 32],
    },
    /// Nothing in it.
    Empty,
    /// No block of the wanted label, or one that is broken.
    Malformed(Arc<str>),
}

/// What the pair of a TLS Secret looks like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateVerdict {
    /// Not a Secret for TLS: no `tls.crt` and no `tls.key`.
    Absent,
    /// One of the two keys is missing.
    Missing(&'static str),
    /// `tls.crt` or `tls.key` is broken; says which and why.
    Malformed(Arc<str>),
    /// Both are well-formed. Whether the key fits the certificate is a fact that the adapter knows.
    Present {
        /// SHA-256 of the certificates.
        digest: [u8; 32],
    },
}

impl PemVerdict {
    /// Judges certificates in PEM.
    #[must_use]
    pub fn of_certificates(pem: &[u8]) -> Self {
        judge(pem, |label| label == "CERTIFICATE")
    }

    /// Judges a private key in PEM. The digest is left out: nothing that is derived from a key enters the model.
    #[must_use]
    pub fn of_private_key(pem: &[u8]) -> Self {
        match judge(pem, |label| label.ends_with("PRIVATE KEY")) {
            Self::Valid { blocks, .. } => Self::Valid { blocks, digest: [0; 32] },
            other => other,
        }
    }
}

impl CertificateVerdict {
    /// Judges the data of a Secret.
    #[must_use]
    pub fn of(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Self {
        let (certificate, key) = match (certificate, key) {
            (None, None) => return Self::Absent,
            (None, Some(_)) => return Self::Missing("tls.crt"),
            (Some(_), None) => return Self::Missing("tls.key"),
            (Some(certificate), Some(key)) => (certificate, key),
        };
        match (PemVerdict::of_certificates(certificate), PemVerdict::of_private_key(key)) {
            (PemVerdict::Valid { digest, .. }, PemVerdict::Valid { .. }) => Self::Present { digest },
            (PemVerdict::Empty, _) => Self::Malformed("`tls.crt` is empty".into()),
            (PemVerdict::Malformed(why), _) => Self::Malformed(alloc::format!("`tls.crt`: {why}").into()),
            (_, PemVerdict::Empty) => Self::Malformed("`tls.key` is empty".into()),
            (_, PemVerdict::Malformed(why)) => Self::Malformed(alloc::format!("`tls.key`: {why}").into()),
        }
    }
}

fn judge(pem: &[u8], wanted: impl Fn(&str) -> bool) -> PemVerdict {
    let Ok(text) = core::str::from_utf8(pem) else { return PemVerdict::Malformed("not text".into()) };
    if text.trim().is_empty() {
        return PemVerdict::Empty;
    }
    let mut digest = Sha256::new();
    let mut blocks = 0;
    let mut rest = text;
    while let Some((label, body, behind)) = next_block(rest) {
        rest = behind;
        if !wanted(label) {
            continue;
        }
        match decode(body) {
            Some(der) if is_der_sequence(&der) => digest.update(&der),
            Some(_) => return PemVerdict::Malformed("a PEM block holds no DER sequence".into()),
            None => return PemVerdict::Malformed("a PEM block is not base64".into()),
        }
        blocks += 1;
    }
    match blocks {
        0 => PemVerdict::Malformed("no PEM block of the expected type".into()),
        _ => PemVerdict::Valid { blocks, digest: digest.finalize().into() },
    }
}

/// Label and body of the first block, and what follows it.
fn next_block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, begin) = text.split_once("-----BEGIN ")?;
    let (label, body) = begin.split_once("-----")?;
    let (body, end) = body.split_once("-----END ")?;
    let (end_label, behind) = end.split_once("-----")?;
    (label == end_label).then_some((label, body, behind))
}

fn decode(body: &str) -> Option<alloc::vec::Vec<u8>> {
    let compact: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

/// Whether the bytes are one DER sequence and nothing behind it.
fn is_der_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else { return false };
    let length_bytes = usize::from(first & 0x7f);
    if first & 0x80 == 0 {
        return rest.len() == length_bytes;
    }
    let Some((length, content)) = rest.split_at_checked(length_bytes) else { return false };
    (1..=4).contains(&length_bytes) && length.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b)) == content.len()
}
