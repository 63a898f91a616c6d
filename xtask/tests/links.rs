//! The pages of the project point to files that are there, and to tests that are in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A link of a page: `[text](target)`.
struct Link<'p> {
    text: &'p str,
    target: &'p str,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages whose links are checked.
fn pages() -> Vec<PathBuf> {
    let mut pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|page| root().join(page)).to_vec();
    let docs = fs::read_dir(root().join("docs")).expect("docs is there").map(|entry| entry.expect("an entry").path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    pages.sort();
    pages
}

/// The links outside of code.
fn links(page: &str) -> Vec<Link<'_>> {
    // Every other part stands between fences.
    let prose = page.split("\n```").step_by(2);
    prose.flat_map(links_of_prose).collect()
}

fn links_of_prose(prose: &str) -> Vec<Link<'_>> {
    let ends = prose.match_indices("](");
    let link = |(end, _): (usize, &str)| {
        let target = prose[end + 2..].split_once(')')?.0;
        let text = &prose[prose[..end].rfind('[')? + 1..end];
        (!target.contains(char::is_whitespace)).then_some(Link { text, target })
    };
    ends.filter_map(link).collect()
}

/// The file that a link leads to; nothing if that is elsewhere.
fn file<'l>(link: &Link<'l>) -> Option<&'l str> {
    let path = link.target.split('#').next().unwrap_or_default();
    let is_elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
    (!is_elsewhere).then_some(path)
}

/// The test that a link is called by: its text is an identifier in backticks, and the file is one of Rust.
fn test<'l>(link: &Link<'l>) -> Option<&'l str> {
    let name = link.text.strip_prefix('`')?.strip_suffix('`')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (is_name && file(link)?.ends_with(".rs")).then_some(name)
}

/// What is wrong with the links of a page that stands in a folder.
fn problems(folder: &Path, page: &str) -> Vec<String> {
    let problem = |link: &Link<'_>| {
        let path = folder.join(file(link)?);
        if !path.exists() {
            return Some(format!("`{}` is not there", link.target));
        }
        let name = test(link)?;
        let source = fs::read_to_string(path).expect("a file of Rust can be read");
        (!source.contains(&format!("fn {name}("))).then(|| format!("`{}` has no function `{name}`", link.target))
    };
    links(page).iter().filter_map(problem).collect()
}

#[test]
fn every_link_leads_to_a_file_and_every_test_is_in_it() {
    let pages = pages();
    assert!(pages.len() > 6, "the pages are there");
    let of_page = |path: &PathBuf| {
        let page = fs::read_to_string(path).expect("a page can be read");
        let problems = problems(path.parent().expect("a folder"), &page);
        problems.into_iter().map(|problem| format!("{}: {problem}", path.display())).collect::<Vec<_>>()
    };
    let problems: Vec<String> = pages.iter().flat_map(of_page).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_readme_says_what_holds_its_claims() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    assert!(links(&readme).iter().filter(|link| test(link).is_some()).count() >= 15);
}

#[test]
fn a_link_that_leads_nowhere_is_seen() {
    let page = "[a](Cargo.toml) [`no_such_test`](tests/links.rs) [b](missing.md#part)\n```text\n[c](gone.md)\n```\n[`root`](tests/links.rs) \
                [d](https://example.com/gone) [e](#part)\n";
    assert_eq!(
        problems(Path::new(env!("CARGO_MANIFEST_DIR")), page),
        ["`tests/links.rs` has no function `no_such_test`", "`missing.md#part` is not there"]
    );
}
