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

use gwapi_core::model::{Fraction, HeaderName, ParentBasedSampling, SpanAttributeValue, Tracer};

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
/// One whose header the request does not have, or whose key nobody knows, is left out. `of_key` is asked for keys of the
/// [`DICTIONARY`] and for headers of the response (`http.response.header.<name>`): what a data plane knows besides is not for
/// policies to read.
pub fn attributes<'a, H: Headers + ?Sized>(
    tracer: &'a Tracer,
    headers: &'a H,
    mut of_key: impl FnMut(&str) -> Option<Cow<'a, str>>,
) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
    tracer.attributes.iter().filter_map(move |attribute| {
        let value = match &attribute.value {
            SpanAttributeValue::Literal(text) => Cow::Borrowed(&**text),
            SpanAttributeValue::Header(name) => text(headers.joined(name.as_str())?),
            SpanAttributeValue::Attribute(key) => match key.strip_prefix(REQUEST_HEADER) {
                Some(name) if is_header(name) => text(headers.joined(name)?),
                _ if is_in_dictionary(key) => of_key(key)?,
                _ => return None,
            },
        };
        Some((&*attribute.name, value))
    })
}

/// The keys whose values policies can ask for, besides those of headers: the dictionary of GEP-5253. In the order of the alphabet.
pub const DICTIONARY: [&str; 27] = [
    "client.address",
    "client.port",
    "error.type",
    "http.request.method",
    "http.request.method_original",
    "http.response.status_code",
    "http.route",
    "k8s.cluster.name",
    "k8s.cluster.uid",
    "network.peer.address",
    "network.peer.port",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "network.type",
    "server.address",
    "server.port",
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "url.fragment",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

/// What stands before the name of a header in the keys of the dictionary for headers.
const REQUEST_HEADER: &str = "http.request.header.";
const RESPONSE_HEADER: &str = "http.response.header.";

/// Whether the dictionary has a key: one of the [`DICTIONARY`], or that of a header.
#[must_use]
pub fn is_in_dictionary(key: &str) -> bool {
    let of_header = [REQUEST_HEADER, RESPONSE_HEADER].into_iter().find_map(|start| key.strip_prefix(start));
    of_header.map_or_else(|| DICTIONARY.binary_search(&key).is_ok(), is_header)
}

/// Whether it is the name of a header as keys have it: in lower case.
fn is_header(name: &str) -> bool {
    HeaderName::parse(name).is_ok_and(|parsed| parsed.as_str() == name)
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
    use gwapi_core::model::{BackendObjectRef, SpanAttribute};

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
            attribute("asked", SpanAttributeValue::Attribute("http.request.header.x-tenant".into())),
            attribute("odd", SpanAttributeValue::Attribute("http.request.header.X-Tenant".into())),
            attribute("answered", SpanAttributeValue::Attribute("http.response.header.etag".into())),
        ]);
        let headers: &[(&[u8], &[u8])] = &[(b"x-tenant", b"a"), (b"X-Tenant", b"b"), (b"x-raw", b"\xff")];
        let of_key = |key: &str| (key != "http.route").then(|| Cow::Owned(format!("<{key}>")));
        let found: Vec<_> = attributes(&tracer, headers, of_key).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            found,
            ["tenant=a,b", "raw=\u{fffd}", "env=prod", "path=<url.path>", "asked=a,b", "answered=<http.response.header.etag>"]
        );
    }

    #[test]
    fn p_042_the_dictionary_is_in_order() {
        assert!(DICTIONARY.is_sorted());
        for key in ["url.path", "k8s.cluster.uid", "http.request.header.x-a", "http.response.header.etag"] {
            assert!(is_in_dictionary(key), "{key}");
        }
        // A tree of keys is none, nor is what OpenTelemetry has and the dictionary has not.
        for key in
            ["", "url", "http.request.header.", "http.request.header.a b", "http.request.resend_count", "network.local.port"]
        {
            assert!(!is_in_dictionary(key), "{key}");
        }
    }
}
