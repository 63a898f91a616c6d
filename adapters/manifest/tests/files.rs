//! Paths: files, folders, stdin, and what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};

use gwapi_manifest::{Limits, Loaded, expand, load, visit};

/// A folder of its own for a test, empty at the start.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifest-files").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder for the file");
    fs::write(path, text).expect("a file for the test");
}

fn object(name: &str) -> String {
    format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}}}\n")
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.documents.iter().filter_map(|document| document.name()).collect()
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_folder_is_read_in_path_order_without_what_is_hidden() {
    let folder = folder("order");
    for (file, name) in [
        ("b.yaml", "b"),
        ("a/z.yml", "a-z"),
        ("a/a/x.json", "a-a-x"),
        ("a-b/x.yaml", "a-b-x"),
        ("a.yaml", "a"),
        ("c.txt", "no"),
        ("d.YAML", "no"),
        ("yaml", "no"),
        (".hidden.yaml", "no"),
        (".git/x.yaml", "no"),
        ("a/.x/y.yaml", "no"),
    ] {
        write(&folder, file, &object(name));
    }
    let loaded = load(&[&folder]);
    assert_eq!(names(&loaded), ["a-a-x", "a-z", "a-b-x", "a", "b"]);
    assert_eq!(loaded.documents[1].file(), folder.join("a/z.yml").to_string_lossy());
    assert!(loaded.findings.is_empty() && !loaded.unusable);
}

#[test]
fn paths_are_read_in_the_order_given_and_files_whatever_their_name() {
    let folder = folder("given");
    write(&folder, "b.txt", &object("b"));
    write(&folder, ".a.yaml", &object("a"));
    assert_eq!(names(&load(&[folder.join("b.txt"), folder.join(".a.yaml")])), ["b", "a"]);
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let folder = folder("broken");
    write(&folder, "a.yaml", &object("a"));
    write(&folder, "b.yaml", "a: [\n");
    write(&folder, "c.yaml", &object("c"));
    let loaded = load(&[folder.join("gone.yaml"), folder.clone(), folder.join("a.yaml/x")]);
    assert_eq!(names(&loaded), ["a", "c"]);
    assert_eq!(codes(&loaded), ["not-found", "yaml-syntax", "unreadable"]);
    assert!(loaded.unusable);
    let first = gwapi_manifest::render::human(&loaded.findings[0], false);
    assert_eq!(first, format!("{}: error[not-found]: no such file or folder\n", folder.join("gone.yaml").display()));
}

#[test]
fn a_folder_without_manifests_is_a_warning() {
    let folder = folder("empty");
    write(&folder, "readme.md", "x");
    let loaded = load(&[&folder]);
    assert_eq!(codes(&loaded), ["no-manifests"]);
    assert!(!loaded.unusable);
    assert_eq!(expand(&folder).0, Vec::<PathBuf>::new());
}

#[test]
fn a_dash_is_stdin() {
    let text = format!("{}---\n[", object("a"));
    let mut names = Vec::new();
    let report = visit(&["-"], &mut text.as_bytes(), Limits::default(), &mut |document| {
        names.push((document.name().map(str::to_owned), document.file().to_owned()));
    });
    assert_eq!(names, [(Some("a".to_owned()), "<stdin>".to_owned())]);
    assert_eq!(report.findings[0].file.as_ref(), "<stdin>");
    assert_eq!(expand(Path::new("-")).0, [PathBuf::from("-")]);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_are_not() {
    use std::os::unix::fs::symlink;
    let folder = folder("links");
    write(&folder, "..data/a.yaml", &object("a"));
    symlink("..data/a.yaml", folder.join("a.yaml")).expect("a link");
    symlink(".", folder.join("loop")).expect("a link");
    symlink("loop", folder.join("loop.yaml")).expect("a link");
    symlink("gone", folder.join("b.yaml")).expect("a link");
    let loaded = load(&[&folder]);
    assert_eq!(names(&loaded), ["a"], "as a mounted ConfigMap is laid out");
    assert_eq!(codes(&loaded), ["not-found"]);
}
