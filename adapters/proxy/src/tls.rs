//! Ending TLS: certificates, and which of them a client gets.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gwapi_core::model::SecretRef;
use rustls::{
    InconsistentKeys, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{Acceptor, ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake, server::TlsStream};

/// A certificate chain with its private key, ready to be served. Neither form of it shows the key.
#[derive(Clone)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    /// DNS names in lower case.
    names: Arc<[String]>,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text of the certificates.
    #[error("the certificate cannot be read: {0}")]
    Certificate(pem::Error),
    /// There is none in it.
    #[error("the certificate holds no PEM block of the type CERTIFICATE")]
    NoCertificate,
    /// The text of the key.
    #[error("the private key cannot be read: {0}")]
    Key(pem::Error),
    /// The key is not the one of the certificate: a fact that resolving has to be told (`Facts::mismatched_certificates`).
    #[error("the private key does not fit the certificate")]
    Mismatch,
    /// A kind of key or certificate that rustls does not know.
    #[error("the certificate cannot be used: {0}")]
    Unusable(rustls::Error),
}

impl CertificateError {
    /// Whether both parts are sound and do not belong together.
    #[must_use]
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::Mismatch)
    }
}

/// Reads a certificate chain and its private key in PEM, as Secrets of the type `kubernetes.io/tls` hold them.
///
/// # Errors
/// If one of them cannot be read, or the key does not fit.
pub fn load_certificate(cert_pem: &[u8], key_pem: &[u8]) -> Result<Certificate, CertificateError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(cert_pem).collect::<Result<_, _>>().map_err(CertificateError::Certificate)?;
    let first = chain.first().ok_or(CertificateError::NoCertificate)?;
    let names = names_of(first)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(CertificateError::Key)?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::Mismatch,
        other => CertificateError::Unusable(other),
    })?;
    Ok(Certificate { key: Arc::new(key), names })
}

fn names_of(certificate: &CertificateDer<'_>) -> Result<Arc<[String]>, CertificateError> {
    let bad = |_| CertificateError::Unusable(rustls::CertificateError::BadEncoding.into());
    let certificate = webpki::EndEntityCert::try_from(certificate).map_err(bad)?;
    Ok(certificate.valid_dns_names().map(str::to_ascii_lowercase).collect())
}

impl Certificate {
    /// The DNS names that it is for, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// How long the name is by which the certificate covers a server name (B-037), not counting a `*`; nothing if it does not.
    fn covers(&self, server_name: &str) -> Option<usize> {
        self.names().filter(|name| covers(name, server_name)).map(|name| name.trim_start_matches('*').len()).max()
    }
}

/// Whether clients accept a certificate's name for a server: `*` is one label.
fn covers(name: &str, server_name: &str) -> bool {
    match name.strip_prefix("*.") {
        None => name == server_name,
        Some(suffix) => server_name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == suffix),
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("names", &self.names).finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    /// The same chain. Two keys of one certificate sign alike.
    fn eq(&self, other: &Self) -> bool {
        self.key.cert == other.key.cert
    }
}

impl Eq for Certificate {}

/// The certificates of a listener: the one that covers the server name with the longest name, else the first (B-037, B-044).
#[derive(Debug)]
struct ByServerName(Vec<Certificate>);

impl ResolvesServerCert for ByServerName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).unwrap_or_default();
        choose(&self.0, &name).map(|certificate| certificate.key.clone())
    }
}

fn choose<'c>(certificates: &'c [Certificate], server_name: &str) -> Option<&'c Certificate> {
    let longest = |best: Option<(&'c Certificate, usize)>, next: &'c Certificate| match (best, next.covers(server_name)) {
        (Some((_, length)), Some(other)) if other <= length => best,
        (_, Some(other)) => Some((next, other)),
        (_, None) => best,
    };
    certificates.iter().fold(None, longest).map(|(best, _)| best).or_else(|| certificates.first())
}

