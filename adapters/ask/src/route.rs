//! What became of a route: attached or not at each of its parents, and why.

use std::collections::BTreeSet;

use gwapi_core::{
    Refusal, Resolution,
    model::ParentRef,
    name::{GATEWAY_GROUP, Namespace, ObjectKey, SectionName},
    resolution::{AttachedListener, Attachment, MeshScope, ResolvedListener, ResolvedRoute, ResolvedRule, ServedBy, Unclaimed},
};
use gwapi_manifest::render::escape;
use gwapi_match::report::ObjectReport;
use gwapi_status::{ConditionType, Reason, reason_of};
use serde::Serialize;

use crate::fix::{fix, fix_unclaimed};

/// What became of a route.
#[derive(Clone, Debug, Serialize)]
pub struct RouteReport {
    /// Which one.
    pub route: ObjectReport,
    /// One for each parentRef, in the order of the manifest.
    pub parents: Vec<ParentReport>,
    /// Why the route as a whole is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusalReport>,
    /// The rules that are refused, or have references that do not resolve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleReport>,
}

/// What became of one parentRef.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentReport {
    /// The reference, with defaults.
    pub parent_ref: ParentRef,
    /// Whether a listener accepts the route and the route serves something there.
    pub attached: bool,
    /// Of a Service: whose requests the route is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<ClientsReport>,
    /// The listeners that accept the route; of a Service its ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerReport>,
    /// Why the others do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusalReport>,
    /// Why nobody says anything about it in the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unclaimed: Option<UnclaimedReport>,
}

/// Whose requests a route of a Service is for (O-011, O-012).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientsReport {
    /// Of clients in all namespaces that have no routes of their own for the Service.
    Producer,
    /// Of clients in this namespace, that of the route.
    Consumer(Namespace),
}

/// A listener that accepts the route.
#[derive(Clone, Debug, Serialize)]
pub struct ListenerReport {
    /// Its name.
    pub listener: SectionName,
    /// Whether the listener itself is served.
    pub served: bool,
    /// The hostnames that are served there; `*` is every name.
    pub hostnames: Vec<String>,
}

/// A refusal with what it leads to.
#[derive(Clone, Debug, Serialize)]
pub struct RefusalReport {
    /// What is wrong.
    pub message: String,
    /// The condition that it makes false.
    pub condition: ConditionType,
    /// The reason of that condition.
    pub reason: Reason,
    /// What would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The facts.
    pub evidence: Refusal,
}

/// Why a parentRef is left alone.
#[derive(Clone, Debug, Serialize)]
pub struct UnclaimedReport {
    /// Why.
    pub message: String,
    /// What would change that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The facts.
    pub evidence: Unclaimed,
}

/// A rule that is refused, or has references that do not resolve.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// Its place.
    pub rule: usize,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<SectionName>,
    /// Why it takes part in nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusalReport>,
    /// References that do not resolve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<RefusalReport>,
}

impl RouteReport {
    /// Reports what became of a route.
    #[must_use]
    pub fn of(route: &ResolvedRoute, resolution: &Resolution) -> Self {
        let parents = parents(route).into_iter().map(|(parent_ref, outcome)| match outcome {
            Ok(attachment) => ParentReport::of(route, attachment, resolution),
            Err(unclaimed) => ParentReport::unclaimed(parent_ref, unclaimed),
        });
        let rules = route.rules.iter().map(|rule| RuleReport::of(rule));
        Self {
            route: ObjectReport::of(route.key()),
            parents: parents.collect(),
            refused: refusals(&route.refused),
            rules: rules.filter(|rule| !rule.refused.is_empty() || !rule.unresolved.is_empty()).collect(),
        }
    }

    /// Reports on the route `[KIND/]NS/NAME`; KIND is HTTPRoute and NS `default` if they are left out.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn find(resolution: &Resolution, written: &str) -> Result<Self, String> {
        find(resolution, written).map(|route| Self::of(route, resolution))
    }

    /// The report as lines for people.
    #[must_use]
    pub fn human(&self) -> String {
        let namespace = self.route.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let mut lines = vec![format!("{} {namespace}{}", self.route.kind, self.route.name)];
        for refusal in &self.refused {
            lines.extend(refusal.human("  refused: "));
        }
        if self.parents.is_empty() {
            lines.push("  no parentRefs, so it is attached to nothing".into());
        }
        for (index, parent) in self.parents.iter().enumerate() {
            lines.extend(parent.human(index));
        }
        for rule in &self.rules {
            let name = rule.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            lines.push(format!("  rule {}{name}", rule.rule));
            lines.extend(rule.refused.iter().flat_map(|refusal| refusal.human("    not served: ")));
            lines.extend(rule.unresolved.iter().flat_map(|refusal| refusal.human("    unresolved: ")));
        }
        lines.iter().map(|line| format!("{}\n", escape(line))).collect()
    }
}

fn find<'a>(resolution: &'a Resolution, written: &str) -> Result<&'a ResolvedRoute, String> {
    let parts: Vec<&str> = written.split('/').collect();
    let (kind, namespace, name) = match *parts.as_slice() {
        [name] => ("HTTPRoute", "default", name),
        [namespace, name] => ("HTTPRoute", namespace, name),
        [kind, namespace, name] => (kind, namespace, name),
        _ => return Err(format!("route `{written}` is not [KIND/]NS/NAME")),
    };
    let key = ObjectKey::namespaced(GATEWAY_GROUP, kind, &namespace.into(), &name.into());
    resolution.routes.get(&key).map(AsRef::as_ref).ok_or_else(|| {
        let known: Vec<String> = resolution.routes.keys().take(10).map(ToString::to_string).collect();
        let known = if known.is_empty() { "there is no route".into() } else { format!("there are {}", known.join(", ")) };
        format!("{key} does not exist; {known}")
    })
}

