//! Functions in sources that rustfmt has been over: what follows a signature ends at the brace that stands as deep as the signature.

/// The function's comments, attributes, signature and body.
pub(super) fn text_of(source: &str, function: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.iter().position(|line| is_signature(line, function))?;
    let depth = indentation(lines[at]);
    let above = lines[..at].iter().rev().take_while(|line| belongs_to_next(line)).count();
    let closes = |line: &&str| indentation(line) == depth && line.trim_start().starts_with('}');
    let below = if lines[at].ends_with('}') { 0 } else { lines[at + 1..].iter().position(closes)? + 1 };
    Some(lines[at - above..=at + below].join("\n"))
}

/// Whether the test harness runs it.
pub(super) fn is_test(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| line == "#[test]" || line.starts_with("#[tokio::test"))
}

/// Whether it speaks of the rule: `D-013`, or `d_013` in a name.
pub(super) fn names(text: &str, id: &str) -> bool {
    text.contains(id) || text.contains(&id.to_lowercase().replace('-', "_"))
}

fn is_signature(line: &str, function: &str) -> bool {
    let line = line.trim_start();
    let Some((before, after)) = line.split_once("fn ") else { return false };
    let after_name = after.strip_prefix(function).map(|rest| rest.starts_with(['(', '<']));
    after_name == Some(true) && before.chars().all(|letter| letter.is_ascii_alphabetic() || "() ".contains(letter))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn belongs_to_next(line: &&str) -> bool {
    ["///", "//", "#["].iter().any(|start| line.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
mod tests {
    // D-013
    #[test]
    fn one() {
        if true {
            f_001();
        }
    }

    #[tokio::test(flavor = \"current_thread\")]
    async fn e_027_two(x: u8) {}

    #[test]
    fn one_more() { // not one
    }
}
";

    #[test]
    fn a_function_is_what_stands_above_it_and_in_it() {
        let text = text_of(SOURCE, "one").unwrap();
        assert!(text.starts_with("    // D-013") && text.ends_with("        }\n    }"), "{text}");
        assert!(is_test(&text) && names(&text, "D-013") && names(&text, "F-001") && !names(&text, "E-027"));
    }

    #[test]
    fn names_are_whole_and_signatures_have_many_forms() {
        let text = text_of(SOURCE, "e_027_two").unwrap();
        assert!(is_test(&text) && names(&text, "E-027") && !text.contains("one_more"));
        assert_eq!(text_of(SOURCE, "on"), None);
        assert_eq!(text_of("// call fn one(", "one"), None);
        assert!(!is_test(&text_of("fn helper() {}", "helper").unwrap()));
    }
}
