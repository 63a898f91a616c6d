//! From paths to documents: files, folders and stdin, one document at a time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::build::{Parsed, Problem};
use crate::document::{Document, objects};
use crate::finding::{Finding, Severity, codes};
use crate::source::SourceFile;
use crate::spans::Origin;
use crate::split::{Chunk, is_blank, slice, split};
use crate::yaml::AliasBudget;
use crate::{json, yaml};

/// Bounds on what an input may cost. [`Limits::default`] keeps 50 MB below 20 seconds and 1 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one document.
    pub document_bytes: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Estimated bytes of memory that the values of one document take.
    pub document_memory: usize,
    /// Values that aliases may expand to, in all documents together.
    pub alias_values: usize,
    /// Bytes of text that aliases may expand to, in all documents together.
    pub alias_bytes: usize,
    /// Findings that are kept; what is after them is only counted.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 10_000_000,
            file_bytes: 512 << 20,
            document_memory: 400 << 20,
            alias_values: 500_000,
            alias_bytes: 32 << 20,
            findings: 10_000,
        }
    }
}

/// An input that was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects, in the order of the input.
    pub documents: Vec<Document>,
    /// What there is to say, in the order of the input.
    pub findings: Vec<Finding>,
    /// Whether some document or file could not be read: the program ends with 2.
    pub unusable: bool,
}

/// What [`visit`] leaves besides the documents.
#[derive(Debug, Default)]
pub struct Report {
    /// What there is to say, in the order of the input.
    pub findings: Vec<Finding>,
    /// Whether some document or file could not be read: the program ends with 2.
    pub unusable: bool,
}

/// Reads the objects of all paths: a file, a folder (see [`expand`]) or `-` for stdin.
///
/// Nothing that cannot be read hides anything else: it becomes a finding and sets [`Loaded::unusable`].
///
/// JSON values take about 20 bytes of memory for each byte of YAML, and all of them are kept: 50 MB of manifests fill 1 GiB.
/// Where that is too much, [`visit`] keeps only what its caller keeps.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Loaded {
    collect(|each| visit(paths, &mut io::stdin().lock(), Limits::default(), each))
}

/// Reads the objects of a text.
pub fn parse_str(name: &str, text: &str) -> Loaded {
    parse_bytes(name, text.as_bytes())
}

/// Reads the objects of a file's bytes.
pub fn parse_bytes(name: &str, bytes: &[u8]) -> Loaded {
    collect(|each| read_one(name, bytes, false, each))
}

/// Reads YAML or JSON that need not hold objects, such as the `requests.yaml` of a test case: every document counts as it is,
/// `List` objects too.
pub fn parse_values(name: &str, bytes: &[u8]) -> Loaded {
    collect(|each| read_one(name, bytes, true, each))
}

/// Reads the objects of all paths and hands over one at a time, so that a large input need not be in memory as a whole.
///
/// `stdin` is what the path `-` reads.
pub fn visit<P: AsRef<Path>>(paths: &[P], stdin: &mut dyn Read, limits: Limits, each: &mut dyn FnMut(Document)) -> Report {
    let mut loader = Loader::new(limits, false, each);
    for path in paths {
        loader.path(path.as_ref(), stdin);
    }
    loader.finish()
}

/// The files that a path stands for, and what could not be listed.
///
/// A folder stands for every `*.yaml`, `*.yml` and `*.json` below it in path order, hidden files and folders left out. Links to
/// files are followed, links to folders are not. Every other path stands for itself.
pub fn expand(path: &Path) -> (Vec<PathBuf>, Vec<Finding>) {
    if is_stdin(path) || !path.is_dir() {
        return (vec![path.to_owned()], Vec::new());
    }
    let (mut files, mut findings) = (Vec::new(), Vec::new());
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        match fs::read_dir(&folder) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => sort_entry(&entry, &mut files, &mut folders),
                        Err(error) => findings.push(unreadable(&folder, &error)),
                    }
                }
            }
            Err(error) => findings.push(unreadable(&folder, &error)),
        }
    }
    files.sort();
    findings.sort_by(|left, right| left.file.cmp(&right.file));
    if files.is_empty() && findings.is_empty() {
        let message = "no `*.yaml`, `*.yml` or `*.json` file below the folder";
        findings.push(Finding::new(Severity::Warning, codes::NO_MANIFESTS, message).in_file(shown(path)));
    }
    (files, findings)
}

