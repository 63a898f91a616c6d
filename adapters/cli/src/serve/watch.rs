//! Files that change: what they hold now, or held when they could last be read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use gwapi_manifest::{Document, Finding, Loaded, Severity, expand};

/// Two writes within this time may leave one and the same time on a file.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// The files of some paths.
#[derive(Debug)]
pub struct Sources {
    paths: Vec<Source>,
    stamps: Stamps,
}

/// One path: a file, a folder or standard input.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    files: BTreeMap<PathBuf, File>,
    /// What could not be listed.
    findings: Vec<Finding>,
}

/// A file as it was last read.
#[derive(Debug, Default)]
struct File {
    /// The objects of the last reading that was good; before there is one, those that could be read.
    documents: Vec<Document>,
    /// What that reading had to say.
    findings: Vec<Finding>,
    was_good: bool,
    /// Why the file cannot be read now.
    broken: Option<String>,
}

/// Time and length of every file; nothing for one that is not there.
type Stamps = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

impl Sources {
    /// Reads the paths. Standard input is read here and never again.
    #[must_use]
    pub fn read(paths: &[PathBuf]) -> Self {
        let source = |path: &PathBuf| Source { path: path.clone(), files: BTreeMap::new(), findings: Vec::new() };
        let mut sources = Self { paths: paths.iter().map(source).collect(), stamps: Stamps::new() };
        sources.stamps = sources.look();
        for source in &mut sources.paths {
            source.refresh(&mut Vec::new());
        }
        sources
    }

    /// Whether files may have changed since they were read; cheap, for it reads none.
    #[must_use]
    pub fn may_have_changed(&self) -> bool {
        self.look() != self.stamps || self.stamps.values().flatten().any(|(time, _)| is_fresh(*time))
    }

    /// Time and length of every file, to see whether somebody is still writing.
    #[must_use]
    pub fn look(&self) -> Stamps {
        self.paths.iter().filter(|source| !source.is_stdin()).flat_map(|source| source.list().0).map(stamp).collect()
    }

    /// Reads all files anew. Whether anything is different, and a line for each file that has become unreadable.
    pub fn refresh(&mut self) -> (bool, Vec<String>) {
        self.stamps = self.look();
        let (mut changed, mut lines) = (false, Vec::new());
        for source in self.paths.iter_mut().filter(|source| !source.is_stdin()) {
            changed |= source.refresh(&mut lines);
        }
        (changed, lines)
    }

    /// Everything there is, in the order of the paths.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        let files = || self.paths.iter().flat_map(|source| source.files.values());
        let of_paths = self.paths.iter().flat_map(|source| &source.findings);
        let findings: Vec<Finding> = of_paths.chain(files().flat_map(|file| &file.findings)).cloned().collect();
        Loaded {
            documents: files().flat_map(|file| file.documents.iter().cloned()).collect(),
            unusable: files().any(|file| file.broken.is_some()),
            findings,
        }
    }
}

fn stamp(path: PathBuf) -> (PathBuf, Option<(SystemTime, u64)>) {
    let stamp = fs::metadata(&path).ok().and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
    (path, stamp)
}

fn is_fresh(time: SystemTime) -> bool {
    // A time in the future says nothing about changes.
    time.elapsed().is_ok_and(|age| age < CLOCK_STEP)
}

impl Source {
    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// The files of the path. A folder that is not there for a moment still has those that it had.
    fn list(&self) -> (Vec<PathBuf>, Vec<Finding>) {
        let was_folder = self.files.keys().any(|file| *file != self.path);
        let (files, findings) = expand(&self.path);
        let is_lost = was_folder && (!self.path.is_dir() || findings.iter().any(|finding| finding.severity == Severity::Error));
        if is_lost { (self.files.keys().cloned().collect(), findings) } else { (files, findings) }
    }

    fn refresh(&mut self, lines: &mut Vec<String>) -> bool {
        let (list, findings) = self.list();
        let before = self.files.len();
        self.files.retain(|file, _| list.contains(file));
        let mut changed = self.files.len() != before;
        self.findings = findings;
        for path in list {
            changed |= !self.files.contains_key(&path);
            let file = self.files.entry(path.clone()).or_default();
            changed |= file.refresh(&path, lines);
        }
        changed
    }
}

