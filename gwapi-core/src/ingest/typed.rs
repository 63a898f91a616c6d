//! Typed conversions from the crates `gateway-api` and `k8s-openapi`.
//!
//! They are short for [`Object::from_serialize`], and **lossy before they begin**: a typed object holds only the fields that
//! its crate knows. gateway-api 0.22 knows the Gateway API up to v1.5 and drops newer fields in silence when it reads them,
//! among them the filters of listeners and the routability of addresses, so that the finding that law 11 asks for cannot be
//! made here. Where the objects come from an API server or a file, read them as JSON or kube's `DynamicObject` instead.
//!
//! k8s-openapi builds for exactly one version of Kubernetes, which is the user's to choose: add it to the dependencies of
//! the program with one of its `v1_*` features. This crate never switches one on, and so does not build alone with the
//! feature `gateway-api`.

use super::{Ingested, from_serialize};
use crate::model::Object;

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {
        impl Object {
            $(
                $(#[$doc])*
                ///
                /// Lossy: fields that the type does not know are gone already; see [`Object::from_serialize`].
                #[must_use]
                pub fn $name(object: &$type) -> Ingested {
                    from_serialize(object)
                }
            )*
        }
    };
}

typed! {
    /// Reads a GatewayClass.
    from_gateway_class(gateway_api::gatewayclasses::GatewayClass);
    /// Reads a Gateway.
    from_gateway(gateway_api::gateways::Gateway);
    /// Reads an HTTPRoute.
    from_http_route(gateway_api::httproutes::HttpRoute);
    /// Reads a GRPCRoute.
    from_grpc_route(gateway_api::grpcroutes::GrpcRoute);
    /// Reads a TLSRoute.
    from_tls_route(gateway_api::tlsroutes::TlsRoute);
    /// Reads a ListenerSet.
    from_listener_set(gateway_api::listenersets::ListenerSet);
    /// Reads a BackendTLSPolicy.
    from_backend_tls_policy(gateway_api::backendtlspolicies::BackendTlsPolicy);
    /// Reads a ReferenceGrant.
    from_reference_grant(gateway_api::referencegrants::ReferenceGrant);
    /// Reads a Namespace.
    from_namespace(k8s_openapi::api::core::v1::Namespace);
    /// Reads a Service.
    from_service(k8s_openapi::api::core::v1::Service);
    /// Reads a Secret; the private key does not get into the object.
    from_secret(k8s_openapi::api::core::v1::Secret);
    /// Reads a ConfigMap.
    from_config_map(k8s_openapi::api::core::v1::ConfigMap);
}
