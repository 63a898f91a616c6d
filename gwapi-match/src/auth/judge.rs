//! What the service's answer means.

use gwapi_core::model::HttpAuth;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Denial, DenialReason, is_of_the_message};
use crate::filters::FilterError;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, changed like this.
    Allow(Changes),
    /// It does not.
    Deny(Denial),
}

/// What a service that allows a request does to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Headers that the request loses, whoever has set them.
    pub remove: Vec<HeaderName>,
    /// Headers that it gets then, each behind those of its name.
    pub add: Vec<(HeaderName, HeaderValue)>,
    /// Headers that the response to the client gets. For GRPC only.
    pub response: Vec<(HeaderName, HeaderValue)>,
}

impl Changes {
    /// Changes the headers of the request.
    ///
    /// # Errors
    /// If there is no room: the request must not go on.
    pub fn apply(&self, headers: &mut HeaderMap) -> Result<(), FilterError> {
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.add {
            let appended = headers.try_append(name.clone(), value.clone());
            appended.map_err(|_| FilterError::Header { name: name.to_string() })?;
        }
        Ok(())
    }

    fn set(&mut self, name: &HeaderName, value: &HeaderValue) {
        if !self.remove.contains(name) {
            self.remove.push(name.clone());
        }
        self.add.push((name.clone(), value.clone()));
    }
}

/// What an answer over HTTP means: 200 allows, and nothing else does (H-071).
#[must_use]
pub fn judge_http(auth: &HttpAuth, status: StatusCode, headers: &HeaderMap) -> Verdict {
    match status {
        StatusCode::OK => Verdict::Allow(copied(auth, headers)),
        _ if status.is_server_error() => Verdict::Deny(Denial::service_failed()),
        _ => Verdict::Deny(refusal(Some(status), headers)),
    }
}

/// H-072.
fn copied(auth: &HttpAuth, answer: &HeaderMap) -> Changes {
    let mut changes = Changes::default();
    if auth.allowed_response_headers.is_empty() {
        for (name, value) in answer.iter().filter(|(name, _)| !is_of_the_message(name) && !is_of_the_body(name)) {
            changes.set(name, value);
        }
        return changes;
    }
    let listed = auth.allowed_response_headers.iter().filter_map(|name| HeaderName::from_bytes(name.as_str().as_bytes()).ok());
    for name in listed.filter(|name| !is_of_the_message(name)) {
        if !changes.remove.contains(&name) {
            changes.add.extend(answer.get_all(&name).iter().map(|value| (name.clone(), value.clone())));
            changes.remove.push(name);
        }
    }
    changes
}

/// What says how to read the body of the answer, and would say it of the request's.
fn is_of_the_body(name: &HeaderName) -> bool {
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, header::CONTENT_LOCATION, header::CONTENT_RANGE]
        .contains(name)
}

/// A refusal in the service's own words. Without a status of its own, or with one that tells of success, it is 403.
fn refusal(status: Option<StatusCode>, headers: &HeaderMap) -> Denial {
    let Some(status) = status.filter(|status| (300..600).contains(&status.as_u16())) else {
        return Denial::own(StatusCode::FORBIDDEN, DenialReason::Refused);
    };
    let mut headers = headers.clone();
    let foreign: Vec<HeaderName> = headers.keys().filter(|name| is_of_the_message(name)).cloned().collect();
    for name in foreign {
        headers.remove(name);
    }
    Denial { status, headers, has_body: true, why: DenialReason::Refused }
}

/// The fields of a `CheckResponse` that are honoured. A service that wants query parameters changed is not understood, and an
/// adapter that reads such a thing answers with [`Denial::service_failed`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcAnswer {
    /// `status.code`: 0 allows.
    pub code: i32,
    /// `http_response`.
    pub decision: Option<GrpcDecision>,
}

