//! Mutations that keep manifests readable: bytes that are changed at random are mostly a document that does not parse.

/// Values that are often a mistake, or the edge of something.
const VALUES: [&str; 32] = [
    "null",
    "''",
    "[]",
    "{}",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "80",
    "443",
    "65535",
    "65536",
    "2147483647",
    "1000001",
    "1.5",
    "'*'",
    "'*.a.example'",
    "a.example",
    "/",
    "//",
    "/a",
    "/a/",
    "/a%2Fb",
    "/..",
    "'(a|b)+'",
    "Exact",
    "All",
    "Same",
    "'\r\n'",
    "x-a",
    "9223372036854775807",
];

/// Changes an input in one place, mostly by whole lines. Every third time it is what libFuzzer does, which knows the dictionary.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed));
    let own = (random.below(3) > 0).then(|| String::from_utf8(data[..size].to_vec()).ok()).flatten();
    let changed = own.and_then(|text| Some(change(&text, &mut random)).filter(|changed| *changed != text));
    match changed {
        Some(text) if text.len() <= max_size && text.len() <= data.len() => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}

struct Random(u64);

impl Random {
    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or_default()
    }
}

fn change(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return String::new();
    }
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(9) {
        0 => drop(lines.drain(one..end_of(&lines, one))),
        1 => insert(&mut lines, one, one),
        2 => insert(&mut lines, one, other),
        3 => lines.swap(one, other),
        4 => {
            let (_, value) = split(&lines[other]);
            lines[one] = format!("{}{value}", split(&lines[one]).0);
        }
        5 => {
            let value = VALUES[random.below(VALUES.len())];
            lines[one] = format!("{}{value}", split(&lines[one]).0);
        }
        6 => {
            let (key, _) = split(&lines[other]);
            let indent = indent(&lines[one]);
            lines[one] = format!("{}{}{}", " ".repeat(indent), key.trim_start(), split(&lines[one]).1);
        }
        7 => swap_documents(&mut lines, random),
        _ => drop(lines.remove(one)),
    }
    lines.join("\n") + "\n"
}

/// The line and what stands below it.
fn end_of(lines: &[String], start: usize) -> usize {
    let below = lines[start + 1..].iter().take_while(|line| indent(line) > indent(&lines[start]));
    start + 1 + below.count()
}

/// Puts a copy of a part in front of a line, as deep as that.
fn insert(lines: &mut Vec<String>, part: usize, at: usize) {
    let (old, new) = (indent(&lines[part]), indent(&lines[at]));
    let deep = |line: &String| format!("{}{}", " ".repeat((indent(line) + new).saturating_sub(old)), line.trim_start());
    let copy: Vec<String> = lines[part..end_of(lines, part)].iter().map(deep).collect();
    lines.splice(at..at, copy);
}

fn swap_documents(lines: &mut Vec<String>, random: &mut Random) {
    let mut documents: Vec<Vec<String>> = lines.split(|line| line == "---").map(<[String]>::to_vec).collect();
    let (one, other) = (random.below(documents.len()), random.below(documents.len()));
    documents.swap(one, other);
    *lines = documents.join(&"---".to_owned());
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// `  - key: ` and the value; of an item that is no mapping `  - ` and the item.
fn split(line: &str) -> (&str, &str) {
    let end = line.find(": ").map(|at| at + 2).or_else(|| line.find("- ").map(|at| at + 2));
    line.split_at(end.unwrap_or(line.len()))
}
