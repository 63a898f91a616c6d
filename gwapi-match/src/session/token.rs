//! What a client carries, sealed.
//!
//! A token is `version · masked(issue time · endpoint) · seal` in base64url. The seal is an HMAC-SHA-256 over scope, issue time
//! and endpoint; what it covers is masked with an HMAC over the seal, so that no address can be guessed from a token: the
//! construction known as SIV (Rogaway and Shrimpton 2006), with HMAC as the function. Both have inputs of their own.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gwapi_core::{
    name::ObjectKey,
    resolution::{BackendKey, ResolvedRule},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const SEAL: &[u8] = b"gwapi session 1: seal";
const MASK: &[u8] = b"gwapi session 1: mask";

/// Issue time and endpoint.
const CONTENT: usize = 8 + 16;
/// Everything, in bytes: a multiple of three, so that no text but one stands for them.
const BYTES: usize = 1 + CONTENT + 32;

/// An endpoint, by a digest of whatever the caller knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId([u8; 16]);

impl EndpointId {
    /// The endpoint that is known by these bytes: the UID of its pod, or its address and port. The UID is better: an address
    /// can go to another pod. To be called when endpoints change and not for every request.
    #[must_use]
    pub fn of(identity: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(identity).into();
        Self(*digest.first_chunk().unwrap_or(&[0; 16]))
    }
}

/// Where a session is valid, and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 32]);

impl Scope {
    /// A port of a backend, whichever rule sends there: for what the backend itself, or a policy on it, says (J-022).
    #[must_use]
    pub fn of_backend(backend: &BackendKey) -> Self {
        Fields::new(b"backend").backend(backend).end()
    }

    /// A port of a backend for one rule alone: for what the rule says. Two rules never share a session (J-023 before v1.7).
    ///
    /// The rule is known by its name, or else by its place: sessions of a rule without a name end when it moves.
    #[must_use]
    pub fn of_rule(route: &ObjectKey, rule: &ResolvedRule, backend: &BackendKey) -> Self {
        let fields = Fields::new(b"rule").object(route);
        let fields = match &rule.name {
            Some(name) => fields.field(b"name").field(name.as_str().as_bytes()),
            None => fields.field(b"index").field(&(rule.index as u64).to_be_bytes()),
        };
        fields.backend(backend).end()
    }

    /// 64 bits of it as a text: what makes generated names differ.
    pub(super) fn short(&self) -> String {
        self.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.short())
    }
}

/// A digest of texts with their lengths: no two lists of texts look the same (pitfall 51).
struct Fields(Sha256);

impl Fields {
    fn new(purpose: &[u8]) -> Self {
        Self(Sha256::new()).field(purpose)
    }

    fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn object(self, key: &ObjectKey) -> Self {
        let ObjectKey { group, kind, namespace, name } = key;
        let texts = [group.as_str(), kind.as_str(), namespace.as_ref().map_or("", |text| text.as_str()), name.as_str()];
        texts.iter().fold(self, |fields, text| fields.field(text.as_bytes()))
    }

    fn backend(self, backend: &BackendKey) -> Self {
        self.object(&backend.object).field(&backend.port.to_be_bytes())
    }

    fn end(self) -> Scope {
        Scope(self.0.finalize().into())
    }
}

/// A session as its token says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// When it began, as time since the Unix epoch. Tokens know milliseconds.
    pub since: Duration,
}

impl Session {
    fn to_bytes(self) -> [u8; CONTENT] {
        let since = u64::try_from(self.since.as_millis()).unwrap_or(u64::MAX);
        let mut bytes = [0; CONTENT];
        for (to, from) in bytes.iter_mut().zip(since.to_be_bytes().into_iter().chain(self.endpoint.0)) {
            *to = from;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; CONTENT]) -> Option<Self> {
        let (since, endpoint) = bytes.split_first_chunk()?;
        Some(Self { endpoint: EndpointId(endpoint.try_into().ok()?), since: Duration::from_millis(u64::from_be_bytes(*since)) })
    }
}

/// A token as clients carry it: characters that need no quotes in a cookie or header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; Self::LEN]);

impl Token {
    /// How long every token is.
    pub const LEN: usize = BYTES / 3 * 4;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.as_str()).finish()
    }
}

/// The keys that tokens are sealed with: the same for every replica of the gateway, and known to nobody else (J-035).
///
/// To replace a key, first let every replica know the new one as an older key, then make it the newest, and drop the old one
/// when the sessions that matter have been seen again: their tokens are replaced on the way.
#[derive(Clone)]
pub struct Keys {
    newest: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys(1 + {})", self.older.len())
    }
}

/// A token that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub session: Session,
    /// Whether an older key has sealed it.
    pub is_old: bool,
}

impl Keys {
    /// Keys of random bytes. Tokens are made with the newest, and read with each, the newest first.
    #[must_use]
    pub fn new(newest: &[u8; 32], older: &[[u8; 32]]) -> Self {
        Self { newest: mac(newest), older: older.iter().map(mac).collect() }
    }

    /// The token of a session. The same session always gives the same token.
    #[must_use]
    pub fn seal(&self, scope: &Scope, session: &Session) -> Token {
        let mut content = session.to_bytes();
        let seal: [u8; 32] = sealing(&self.newest, scope, &content).finalize().into_bytes().into();
        mask(&self.newest, &seal, &mut content);
        let mut bytes = [0; BYTES];
        for (to, from) in bytes.iter_mut().zip([VERSION].into_iter().chain(content).chain(seal)) {
            *to = from;
        }
        let mut text = [0; Token::LEN];
        // It fits: the lengths are constants that a test compares.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        Token(text)
    }

    /// What a token says that was sealed for this scope; nothing for any other bytes. Neither allocates nor, by the time that
    /// it takes, tells how much of a seal is right.
    #[must_use]
    pub fn open(&self, scope: &Scope, text: &[u8]) -> Option<Opened> {
        if text.len() != Token::LEN {
            return None;
        }
        let mut bytes = [0; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (version, rest) = bytes.split_first()?;
        if length != BYTES || *version != VERSION {
            return None;
        }
        let (content, seal) = rest.split_first_chunk::<CONTENT>()?;
        let keys = std::iter::once((&self.newest, false)).chain(self.older.iter().map(|key| (key, true)));
        keys.into_iter().find_map(|(key, is_old)| {
            let mut content = *content;
            mask(key, seal, &mut content);
            sealing(key, scope, &content).verify_slice(seal).ok()?;
            Some(Opened { session: Session::from_bytes(&content)?, is_old })
        })
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    // As HMAC itself fills up short keys.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new(&block.into())
}

fn sealing(key: &Hmac<Sha256>, scope: &Scope, content: &[u8; CONTENT]) -> Hmac<Sha256> {
    key.clone().chain_update(SEAL).chain_update(scope.0).chain_update(content)
}

fn mask(key: &Hmac<Sha256>, seal: &[u8], content: &mut [u8; CONTENT]) {
    let mask: [u8; 32] = key.clone().chain_update(MASK).chain_update(seal).finalize().into_bytes().into();
    for (byte, mask) in content.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