/// Every parentRef with what became of it, in the order of the manifest, and behind them the default Gateways.
#[must_use]
pub fn parents(route: &ResolvedRoute) -> Vec<(&ParentRef, Result<&Attachment, &Unclaimed>)> {
    let (mut claimed, mut silent) = (route.parents.iter().peekable(), route.unclaimed.iter());
    let mut parents = Vec::new();
    for parent_ref in &route.route.parent_refs {
        if let Some(attachment) = claimed.next_if(|attachment| attachment.parent_ref == *parent_ref) {
            parents.push((parent_ref, Ok(attachment)));
        } else if let Some((_, why)) = silent.next() {
            parents.push((parent_ref, Err(why)));
        }
    }
    // Default Gateways are named by nobody (P-004).
    parents.extend(claimed.map(|attachment| (&attachment.parent_ref, Ok(attachment))));
    parents
}

impl ParentReport {
    fn of(route: &ResolvedRoute, attachment: &Attachment, resolution: &Resolution) -> Self {
        let listeners = attachment.listeners.iter().map(|listener| ListenerReport::of(listener, attachment, resolution));
        Self {
            parent_ref: attachment.parent_ref.clone(),
            attached: attachment.is_attached() && route.has_valid_rule(),
            clients: ClientsReport::of(&attachment.served_by),
            listeners: listeners.collect(),
            refused: refusals(&attachment.refused),
            unclaimed: None,
        }
    }

    fn unclaimed(parent_ref: &ParentRef, why: &Unclaimed) -> Self {
        let unclaimed = UnclaimedReport { message: why.to_string(), fix: fix_unclaimed(why), evidence: why.clone() };
        Self {
            parent_ref: parent_ref.clone(),
            attached: false,
            clients: None,
            listeners: Vec::new(),
            refused: Vec::new(),
            unclaimed: Some(unclaimed),
        }
    }

    fn human(&self, index: usize) -> Vec<String> {
        let section = self.parent_ref.section_name.as_ref().map(|name| format!(", listener {name}")).unwrap_or_default();
        let port = self.parent_ref.port.map(|port| format!(", port {port}")).unwrap_or_default();
        let verdict = match (&self.unclaimed, self.attached) {
            (Some(_), _) => "left alone; the status says nothing about it",
            (None, true) => "attached",
            (None, false) => "not attached",
        };
        let mut lines = vec![format!("  parentRefs[{index}] {}{section}{port}: {verdict}", self.parent_ref.object())];
        lines.extend(self.clients.as_ref().filter(|_| self.attached).map(|clients| format!("    {}", clients.human())));
        let noun = if self.clients.is_some() { "port" } else { "listener" };
        for listener in &self.listeners {
            let served = if listener.served { "attached" } else { "attached, but the listener is not served" };
            lines.push(format!("    {noun} {}: {served}; hostnames {}", listener.listener, listener.hostnames.join(", ")));
        }
        lines.extend(self.refused.iter().flat_map(|refusal| refusal.human("    refused: ")));
        if let Some(unclaimed) = &self.unclaimed {
            lines.push(format!("    {}", unclaimed.message));
            lines.extend(unclaimed.fix.iter().map(|fix| format!("      fix: {fix}")));
        }
        lines
    }
}

impl ClientsReport {
    fn of(served_by: &ServedBy) -> Option<Self> {
        match served_by {
            ServedBy::Gateway(_) => None,
            ServedBy::Mesh { scope: MeshScope::Producer, .. } => Some(Self::Producer),
            ServedBy::Mesh { scope: MeshScope::Consumer(namespace), .. } => Some(Self::Consumer(namespace.clone())),
        }
    }

    fn human(&self) -> String {
        match self {
            Self::Producer => "for clients of every namespace without routes of its own for the Service".into(),
            Self::Consumer(namespace) => format!("for clients of namespace `{namespace}` only"),
        }
    }
}

impl ListenerReport {
    fn of(attached: &AttachedListener, attachment: &Attachment, resolution: &Resolution) -> Self {
        let served = attachment.served_by.gateway().is_none_or(|gateway| {
            let is_it = |one: &&ResolvedListener| one.key == attached.listener && one.is_served();
            resolution
                .gateways
                .get(gateway)
                .is_some_and(|gateway| gateway.is_accepted() && gateway.all_listeners().any(|one| is_it(&one)))
        });
        let hostnames: BTreeSet<String> = attached
            .hostnames
            .iter()
            .map(|hostname| hostname.served.as_ref().map_or_else(|| "*".into(), ToString::to_string))
            .collect();
        Self { listener: attached.listener.name.clone(), served, hostnames: hostnames.into_iter().collect() }
    }
}

impl RuleReport {
    fn of(rule: &ResolvedRule) -> Self {
        let unresolved = rule.unresolved().map(RefusalReport::of).collect();
        Self { rule: rule.index, name: rule.name.clone(), refused: refusals(&rule.refused), unresolved }
    }
}

fn refusals(refused: &[Refusal]) -> Vec<RefusalReport> {
    refused.iter().map(RefusalReport::of).collect()
}

impl RefusalReport {
    fn of(refusal: &Refusal) -> Self {
        let (condition, reason) = reason_of(refusal);
        Self { message: refusal.to_string(), condition, reason, fix: fix(refusal), evidence: refusal.clone() }
    }

    fn human(&self, lead: &str) -> Vec<String> {
        let indent = " ".repeat(lead.len() - lead.trim_start().len() + 2);
        let mut lines = vec![format!("{lead}{} ({}=False/{})", self.message, self.condition, self.reason)];
        lines.extend(self.fix.iter().map(|fix| format!("{indent}fix: {fix}")));
        lines
    }
}
