//! Which requests are traced, and what their spans say (P-041, P-042).
//!
//! ```
//! use gwapi_core::model::{Fraction, ParentBasedSampling};
//! use gwapi_match::sampling::{Sampling, is_sampled};
//!
//! let tenth = Fraction { numerator: 1, denominator: 10 };
//! let sampling = Sampling { rate: Some(tenth), parent_based: ParentBasedSampling::Enabled(None) };
//! let random = u64::MAX / 2; // uniform over all of `u64`
//! assert!(!is_sampled(sampling, None, random), "not among the tenth");
//! assert!(is_sampled(sampling, Some(true), random), "the caller traces it");
//! assert!(!is_sampled(sampling, Some(false), 0), "the caller does not");
//! ```

use std::borrow::Cow;

use gwapi_core::model::{Fraction, ParentBasedSampling, SpanAttributeValue, Tracer};

use crate::{filters::mirror::selected, headers::Headers};

/// The share of requests that is traced if nothing says which, of those without a caller who decides: everything, as OpenTelemetry
/// has it. Whoever writes `mode: Enabled` and nothing else wants to see something.
pub const DEFAULT_RATE: Fraction = Fraction::ALL;

/// What a [`Tracer`] says about which requests are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// The share of the requests.
    pub rate: Option<Fraction>,
    /// What the decision of the caller counts.
    pub parent_based: ParentBasedSampling,
}

impl From<&Tracer> for Sampling {
    fn from(tracer: &Tracer) -> Self {
        Self { rate: tracer.sampling_rate, parent_based: tracer.parent_based_sampling }
    }
}

/// Whether a request is traced (P-041). `parent` is the `sampled` flag of the trace that the request is part of; nothing if it is
/// part of none, or its `traceparent` cannot be read. `random` is uniform over all of `u64`.
///
/// | `parentBasedSampling` | caller traces   | caller does not | no caller      |
/// |-----------------------|-----------------|-----------------|----------------|
/// | Enabled               | its own rate    | no              | `samplingRate` |
/// | Disabled              | `samplingRate`  | `samplingRate`  | `samplingRate` |
/// | ImplementationDefault | yes             | no              | `samplingRate` |
///
/// What is left to us is decided as OpenTelemetry does by default: callers are followed, so that traces are whole, and without a
/// `samplingRate` it is [`DEFAULT_RATE`].
#[must_use]
pub fn is_sampled(sampling: Sampling, parent: Option<bool>, random: u64) -> bool {
    let rate = match (sampling.parent_based, parent) {
        (ParentBasedSampling::Disabled, _) | (_, None) => sampling.rate.unwrap_or(DEFAULT_RATE),
        (_, Some(false)) => return false,
        (ParentBasedSampling::Enabled(rate), Some(true)) => rate.unwrap_or(Fraction::ALL),
        (ParentBasedSampling::ImplementationDefault, Some(true)) => Fraction::ALL,
    };
    selected(rate, random)
}

/// The attributes that a policy gives to every span of a request, in the order of the policy (P-042).
///
/// One whose header the request does not have, or whose key nobody knows, is left out. `of_key` is asked for the keys of
/// [`DICTIONARY`] only: what a data plane knows besides is not for policies to read.
pub fn attributes<'a, H: Headers + ?Sized>(
    tracer: &'a Tracer,
    headers: &'a H,
    mut of_key: impl FnMut(&str) -> Option<Cow<'a, str>>,
) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
    tracer.attributes.iter().filter_map(move |attribute| {
        let value = match &attribute.value {
            SpanAttributeValue::Literal(text) => Cow::Borrowed(&**text),
            SpanAttributeValue::Header(name) => text(headers.joined(name.as_str())?),
            SpanAttributeValue::Attribute(key) if is_in_dictionary(key) => of_key(key)?,
            SpanAttributeValue::Attribute(_) => return None,
        };
        Some((&*attribute.name, value))
    })
}

