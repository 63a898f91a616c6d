//! An explanation as a few lines of text.

use std::fmt;

use gwapi_core::resolution::{MeshScope, ResolvedListener, ResolvedRule};

use super::{Answer, Candidate, Explanation, Placement, Share, Verdict};

/// The listener, what is done, the rule that serves the request with the key that decided, and the other candidates in order.
/// No line break at the end.
impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.admission {
            Placement::Listener(listener) => write_listener(f, listener)?,
            Placement::Service(place) => write!(f, "port {} of {}, {}", place.port, place.service.key, scope_text(place.scope))?,
            Placement::PassThrough => return f.write_str("no route has to do with it, and it goes on to where it goes"),
            Placement::Misdirected => f.write_str("the host belongs to another listener than the connection")?,
            Placement::NotFound => f.write_str("no listener covers the host")?,
            Placement::Refused(why) => return write!(f, "the connection is refused: {why}"),
        }
        write!(f, "\n{}", self.verdict)?;
        let matching = self.candidates.iter().filter(|candidate| candidate.failure.is_none());
        let next = matching.clone().skip(1).map(Some).chain([None]);
        let keys = self.decided_by.iter().map(Some).chain(std::iter::repeat(None));
        for ((place, candidate), (next, key)) in matching.enumerate().zip(next.zip(keys)) {
            write!(f, "\n{} {candidate}", if place == 0 { "by" } else { "then" })?;
            if let (Some(next), Some(key)) = (next, key) {
                write!(f, "\n  decided by {key} over {next}")?;
            }
        }
        for candidate in &self.candidates {
            if let Some(failure) = candidate.failure {
                write!(f, "\nnot {candidate}: {failure}")?;
            }
        }
        Ok(())
    }
}

fn scope_text(scope: &MeshScope) -> String {
    match scope {
        MeshScope::Producer => "routes for all clients".to_owned(),
        MeshScope::Consumer(namespace) => format!("routes for clients of namespace `{namespace}`"),
    }
}

fn write_listener(f: &mut fmt::Formatter<'_>, listener: &ResolvedListener) -> fmt::Result {
    write!(f, "listener `{}` of {} ({} port {}", listener.key.name, listener.key.parent, listener.protocol, listener.port)?;
    match &listener.hostname {
        Some(hostname) => write!(f, ", {hostname})"),
        None => f.write_str(")"),
    }
}

/// `HTTPRoute shop/cart, rule 0, match 0`.
impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResolvedRule { index, name, .. } = self.rule;
        write!(f, "{}, rule {index}", self.route.key())?;
        if let Some(name) = name {
            write!(f, " `{name}`")?;
        }
        write!(f, ", match {}", self.match_index)
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "the connection is refused: {why}"),
            Self::PassThrough => f.write_str("pass on"),
            Self::Reject => f.write_str("reject"),
            Self::Respond(status) => write!(f, "respond {}", status.as_u16()),
            Self::Redirect(redirect) => write!(f, "redirect {}", redirect.status_code),
            Self::Split(shares) => write_shares(f, shares),
        }
    }
}

fn write_shares(f: &mut fmt::Formatter<'_>, shares: &[Share<'_>]) -> fmt::Result {
    let total: u64 = shares.iter().map(|share| u64::from(share.weight)).sum();
    let with_weight = || shares.iter().filter(|share| share.weight > 0);
    f.write_str("forward to ")?;
    for (place, share) in with_weight().enumerate() {
        f.write_str(if place == 0 { "" } else { ", " })?;
        write!(f, "{}", share.answer)?;
        if with_weight().count() > 1 {
            write!(f, " ({} of {total})", share.weight)?;
        }
    }
    Ok(())
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(target) => write!(f, "{}:{}", target.key.object, target.key.port),
            Self::Redirect(redirect) => write!(f, "a redirect {}", redirect.status_code),
            Self::Respond(status) => write!(f, "the answer {}", status.as_u16()),
            Self::Reject => f.write_str("a rejection"),
        }
    }
}

#[cfg(test)]
mod tests {
    use gwapi_core::{Controller, Object, Snapshot, model::Scheme, resolve};
    use serde_json::{Value, json};

    use crate::{
        connect::Arrival,
        explain::explain,
        head::{HeadParts, RequestHead},
    };

    fn object(kind: &str, name: &str, spec: Value) -> Option<Object> {
        let api_version = if kind == "Service" { "v1" } else { "gateway.networking.k8s.io/v1" };
        let metadata = json!({"namespace": "shop", "name": name});
        Object::from_json(&json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})).object
    }

    #[test]
    fn an_explanation_reads_from_the_listener_to_what_did_not_match() {
        let rule = |path: &str| json!({"matches": [{"path": {"value": path}}], "backendRefs": [{"name": "cart", "port": 8080}]});
        let route = |rules: Value| json!({"parentRefs": [{"name": "edge"}], "rules": rules});
        let listener = json!({"name": "http", "port": 80, "protocol": "HTTP"});
        let objects = [
            object("Gateway", "edge", json!({"gatewayClassName": "any", "listeners": [listener]})),
            object("HTTPRoute", "all", route(json!([rule("/")]))),
            object("HTTPRoute", "cart", route(json!([rule("/cart"), rule("/admin")]))),
            object("Service", "cart", json!({"ports": [{"port": 8080}]})),
        ];
        let resolution = resolve(&objects.into_iter().flatten().collect::<Snapshot>(), &Controller::default());
        let gateway = resolution.gateways.keys().next().expect("one Gateway");
        let headers: &[(&[u8], &[u8])] = &[(b"host", b"shop.example.com")];
        let parts = |path_and_query| HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query, headers };
        let text = |path, port| {
            let head = RequestHead::new(parts(path), &resolution.controller.choices).expect("a request");
            explain(&resolution, gateway, &Arrival::plain(port), &head).expect("the Gateway is accepted").to_string()
        };
        assert_eq!(
            text("/cart/1", 80),
            "listener `http` of Gateway shop/edge (HTTP port 80)\n\
             forward to Service shop/cart:8080\n\
             by HTTPRoute shop/cart, rule 0, match 0\n  \
               decided by path-length over HTTPRoute shop/all, rule 0, match 0\n\
             then HTTPRoute shop/all, rule 0, match 0\n\
             not HTTPRoute shop/cart, rule 1, match 0: path"
        );
        assert_eq!(text("/", 81), "the connection is refused: no listener that is served has that port");
    }
}