fn sort_entry(entry: &fs::DirEntry, files: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>) {
    let path = entry.path();
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    if entry.file_name().as_encoded_bytes().starts_with(b".") {
        return;
    }
    if is_folder {
        folders.push(path);
    } else if is_manifest(&path) && !path.is_dir() && !is_special(&path) {
        files.push(path);
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// A pipe or a device in a folder would be waited for without end. A broken link is no such thing: it is reported.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    let (code, message) = match error.kind() {
        io::ErrorKind::NotFound => (codes::NOT_FOUND, "no such file or folder".to_owned()),
        _ => (codes::UNREADABLE, format!("cannot be read: {}", lower_first(&error.to_string()))),
    };
    Finding::new(Severity::Error, code, message).in_file(shown(path))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn collect(read: impl FnOnce(&mut dyn FnMut(Document)) -> Report) -> Loaded {
    let mut documents = Vec::new();
    let Report { findings, unusable } = read(&mut |document| documents.push(document));
    Loaded { documents, findings, unusable }
}

fn read_one(name: &str, bytes: &[u8], any_value: bool, each: &mut dyn FnMut(Document)) -> Report {
    let mut loader = Loader::new(Limits::default(), any_value, each);
    loader.bytes(name, bytes.to_owned());
    loader.finish()
}

struct Loader<'a> {
    limits: Limits,
    budget: AliasBudget,
    any_value: bool,
    each: &'a mut dyn FnMut(Document),
    report: Report,
    left_out: usize,
}

impl<'a> Loader<'a> {
    fn new(limits: Limits, any_value: bool, each: &'a mut dyn FnMut(Document)) -> Self {
        let budget = AliasBudget { values: limits.alias_values, bytes: limits.alias_bytes };
        Self { limits, budget, any_value, each, report: Report::default(), left_out: 0 }
    }

    fn finish(mut self) -> Report {
        if self.left_out > 0 {
            let message = format!("{} more findings are not shown", self.left_out);
            self.report.findings.push(Finding::new(Severity::Error, codes::TOO_MANY_FINDINGS, message));
        }
        self.report
    }

    fn path(&mut self, path: &Path, stdin: &mut dyn Read) {
        if is_stdin(path) {
            return self.reader("<stdin>", Path::new("<stdin>"), stdin);
        }
        let (files, findings) = expand(path);
        for finding in findings {
            self.report.unusable |= finding.severity == Severity::Error;
            self.finding(finding);
        }
        for file in files {
            match File::open(&file) {
                Ok(mut open) => self.reader(&shown(&file), &file, &mut open),
                Err(error) => self.refuse(unreadable(&file, &error)),
            }
        }
    }