/// The keys whose values policies can ask for: the stable ones of OpenTelemetry that say something about a request (GEP-5253).
/// In the order of the alphabet.
pub const DICTIONARY: [&str; 23] = [
    "client.address",
    "client.port",
    "error.type",
    "http.request.method",
    "http.request.method_original",
    "http.request.resend_count",
    "http.response.status_code",
    "http.route",
    "network.local.address",
    "network.local.port",
    "network.peer.address",
    "network.peer.port",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "network.type",
    "server.address",
    "server.port",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

/// Whether a key is one of the [`DICTIONARY`].
#[must_use]
pub fn is_in_dictionary(key: &str) -> bool {
    DICTIONARY.binary_search(&key).is_ok()
}

/// Spans hold text.
fn text(value: Cow<'_, [u8]>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use gwapi_core::model::{BackendObjectRef, HeaderName, SpanAttribute};

    use super::*;

    const HALF: Fraction = Fraction { numerator: 1, denominator: 2 };
    const NONE: Fraction = Fraction { numerator: 0, denominator: 100 };
    const LOW: u64 = u64::MAX / 4;
    const HIGH: u64 = u64::MAX / 4 * 3;

    fn sampled(rate: Option<Fraction>, parent_based: ParentBasedSampling, parent: Option<bool>) -> (bool, bool) {
        let sampling = Sampling { rate, parent_based };
        (is_sampled(sampling, parent, LOW), is_sampled(sampling, parent, HIGH))
    }

    const ALWAYS: (bool, bool) = (true, true);
    const NEVER: (bool, bool) = (false, false);
    const HALF_OF_THEM: (bool, bool) = (true, false);

    #[test]
    fn p_041_who_decides() {
        use ParentBasedSampling::{Disabled, Enabled, ImplementationDefault};
        for (parent_based, rate, traces, does_not, no_caller) in [
            (Enabled(None), Some(HALF), ALWAYS, NEVER, HALF_OF_THEM),
            (Enabled(Some(HALF)), Some(NONE), HALF_OF_THEM, NEVER, NEVER),
            (Enabled(Some(NONE)), None, NEVER, NEVER, ALWAYS),
            (Disabled, Some(HALF), HALF_OF_THEM, HALF_OF_THEM, HALF_OF_THEM),
            (Disabled, Some(NONE), NEVER, NEVER, NEVER),
            (Disabled, None, ALWAYS, ALWAYS, ALWAYS),
            (ImplementationDefault, Some(HALF), ALWAYS, NEVER, HALF_OF_THEM),
            (ImplementationDefault, None, ALWAYS, NEVER, ALWAYS),
        ] {
            let of = |parent| sampled(rate, parent_based, parent);
            assert_eq!((of(Some(true)), of(Some(false)), of(None)), (traces, does_not, no_caller), "{parent_based:?} {rate:?}");
        }
    }

    fn tracer(attributes: Vec<SpanAttribute>) -> Tracer {
        let backend = BackendObjectRef {
            group: "".into(),
            kind: "Service".into(),
            namespace: "o".into(),
            name: "otel".into(),
            port: Some(4317),
        };
        Tracer {
            backend,
            headers: vec![],
            sampling_rate: Some(HALF),
            parent_based_sampling: ParentBasedSampling::Disabled,
            service_name: None,
            span_name: None,
            attributes,
        }
    }

    #[test]
    fn p_041_a_tracer_says_it() {
        let sampling = Sampling::from(&tracer(vec![]));
        assert_eq!(sampling, Sampling { rate: Some(HALF), parent_based: ParentBasedSampling::Disabled });
    }

    #[test]
    fn p_042_attributes_come_from_headers_texts_and_the_dictionary() {
        let header = |name| SpanAttributeValue::Header(HeaderName::parse(name).unwrap());
        let attribute = |name: &str, value| SpanAttribute { name: name.into(), value };
        let tracer = tracer(vec![
            attribute("tenant", header("X-Tenant")),
            attribute("none", header("x-none")),
            attribute("raw", header("x-raw")),
            attribute("env", SpanAttributeValue::Literal("prod".into())),
            attribute("path", SpanAttributeValue::Attribute("url.path".into())),
            attribute("unknown", SpanAttributeValue::Attribute("http.route".into())),
            attribute("secret", SpanAttributeValue::Attribute("proxy.upstream.secret".into())),
        ]);
        let headers: &[(&[u8], &[u8])] = &[(b"x-tenant", b"a"), (b"X-Tenant", b"b"), (b"x-raw", b"\xff")];
        let of_key = |key: &str| (key != "http.route").then(|| Cow::Owned(format!("<{key}>")));
        let found: Vec<_> = attributes(&tracer, headers, of_key).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found, ["tenant=a,b", "raw=\u{fffd}", "env=prod", "path=<url.path>"]);
    }

    #[test]
    fn p_042_the_dictionary_is_in_order() {
        assert!(DICTIONARY.is_sorted());
        assert!(is_in_dictionary("url.path") && !is_in_dictionary("url") && !is_in_dictionary(""));
    }
}