/// The rustls configurations of one set of certificates, one for each list of certificates that a listener names. Sessions are
/// resumed within one of them only.
#[derive(Debug, Default)]
pub(crate) struct TlsConfigs(Mutex<BTreeMap<Vec<SecretRef>, Arc<ServerConfig>>>);

impl TlsConfigs {
    /// The configuration of a listener. A certificate that is not there is left out; without any the handshake fails, and
    /// never falls back to the certificate of another listener.
    pub(crate) fn of(
        &self,
        refs: &[SecretRef],
        all: &BTreeMap<SecretRef, Certificate>,
    ) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut configs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(refs) {
            return Ok(config.clone());
        }
        let certificates = refs.iter().filter_map(|secret| all.get(secret).cloned()).collect();
        let config = Arc::new(server_config(certificates)?);
        configs.insert(refs.to_vec(), config.clone());
        Ok(config)
    }
}

/// A configuration that ends TLS for HTTP.
pub(crate) fn server_config(certificates: Vec<Certificate>) -> Result<ServerConfig, rustls::Error> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByServerName(certificates)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the handshake took too long")]
    Timeout,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// Ends TLS. The whole ClientHello is read, over however many packets it comes (CVE-2026-32305), before it is decided with
/// which configuration.
pub(crate) async fn accept<I, T>(
    io: I,
    patience: Duration,
    decide: impl FnOnce(Option<&str>) -> (Result<Arc<ServerConfig>, rustls::Error>, T),
) -> Result<(TlsStream<I>, T), HandshakeError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = async {
        let start: StartHandshake<I> = LazyConfigAcceptor::new(Acceptor::default(), io).await?;
        let (config, decided) = decide(start.client_hello().server_name());
        Ok((start.into_stream(config?).await?, decided))
    };
    time::timeout(patience, handshake).await.unwrap_or(Err(HandshakeError::Timeout))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};

    use super::*;

    fn pair(names: &[&str]) -> (String, String) {
        let Generated { cert, signing_key } =
            generate_simple_self_signed(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    fn certificate(names: &[&str]) -> Certificate {
        let (cert, key) = pair(names);
        load_certificate(cert.as_bytes(), key.as_bytes()).unwrap()
    }

    #[test]
    fn b_037_the_longest_name_decides_and_the_order_breaks_ties() {
        let all = [
            certificate(&["first.example.org"]),
            certificate(&["*.example.com"]),
            certificate(&["a.example.com", "b.example.com"]),
            certificate(&["example.com"]),
        ];
        for (server_name, expected) in [
            ("a.example.com", 2),
            ("c.example.com", 1),
            ("example.com", 3),
            ("d.c.example.com", 0),
            ("", 0),
            ("first.example.org", 0),
        ] {
            assert_eq!(choose(&all, server_name), Some(&all[expected]), "{server_name}");
        }
        assert_eq!(choose(&[], "a.example.com"), None, "no certificate is never somebody else's");
    }

    #[test]
    fn a_key_that_does_not_fit_is_told_apart() {
        let (cert, _) = pair(&["a.example.com"]);
        let (_, key) = pair(&["a.example.com"]);
        let error = load_certificate(cert.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(error.is_mismatch(), "{error}");
    }

    #[test]
    fn what_is_no_certificate_says_so() {
        let (cert, key) = pair(&["a.example.com"]);
        let broken = cert.replace('M', "!");
        for (cert, key, expected) in [
            (key.as_str(), key.as_str(), "the certificate holds no PEM block of the type CERTIFICATE"),
            (cert.as_str(), cert.as_str(), "the private key cannot be read"),
            (broken.as_str(), key.as_str(), "the certificate cannot be read"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", key.as_str(), "the certificate cannot be used"),
        ] {
            let error = load_certificate(cert.as_bytes(), key.as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            assert!(!error.is_mismatch());
        }
    }

    #[test]
    fn s_023_no_output_shows_a_key() {
        assert_eq!(format!("{:?}", certificate(&["A.example.com"])), r#"Certificate { names: ["a.example.com"], .. }"#);
    }
}