    fn reader(&mut self, name: &str, path: &Path, reader: &mut dyn Read) {
        let limit = self.limits.file_bytes;
        let mut bytes = Vec::new();
        match reader.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
            Err(error) => self.refuse(unreadable(path, &error)),
            Ok(length) if length as u64 > limit => {
                let message = format!("the file is larger than {} MiB", limit >> 20);
                self.refuse(Finding::new(Severity::Error, codes::FILE_TOO_LARGE, message).in_file(name));
            }
            Ok(_) => self.bytes(name, bytes),
        }
    }

    fn bytes(&mut self, name: &str, bytes: Vec<u8>) {
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            let finding = Finding::new(Severity::Error, codes::NOT_UTF8, "the file is UTF-16, not UTF-8");
            return self.refuse(finding.in_file(name).with_fix("save it as UTF-8"));
        }
        let (text, invalid) = decode(bytes);
        let source = Arc::new(SourceFile::new(name, text));
        for chunk in split(source.text()) {
            self.chunk(&source, chunk, &invalid);
        }
    }

    fn chunk(&mut self, source: &Arc<SourceFile>, chunk: Chunk, invalid: &[usize]) {
        let Range { start, end } = chunk.text;
        if let Some(separator) = chunk.bad_separator {
            let message = "only a comment may follow the `---` between documents";
            let finding = Finding::new(Severity::Error, codes::YAML_SYNTAX, message);
            let finding = finding.at_bytes(source, separator.start, separator.end);
            return self.refuse(finding.with_fix("begin the document on the next line"));
        }
        if let Some(at) = invalid.iter().find(|at| (start..end).contains(at)) {
            let finding = Finding::new(Severity::Error, codes::NOT_UTF8, "the document is not UTF-8");
            return self.refuse(finding.at_bytes(source, *at, at + char::REPLACEMENT_CHARACTER.len_utf8()));
        }
        self.document(source, start..end);
        if let Some(ignored) = chunk.ignored {
            let message = "text after `...` is not read; kubectl does not read it either";
            let text = slice(source.text(), &ignored);
            let start = ignored.start + (text.len() - text.trim_start().len());
            let finding = Finding::new(Severity::Warning, codes::IGNORED_TEXT, message);
            let finding = finding.at_bytes(source, start, start);
            self.finding(finding.with_fix("write `---` before the next document"));
        }
    }

    /// A document of YAML, or a stream of JSON objects: what begins with `{` is JSON to kubectl, and YAML if that fails.
    fn document(&mut self, source: &Arc<SourceFile>, at: Range<usize>) {
        let text = slice(source.text(), &at);
        if is_blank(text) {
            return;
        }
        let objects = if text.trim_start().starts_with('{') { json::split(text) } else { None };
        match objects.as_deref() {
            Some([first, rest @ ..]) if rest.is_empty() || self.is_json(slice(text, first)) => {
                for object in std::iter::once(first).chain(rest) {
                    self.json(source, at.start + object.start..at.start + object.end, rest.is_empty());
                }
            }
            _ => self.yaml(source, at, None),
        }
    }

    fn is_json(&self, text: &str) -> bool {
        text.len() > self.limits.document_bytes || json::parse(text, 0, self.limits.document_memory).is_ok()
    }

    fn json(&mut self, source: &Arc<SourceFile>, at: Range<usize>, may_be_yaml: bool) {
        if self.is_too_large(source, &at) {
            return;
        }
        match json::parse(slice(source.text(), &at), at.start, self.limits.document_memory) {
            Ok(parsed) => self.parsed(source, parsed),
            Err(problem) if may_be_yaml && problem.code == codes::YAML_SYNTAX => self.yaml(source, at, Some(problem)),
            Err(problem) => self.problem(source, at.start, problem),
        }
    }

    /// Of two readings that failed, the one that came further tells more.
    fn yaml(&mut self, source: &Arc<SourceFile>, at: Range<usize>, as_json: Option<Problem>) {
        if self.is_too_large(source, &at) {
            return;
        }
        let text = slice(source.text(), &at);
        match yaml::parse(text, at.start, self.limits.document_memory, &mut self.budget) {
            Ok(parsed) => self.parsed(source, parsed),
            Err(problem) => {
                let problem = as_json.filter(|json| json.start >= problem.start).unwrap_or(problem);
                self.problem(source, at.start, problem);
            }
        }
    }

    fn is_too_large(&mut self, source: &Arc<SourceFile>, at: &Range<usize>) -> bool {
        let limit = self.limits.document_bytes;
        if at.len() <= limit {
            return false;
        }
        let text = slice(source.text(), at);
        let start = at.start + (text.len() - text.trim_start().len());
        let message = format!("the document has {} bytes; at most {limit} are read", at.len());
        let finding = Finding::new(Severity::Error, codes::DOCUMENT_TOO_LARGE, message);
        self.refuse(finding.at_bytes(source, start, start).with_fix("split it at `---` lines"));
        true
    }

    fn parsed(&mut self, source: &Arc<SourceFile>, parsed: Option<Parsed>) {
        let Some(Parsed { value, tree, duplicates, more_duplicates }) = parsed else { return };
        self.left_out += more_duplicates;
        let base = tree.base();
        for duplicate in duplicates {
            let message = format!("the key `{}` is given more than once; the last one counts", duplicate.key);
            let finding = Finding::new(Severity::Error, codes::DUPLICATE_KEY, message);
            let mut finding = finding.at_bytes(source, base + duplicate.start, base + duplicate.end);
            finding.path = Some(duplicate.path);
            self.finding(finding.with_fix("remove all but one of them"));
        }
        let document = Document { value, origin: Origin::new(Arc::clone(source), Arc::new(tree)) };
        if self.any_value {
            return (self.each)(document);
        }
        objects(document, &mut |object| match object {
            Ok(document) => (self.each)(document),
            Err(finding) => {
                self.report.unusable = true;
                keep(&mut self.report, &mut self.left_out, self.limits.findings, finding);
            }
        });
    }

    fn problem(&mut self, source: &Arc<SourceFile>, base: usize, problem: Problem) {
        let finding = Finding::new(Severity::Error, problem.code, problem.message);
        let mut finding = finding.at_bytes(source, base + problem.start, base + problem.end);
        finding.fix = problem.fix.map(str::to_owned);
        self.refuse(finding);
    }

    /// Something could not be read.
    fn refuse(&mut self, finding: Finding) {
        self.report.unusable = true;
        self.finding(finding);
    }

    fn finding(&mut self, finding: Finding) {
        keep(&mut self.report, &mut self.left_out, self.limits.findings, finding);
    }
}

fn keep(report: &mut Report, left_out: &mut usize, limit: usize, finding: Finding) {
    if report.findings.len() < limit {
        report.findings.push(finding);
    } else {
        *left_out += 1;
    }
}

/// The text of a file. What is not UTF-8 becomes U+FFFD, so that the other documents can be read; of each document the first
/// such place is told.
fn decode(bytes: Vec<u8>) -> (String, Vec<usize>) {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return (text, Vec::new()),
        Err(error) => error.into_bytes(),
    };
    let (mut text, mut invalid) = (String::with_capacity(bytes.len()), Vec::new());
    let mut in_new_document = true;
    for chunk in bytes.utf8_chunks() {
        in_new_document |= chunk.valid().contains("\n---");
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            if std::mem::take(&mut in_new_document) {
                invalid.push(text.len());
            }
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    (text, invalid)
}
