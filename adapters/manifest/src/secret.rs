//! Which parts of a text hold Secrets: their lines are never shown, for findings end up in the logs of pipelines.

use std::ops::Range;

use crate::split::{slice, split};

/// The documents of a text that may hold a Secret. They are known by their looks, because those that do not parse count too.
pub(crate) fn secrets(text: &str) -> Vec<Range<usize>> {
    let whole = split(text).map(|chunk| chunk.text.start..chunk.ignored.map_or(chunk.text.end, |ignored| ignored.end));
    whole.filter(|document| holds_secret(slice(text, document))).collect()
}

/// References to Secrets are none: they stand in documents without data.
fn holds_secret(text: &str) -> bool {
    text.match_indices("Secret").any(|(at, word)| is_kind(text, at, at + word.len())) && has_data(text)
}

/// Whether the word is the kind of something: `kind: Secret`, `"kind": "Secret"`, `kind: SecretList`.
fn is_kind(text: &str, start: usize, end: usize) -> bool {
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let after = text.get(end..).unwrap_or_default();
    let after = after.strip_prefix("List").unwrap_or(after);
    let before = text.get(..start).unwrap_or_default().trim_end_matches(around).strip_suffix(':');
    before.is_some_and(|before| before.trim_end_matches(around).ends_with("kind")) && !after.starts_with(char::is_alphanumeric)
}

/// `metadata` is not meant.
fn has_data(text: &str) -> bool {
    let is_word = |at: usize| !text.get(..at).unwrap_or_default().ends_with(char::is_alphanumeric);
    text.contains("stringData") || text.match_indices("data").any(|(at, _)| is_word(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_looks() {
        for text in [
            "kind: Secret\ndata: {a: b}",
            "{\"kind\":\"Secret\",\"stringData\":{}}",
            "'kind' : 'Secret' # it\nstringData:\n  a: b",
            "data: [\nkind: Secret",
            "kind: SecretList\nitems:\n- data: {}",
            "kind: List\nitems:\n- kind: Pod\n- kind:\n    Secret\n  data: {}",
            "kind: Secret\n...\ndata: x",
        ] {
            assert_eq!(secrets(text).first(), Some(&(0..text.len())), "{text}");
        }
        for text in [
            "kind: ConfigMap\ndata: {a: Secret}",
            "kind: SecretStore\ndata: {}",
            "kind: Gateway\nmetadata: {}\nspec: {certificateRefs: [{kind: Secret}]}",
            "secretKind: Secretary\ndata: {}",
            "",
        ] {
            assert!(secrets(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn only_the_document_with_the_secret_is_meant() {
        let text = "kind: ConfigMap\ndata: {}\n---\nkind: Secret\ndata: {}\n---\nkind: Pod\n";
        let found: Vec<&str> = secrets(text).iter().map(|document| slice(text, document)).collect();
        assert_eq!(found, ["kind: Secret\ndata: {}\n"]);
    }
}