impl File {
    fn refresh(&mut self, path: &Path, lines: &mut Vec<String>) -> bool {
        let loaded = gwapi_manifest::load(&[path]);
        let broken = loaded.unusable.then(|| first_error(path, &loaded.findings));
        let is_news = self.broken != broken;
        self.broken = broken;
        if let Some(why) = self.broken.as_ref().filter(|_| self.was_good) {
            if is_news {
                lines.push(format!("{why}; what it held before stays in use"));
            }
            return false;
        }
        self.was_good |= self.broken.is_none();
        let values = |documents: &[Document]| documents.iter().map(|document| document.value.clone()).collect::<Vec<_>>();
        let changed = values(&self.documents) != values(&loaded.documents);
        // The findings tell of a file that never was good, so they are news too.
        let changed = changed || is_news && self.broken.is_some();
        self.documents = loaded.documents;
        self.findings = loaded.findings;
        changed
    }
}

/// `file:line:column: error[code]: text`.
fn first_error(path: &Path, findings: &[Finding]) -> String {
    let Some(finding) = findings.iter().find(|finding| finding.severity == Severity::Error) else {
        return format!("{}: error: cannot be read", path.display());
    };
    let place = finding.place.map(|place| format!("{}:{}:", place.line, place.column)).unwrap_or_default();
    let file = if finding.file.is_empty() { path.display().to_string() } else { finding.file.to_string() };
    format!("{file}:{place} error[{}]: {}", finding.code, finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("gwapi-watch-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn service(name: &str) -> String {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{namespace: a, name: {name}}}\n")
    }

    fn names(sources: &Sources) -> Vec<String> {
        sources.loaded().documents.iter().filter_map(|document| document.name().map(str::to_owned)).collect()
    }

    #[test]
    fn files_come_change_and_go() {
        let folder = Folder::new("change");
        folder.write("a.yaml", &service("one"));
        let mut sources = Sources::read(std::slice::from_ref(&folder.0));
        assert_eq!(names(&sources), ["one"]);
        assert_eq!(sources.refresh(), (false, Vec::new()), "nothing happened");
        folder.write("a.yaml", &service("two"));
        folder.write("b.yaml", &service("three"));
        assert!(sources.may_have_changed());
        assert!(sources.refresh().0);
        assert_eq!(names(&sources), ["two", "three"]);
        fs::remove_file(folder.0.join("a.yaml")).unwrap();
        assert!(sources.refresh().0);
        assert_eq!(names(&sources), ["three"]);
    }

    #[test]
    fn a_file_that_becomes_unreadable_keeps_what_it_held() {
        let folder = Folder::new("broken");
        folder.write("a.yaml", &service("one"));
        folder.write("b.yaml", &service("two"));
        let mut sources = Sources::read(std::slice::from_ref(&folder.0));
        folder.write("a.yaml", "apiVersion: v1\nkind: [\n");
        let (changed, lines) = sources.refresh();
        assert!(!changed);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.contains("a.yaml:") && line.contains("error[yaml-syntax]") && line.ends_with("stays in use"), "{line}");
        assert_eq!(names(&sources), ["one", "two"]);
        assert_eq!(sources.refresh(), (false, Vec::new()), "it is said once");
        folder.write("a.yaml", &service("three"));
        assert!(sources.refresh().0);
        assert_eq!(names(&sources), ["three", "two"]);
    }

    #[test]
    fn a_folder_that_is_gone_for_a_moment_keeps_its_objects() {
        let folder = Folder::new("gone");
        folder.write("a.yaml", &service("one"));
        let mut sources = Sources::read(std::slice::from_ref(&folder.0));
        fs::rename(&folder.0, folder.0.with_extension("away")).unwrap();
        let (changed, lines) = sources.refresh();
        assert!(!changed);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(names(&sources), ["one"]);
        fs::rename(folder.0.with_extension("away"), &folder.0).unwrap();
        assert_eq!(sources.refresh(), (false, Vec::new()));
    }
}
