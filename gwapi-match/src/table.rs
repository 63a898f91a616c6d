//! What one Gateway serves.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use gwapi_core::{
    Hostname,
    choices::Choices,
    model::{Protocol, SecretRef},
    name::ObjectKey,
    resolution::ListenerKey,
};

use crate::{
    decision::{ChosenRule, Decision, Outcome},
    head::{HeadParts, Reject, RequestHead},
    headers::Headers,
    hosts::HostMap,
    index::Index,
    routed::Routed,
};

/// The tables of a Resolution: one for each accepted Gateway. Untouched ones are shared with the tables before.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// By the key of the Gateway.
    pub gateways: BTreeMap<ObjectKey, Arc<Table>>,
    pub(crate) seed: u64,
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        // The seed is in no answer.
        self.gateways == other.gateways
    }
}

impl Eq for Tables {}

/// What one Gateway serves: listeners, and for each of them the rules in the order of precedence.
///
/// A table never changes; a new configuration is a new table. Two tables are equal if they answer alike.
#[derive(Debug)]
pub struct Table {
    pub(crate) generation: Generation,
    pub(crate) gateway: ObjectKey,
    pub(crate) choices: Choices,
    pub(crate) detects_misdirected: bool,
    pub(crate) listeners: Vec<Arc<Section>>,
    pub(crate) ports: Arc<Ports>,
}

/// Where the listeners of a table are: shared by all tables of a Gateway in which only routes differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// For each port the numbers of its listeners by hostname.
    pub(crate) hosts: BTreeMap<Port, HostMap<u32>>,
    pub(crate) numbers: BTreeMap<ListenerKey, u32>,
}

/// A listener and its rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) listener: Arc<ServedListener>,
    pub(crate) index: Index,
}

/// A port on which connections are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Whether connections begin with TLS.
    pub is_tls: bool,
}

/// A listener that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedListener {
    /// Where it is declared.
    pub key: ListenerKey,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname; nothing means every name.
    pub hostname: Option<Hostname>,
    /// Certificates that can be used, in the order of the manifest.
    pub certificates: Vec<SecretRef>,
}

/// The number of a listener in one table. Another table does not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId {
    pub(crate) generation: Generation,
    pub(crate) index: u32,
}

/// Tells the tables of a process apart, so that numbers of one never mean something in another (law 6).
///
/// Drawn from a counter and not from the contents: a hash would cost as much as the whole table on every change, and could
/// collide. Nothing that is shown depends on it, and tables are compared without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Generation(u64);

impl Generation {
    /// One that no table has.
    pub(crate) const NONE: Self = Self(0);

    /// One that no table has had before.
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Only uniqueness matters, so no other memory needs to be ordered with it.
        Self(LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

impl Table {
    /// The Gateway.
    #[must_use]
    pub fn gateway(&self) -> &ObjectKey {
        &self.gateway
    }

    /// The choices that it was compiled with.
    #[must_use]
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The ports to listen on.
    pub fn ports(&self) -> impl Iterator<Item = Port> {
        self.ports.hosts.keys().copied()
    }

    /// The listeners, in the order of the manifest.
    pub fn listeners(&self) -> impl Iterator<Item = &ServedListener> {
        self.listeners.iter().map(|section| &*section.listener)
    }

    /// A listener; nothing if the number is of another table.
    #[must_use]
    pub fn listener(&self, id: ListenerId) -> Option<&ServedListener> {
        self.section(id).map(|section| &*section.listener)
    }

    /// Reads the head of a request. What is matched is what is forwarded.
    ///
    /// # Errors
    /// If no servers agree on what its path or host is, so that it is answered with 400.
    pub fn head<'r, H: Headers + ?Sized>(&self, parts: HeadParts<'r, H>) -> Result<RequestHead<'r, H>, Reject> {
        RequestHead::new(parts, &self.choices)
    }

    /// The one rule that serves a request on a listener (G-010), or that there is none (F-019).
    ///
    /// Takes no lock and allocates nothing, unless a pattern is held against a repeated header or an encoded query value, or
    /// more than sixteen different query parameters are asked for under one hostname.
    /// With the number of a listener of another table the answer is one that no table knows.
    #[must_use]
    pub fn route<H: Headers + ?Sized>(&self, listener: ListenerId, head: &RequestHead<'_, H>) -> Routed {
        let Some(section) = self.section(listener) else { return Routed::unknown() };
        let host = head.host.as_ref().map(|host| host.as_str());
        // S-013: also if somebody asks a listener that `admit` did not name.
        let covered = match (&section.listener.hostname, host) {
            (None, _) => true,
            (Some(hostname), Some(host)) => hostname.matches(host),
            (Some(_), None) => false,
        };
        let place = if covered { section.index.find(host, head, &self.choices) } else { None };
        Routed { generation: self.generation, listener: listener.index, place }
    }

    /// What was decided; nothing if it was by another table.
    #[must_use]
    pub fn decision(&self, routed: Routed) -> Option<Decision<'_>> {
        let id = ListenerId { generation: routed.generation, index: routed.listener };
        let section = self.section(id)?;
        let Some(place) = routed.place else { return Some(Decision::not_found(&section.listener)) };
        let (bucket, entry) = section.index.entry(place)?;
        let rule = ChosenRule {
            route: &entry.rule.route.meta.key,
            rule: &entry.rule.rule,
            match_index: entry.match_index,
            hostname: bucket.hostname.as_ref(),
        };
        let outcome = Outcome::of(&entry.rule, self.choices.zero_weights);
        Some(Decision { listener: &section.listener, rule: Some(rule), outcome })
    }

    pub(crate) fn section(&self, id: ListenerId) -> Option<&Section> {
        self.listeners.get(id.index as usize).map(|section| &**section).filter(|_| id.generation == self.generation)
    }

    /// The part of a listener; nothing if it is not served.
    pub(crate) fn section_of(&self, listener: &ListenerKey) -> Option<(usize, &Arc<Section>)> {
        let number = *self.ports.numbers.get(listener)? as usize;
        Some((number, self.listeners.get(number)?))
    }

    pub(crate) fn listener_id(&self, index: u32) -> ListenerId {
        ListenerId { generation: self.generation, index }
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self { generation: _, gateway, choices, detects_misdirected, listeners, ports } = self;
        (gateway, choices, detects_misdirected, listeners, ports)
            == (&other.gateway, &other.choices, &other.detects_misdirected, &other.listeners, &other.ports)
    }
}

impl Eq for Table {}

/// Tables are handed between threads and kept by requests that outlive a configuration.
const _: () = {
    const fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Tables>();
    shareable::<Table>();
};
