//! Several patterns as one automaton that is complete: matching needs no cache, hence no lock and no allocation.

use gwapi_core::Pattern;
use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    nfa::thompson,
    util::{primitives::StateID, start},
};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition};

/// Says of a text in ASCII which of its patterns match all of it.
///
/// Paths in normal form are in ASCII and most values of headers are. For them the classes of Unicode are small, and so are the
/// automata: `\w` has hundreds of states in UTF-8, and one here.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// Bytes of an automaton, and of what it takes to build it.
const MAX_SIZE: usize = 1 << 17;

impl Automaton {
    /// As many as a mask has bits.
    pub(super) const MAX_PATTERNS: usize = 64;

    /// Nothing if it would be too large.
    pub(super) fn build(patterns: &[&Pattern]) -> Option<Self> {
        if patterns.len() > Self::MAX_PATTERNS {
            return None;
        }
        let whole = patterns.iter().map(|pattern| whole(pattern.as_str())).collect::<Option<Vec<Hir>>>()?;
        let config = thompson::Config::new().which_captures(thompson::WhichCaptures::None).nfa_size_limit(Some(MAX_SIZE));
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&whole).ok()?;
        // All matches, and not only the first: every pattern that matches is a candidate.
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(MAX_SIZE))
            .determinize_size_limit(Some(MAX_SIZE));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Self { dfa, start })
    }

    /// Bit n: pattern n matches the whole text, which is in ASCII.
    pub(super) fn matching(&self, text: &[u8]) -> u64 {
        let dfa = &self.dfa;
        let mut state = self.start;
        for byte in text {
            state = dfa.next_state(state, *byte);
            if dfa.is_dead_state(state) {
                return 0;
            }
        }
        state = dfa.next_eoi_state(state);
        if !dfa.is_match_state(state) {
            return 0;
        }
        (0..dfa.match_len(state)).fold(0, |mask, index| mask | 1 << dfa.match_pattern(state, index).as_usize())
    }
}

/// What a pattern means for whole texts in ASCII.
fn whole(source: &str) -> Option<Hir> {
    let pattern = regex_syntax::parse(source).ok()?;
    Some(Hir::concat(vec![Hir::look(Look::Start), ascii(&pattern), Hir::look(Look::End)]))
}

/// What is left of an expression if there is nothing but ASCII. Its depth is limited by the parser.
fn ascii(expression: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(ascii).collect::<Vec<_>>();
    match expression.kind() {
        HirKind::Empty => Hir::empty(),
        // One with other letters is in no text in ASCII.
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7f)]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Look(look) => Hir::look(ascii_look(*look)),
        HirKind::Repetition(one) => Hir::repetition(Repetition { sub: Box::new(ascii(&one.sub)), ..one.clone() }),
        HirKind::Capture(group) => ascii(&group.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}

/// Automata know the boundaries of words in ASCII only, and in ASCII they are the same.
fn ascii_look(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automaton(source: &str) -> Option<Automaton> {
        Automaton::build(&[&Pattern::parse(source).unwrap()])
    }

    #[test]
    fn what_is_large_in_unicode_is_small_in_ascii() {
        for source in [r"/\w+/\w+", r"/\pL{4}", r"(?i)/k+", r"/.{50}", r"\b\d+\b", "/é|/e"] {
            assert!(automaton(source).is_some(), "{source}");
        }
    }

    #[test]
    fn what_is_large_anyway_has_none() {
        assert!(automaton("(a|b)*a(a|b){15}").is_none());
    }

    #[test]
    fn as_many_fit_into_one_as_a_mask_has_bits() {
        let pattern = Pattern::parse("/a").unwrap();
        let build = |count| Automaton::build(&vec![&pattern; count]);
        assert_eq!(build(64).map(|all| all.matching(b"/a")), Some(u64::MAX));
        assert!(build(65).is_none());
    }

    #[test]
    fn letters_outside_of_ascii_match_nothing_in_it() {
        let automaton = automaton("(?i)/é|/k|/\u{212a}x").unwrap();
        assert_eq!(["/e", "/k", "/K", "/x", "/kx"].map(|text| automaton.matching(text.as_bytes())), [0, 1, 1, 0, 1]);
    }
}
