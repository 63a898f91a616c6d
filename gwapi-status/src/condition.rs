//! Conditions: what a status consists of.

use alloc::string::String;
use core::fmt;

use serde::{Serialize, Serializer};

use crate::{message::shorten, reason::Reason};

/// An enum whose variants are words of the API: each is called as it is written.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(
    /// The types of conditions on objects of every kind, their listeners, parents and ancestors. Deprecated ones are missing
    /// (B-072).
    ConditionType {
        /// The object takes part.
        Accepted,
        /// The data plane has the configuration.
        Programmed,
        /// Every reference leads somewhere.
        ResolvedRefs,
        /// A listener cannot be told apart from another (B-009).
        Conflicted,
        /// TLS hostnames or certificates of listeners on one port overlap (B-030).
        OverlappingTLSConfig,
        /// Some rules of a route are dropped.
        PartiallyInvalid,
        /// The installed CRDs are of a version that the controller knows.
        SupportedVersion,
        /// Every address asked for is assigned (B-080).
        AddressesAssigned,
        /// Client certificates are not insisted on (B-048).
        InsecureFrontendValidationMode,
        /// Routes that ask for default Gateways are claimed (P-005).
        DefaultGateway,
    }
);

impl ConditionType {
    /// Whether it tells of something bad, and so is there only while it is true.
    #[must_use]
    pub fn is_negative(self) -> bool {
        matches!(
            self,
            Self::Conflicted | Self::OverlappingTLSConfig | Self::PartiallyInvalid | Self::InsecureFrontendValidationMode
        )
    }
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody has looked yet.
    Unknown,
}

impl ConditionStatus {
    /// The status as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ConditionStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One condition, without what only the writing knows: generation and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Type.
    #[serde(rename = "type")]
    pub type_: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as a word.
    pub reason: Reason,
    /// Why, for people: at most [`MAX_MESSAGE`](crate::MAX_MESSAGE) characters. It says nothing that changes while the
    /// input stays the same (pitfalls 66, 67).
    pub message: String,
}

impl Condition {
    /// A condition that holds.
    #[must_use]
    pub fn holds(type_: ConditionType, reason: Reason, message: impl Into<String>) -> Self {
        Self { type_, status: ConditionStatus::True, reason, message: shorten(message.into()) }
    }

    /// A condition that does not hold.
    #[must_use]
    pub fn fails(type_: ConditionType, reason: Reason, message: impl Into<String>) -> Self {
        Self { type_, status: ConditionStatus::False, reason, message: shorten(message.into()) }
    }

    /// Whether it holds.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True
    }
}