/// `http_response` of a `CheckResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrpcDecision {
    /// `ok_response`
    Ok {
        /// `headers`: for the request.
        headers: Vec<HeaderOption>,
        /// `headers_to_remove`: from the request.
        headers_to_remove: Vec<String>,
        /// `response_headers_to_add`: for the client.
        response_headers_to_add: Vec<HeaderOption>,
    },
    /// `denied_response`; its body goes to the client if [`Denial::has_body`] says so.
    Denied {
        /// `status.code`; 0 if it is left out.
        status: u16,
        /// `headers`: for the client.
        headers: Vec<HeaderOption>,
    },
}

/// A `HeaderValueOption`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderOption {
    /// `header.key`
    pub name: String,
    /// `header.raw_value` or `header.value`
    pub value: Vec<u8>,
    /// Whether it is added to the values that are there, and does not replace them.
    pub append: bool,
}

/// What an answer over GRPC means: the code 0 allows, unless the rest of the answer contradicts it (H-071).
///
/// An answer with a header that cannot be written is none: the backend might rely on it. What belongs to one message or one
/// connection, as Host does, is left alone (H-082).
///
/// ```
/// use gwapi_match::auth::{GrpcAnswer, Verdict, judge_grpc};
/// assert!(matches!(judge_grpc(&GrpcAnswer { code: 0, decision: None }), Verdict::Allow(_)));
/// let Verdict::Deny(denial) = judge_grpc(&GrpcAnswer { code: 7, decision: None }) else { panic!("allowed") };
/// assert_eq!(denial.status, 403);
/// ```
#[must_use]
pub fn judge_grpc(answer: &GrpcAnswer) -> Verdict {
    let verdict = match (answer.code, &answer.decision) {
        (0, None) => Some(Verdict::Allow(Changes::default())),
        (0, Some(GrpcDecision::Ok { headers, headers_to_remove, response_headers_to_add })) => {
            allowed(headers, headers_to_remove, response_headers_to_add).map(Verdict::Allow)
        }
        (0, Some(GrpcDecision::Denied { .. })) => None,
        (_, Some(GrpcDecision::Denied { status, headers })) => denied(*status, headers).map(Verdict::Deny),
        (_, None | Some(GrpcDecision::Ok { .. })) => Some(Verdict::Deny(refusal(None, &HeaderMap::new()))),
    };
    verdict.unwrap_or_else(|| Verdict::Deny(Denial::service_failed()))
}

fn allowed(headers: &[HeaderOption], remove: &[String], response: &[HeaderOption]) -> Option<Changes> {
    let mut changes = Changes { response: Vec::new(), ..Changes::default() };
    for name in remove.iter().filter(|name| !is_pseudo(name)) {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if !is_of_the_message(&name) {
            changes.remove.push(name);
        }
    }
    for line in headers.iter().filter_map(HeaderOption::line) {
        let (name, value, append) = line?;
        if append {
            changes.add.push((name, value));
        } else {
            // What the service has said before of this name is replaced, too.
            changes.add.retain(|(other, _)| *other != name);
            changes.set(&name, &value);
        }
    }
    for line in response.iter().filter_map(HeaderOption::line) {
        let (name, value, _) = line?;
        changes.response.push((name, value));
    }
    Some(changes)
}

fn denied(status: u16, lines: &[HeaderOption]) -> Option<Denial> {
    let mut headers = HeaderMap::new();
    for line in lines.iter().filter_map(HeaderOption::line) {
        let (name, value, append) = line?;
        if !append {
            headers.remove(&name);
        }
        headers.try_append(name, value).ok()?;
    }
    Some(refusal(StatusCode::from_u16(status).ok(), &headers))
}

impl HeaderOption {
    /// Nothing if it is not for filters to touch; in that, nothing if it cannot be written.
    fn line(&self) -> Option<Option<(HeaderName, HeaderValue, bool)>> {
        if is_pseudo(&self.name) {
            return None;
        }
        let line = HeaderName::from_bytes(self.name.as_bytes()).ok().zip(HeaderValue::from_bytes(&self.value).ok());
        match line {
            Some((name, _)) if is_of_the_message(&name) => None,
            line => Some(line.map(|(name, value)| (name, value, self.append))),
        }
    }
}

/// `:path` and the like: what decides about routing is not the service's (H-082).
fn is_pseudo(name: &str) -> bool {
    name.starts_with(':')
}
