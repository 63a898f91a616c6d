//! Names as types, so that a namespace never stands where an object name belongs.
//!
//! These types say what *role* a text plays, not that the API server would accept it: a reference may carry any text, and
//! one that no object can bear simply finds nothing. Cloning shares the text.

use alloc::{borrow::ToOwned, string::String, sync::Arc};
use core::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use serde::{Serialize, Serializer};

/// A text that is shared, or one of those that every object repeats: groups and kinds would otherwise be most of the memory of
/// a large snapshot.
#[derive(Clone)]
enum Text {
    Known(&'static str),
    Shared(Arc<str>),
}

const KNOWN: [&str; 15] = [
    CORE_GROUP,
    GATEWAY_GROUP,
    GATEWAY_X_GROUP,
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "UDPRoute",
    "ListenerSet",
    "ReferenceGrant",
    "Service",
    "Secret",
    "Namespace",
];

impl Text {
    fn new(text: &str) -> Self {
        match KNOWN.iter().find(|known| **known == text) {
            Some(known) => Self::Known(known),
            None => Self::Shared(Arc::from(text)),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Shared(text) => text,
        }
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Text);

        impl $name {
            /// Wraps a text.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Text::new(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(&text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

name!(
    /// An API group; the core group is the empty text (I-028).
    Group
);
name!(
    /// A kind, such as `HTTPRoute`.
    Kind
);
name!(
    /// A namespace.
    Namespace
);
name!(
    /// The name of an object.
    ObjectName
);
name!(
    /// The name of a listener, rule or Service port: whatever a `sectionName` can point to.
    SectionName
);
name!(
    /// The name of a controller, `domain/path` (A-010).
    ControllerName
);

/// The group of GatewayClass, Gateway, ListenerSet, ReferenceGrant, BackendTLSPolicy and the routes.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";
/// The group of the experimental X kinds.
pub const GATEWAY_X_GROUP: &str = "gateway.networking.x-k8s.io";
/// The core group.
pub const CORE_GROUP: &str = "";

/// What one object is called: its group, kind, namespace and name.
///
/// A struct and never a joined string: two names joined by a separator can collide (`a-b` + `c` and `a` + `b-c`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectKey {
    /// Group of the kind, without a version.
    pub group: Group,
    /// Kind.
    pub kind: Kind,
    /// Namespace, or nothing for a cluster-scoped object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Name.
    pub name: ObjectName,
}

impl ObjectKey {
    /// The key of an object in a namespace.
    #[must_use]
    pub fn namespaced(group: &str, kind: &str, namespace: &Namespace, name: &ObjectName) -> Self {
        Self { group: group.into(), kind: kind.into(), namespace: Some(namespace.clone()), name: name.clone() }
    }

    /// The key of a cluster-scoped object.
    #[must_use]
    pub fn cluster(group: &str, kind: &str, name: &ObjectName) -> Self {
        Self { group: group.into(), kind: kind.into(), namespace: None, name: name.clone() }
    }

    /// The namespace as text; empty for a cluster-scoped object.
    #[must_use]
    pub fn namespace_str(&self) -> &str {
        self.namespace.as_ref().map_or("", Namespace::as_str)
    }

    /// `{namespace}/{name}`, the text that ties are broken with (G-009): compared as one text, in which `-` sorts
    /// before `/`. A cluster-scoped object is its bare name.
    #[must_use]
    pub fn namespaced_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => alloc::format!("{namespace}/{}", self.name),
            None => self.name.as_str().to_owned(),
        }
    }
}

/// `Kind namespace/name`.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_compare_the_joined_text_in_which_a_dash_sorts_before_the_slash() {
        let key = |namespace: &str| ObjectKey::namespaced(GATEWAY_GROUP, "HTTPRoute", &namespace.into(), &"r".into());
        assert!(key("a-b").namespaced_name() < key("a").namespaced_name());
    }

    #[test]
    fn pitfall_51_names_that_join_to_the_same_text_stay_different_keys() {
        let key =
            |namespace: &str, name: &str| ObjectKey::namespaced(GATEWAY_GROUP, "HTTPRoute", &namespace.into(), &name.into());
        assert_ne!(key("a-b", "c"), key("a", "b-c"));
        assert_ne!(key("a", "b"), ObjectKey { kind: "GRPCRoute".into(), ..key("a", "b") });
    }
}
