//! How tries end, in the words of gwapi-match: whether there is another is decided there.

use gwapi_match::retry::AttemptEnd;
use http::StatusCode;

use crate::{answer::Answer, upstream::SendError};

/// Why a try gave no answer that could be passed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the backend has no endpoints")]
    NoEndpoints,
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("the backend took too long")]
    TimedOut,
}

impl Failure {
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::NoEndpoints => Answer::no_endpoints(),
            Self::Send(error) if error.is_unprocessed() => Answer::unreachable(),
            Self::Send(_) => Answer::bad_gateway(),
            Self::TimedOut => Answer::timeout(),
        }
    }
}

/// How a try ended that gave this status, or failed.
pub(crate) fn end_of(outcome: Result<StatusCode, &Failure>) -> AttemptEnd {
    match outcome {
        Ok(status) => AttemptEnd::Status(status.as_u16()),
        Err(Failure::NoEndpoints) => AttemptEnd::NoEndpoints,
        Err(Failure::Send(SendError::Connect(_))) => AttemptEnd::NotConnected,
        Err(Failure::Send(SendError::Refused(_))) => AttemptEnd::Refused,
        Err(Failure::Send(SendError::Broken(_))) => AttemptEnd::Lost,
        Err(Failure::TimedOut) => AttemptEnd::TimedOut,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn j_013_a_backend_that_cannot_be_reached_has_not_acted() {
        let unreachable = SendError::Connect(io::ErrorKind::ConnectionRefused.into()).into();
        assert_eq!(end_of(Err(&unreachable)), AttemptEnd::NotConnected);
        assert_eq!(end_of(Err(&Failure::TimedOut)), AttemptEnd::TimedOut);
        assert_eq!(end_of(Ok(StatusCode::BAD_GATEWAY)), AttemptEnd::Status(502));
    }
}
