//! Messages: the same refusals give the same text, whatever order they come in (pitfalls 66, 73).

use alloc::{string::String, string::ToString, vec::Vec};

use gwapi_core::Refusal;

use crate::reason::{Reason, reason_of};

/// How many characters the message of a condition may have.
pub const MAX_MESSAGE: usize = 32_768;

const CUT: &str = " … (shortened)";

/// Cuts a message to what the API server takes.
pub(crate) fn shorten(text: String) -> String {
    if text.chars().nth(MAX_MESSAGE).is_none() {
        return text;
    }
    text.chars().take(MAX_MESSAGE - CUT.chars().count()).chain(CUT.chars()).collect()
}

/// What several refusals come to, since a condition has one reason (I-012): the first one of `order` that any of them gives,
/// else that of the first refusal. The message tells all of them, those with that reason first, each part sorted.
pub(crate) fn judge<'r>(refusals: impl IntoIterator<Item = &'r Refusal>, order: &[Reason]) -> Option<(Reason, String)> {
    judge_as(refusals, order, Refusal::to_string)
}

/// The same, in other words than the refusals' own.
pub(crate) fn judge_as<'r>(
    refusals: impl IntoIterator<Item = &'r Refusal>,
    order: &[Reason],
    text: impl Fn(&Refusal) -> String,
) -> Option<(Reason, String)> {
    let given: Vec<(Reason, &Refusal)> = refusals.into_iter().map(|refusal| (reason_of(refusal).1, refusal)).collect();
    let rank = |reason: &Reason| order.iter().position(|other| other == reason).unwrap_or(order.len());
    let (chosen, _) = *given.iter().min_by_key(|(reason, _)| rank(reason))?;
    let mut texts: Vec<(bool, String)> = given.iter().map(|(reason, refusal)| (*reason != chosen, text(refusal))).collect();
    texts.sort();
    texts.dedup();
    let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
    Some((chosen, texts.join("; ")))
}

/// Names in backticks.
pub(crate) fn quoted<T: core::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| alloc::format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_greatest_length_stays_and_a_longer_one_is_cut_between_characters() {
        let fits = "ä".repeat(MAX_MESSAGE);
        assert_eq!(shorten(fits.clone()), fits);
        let cut = shorten("ä".repeat(MAX_MESSAGE + 1));
        assert_eq!(cut.chars().count(), MAX_MESSAGE);
        assert!(cut.starts_with("ää") && cut.ends_with(CUT));
    }

    #[test]
    fn pitfall_66_the_order_of_refusals_does_not_show_in_the_message() {
        let (port, protocol) = (Refusal::PortUnavailable { port: 80 }, Refusal::ProtocolUnsupported { protocol: "X".into() });
        let order = [Reason::UnsupportedProtocol, Reason::PortUnavailable];
        let one = judge([&port, &protocol, &port], &order);
        assert_eq!(one, judge([&protocol, &port], &order));
        let text = "protocol `X` is not supported; port 80 is not available";
        assert_eq!(one, Some((Reason::UnsupportedProtocol, text.into())));
    }

    #[test]
    fn without_an_order_the_first_refusal_decides() {
        let (port, protocol) = (Refusal::PortUnavailable { port: 80 }, Refusal::ProtocolUnsupported { protocol: "X".into() });
        assert_eq!(judge([&port, &protocol], &[]).map(|verdict| verdict.0), Some(Reason::PortUnavailable));
        assert_eq!(judge([&protocol, &port], &[]).map(|verdict| verdict.0), Some(Reason::UnsupportedProtocol));
        assert_eq!(judge([], &[]), None);
    }
}
