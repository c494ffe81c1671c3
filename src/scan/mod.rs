//! The only room that opens inputs: walk, then one task an input, results in order.
//!
//! Nothing here knows what is dangerous; nothing here prints.

mod accounts;
mod analyse;
mod beside;
mod digest;
mod file;
mod inside;
mod member;
mod shelf;
mod stdin;
mod storages;
mod streams;
mod walk;
mod watched;
mod weights_only;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    limits::Limits,
    parallel::Workers,
    report::{FileReport, Report},
    rules::Ruleset,
    source::{FileSource, MemorySource, Source},
};

pub use member::{PickleMember, pickles};
pub use walk::{Excludes, Inputs, InvalidPattern, find};

/// How to scan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The caps.
    pub limits: Limits,
    /// Inputs scanned at the same time; 0 for as many as there are processors.
    pub jobs: usize,
    /// What is left out of what is discovered. Paths that are named are always scanned.
    pub excludes: Excludes,
    /// Whether the SHA-256 of each input is wanted, for which it is read to its end.
    pub digests: bool,
}

/// Is told how a run gets on. Called from several threads, in no particular order.
pub trait Observer: Sync {
    /// So many inputs will be scanned.
    fn inputs(&self, _count: usize) {}

    /// An input is done.
    fn scanned(&self, _file: &FileReport) {}
}

/// Does not look.
#[derive(Copy, Clone, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Scans paths, in their order: files, folders and what is below them, and `-` for standard input.
///
/// Never fails: what cannot be read is said in the report of that input.
pub fn scan(
    paths: &[PathBuf],
    options: &Options,
    ruleset: &Ruleset,
    observer: &dyn Observer,
) -> Report {
    scan_found(find(paths, &options.excludes), options, ruleset, observer)
}

/// Scans what [`find`] found. Between the two nothing of an input has been read and no thread was
/// started, so that is where a process restricts itself.
pub fn scan_found(
    inputs: Inputs,
    options: &Options,
    ruleset: &Ruleset,
    observer: &dyn Observer,
) -> Report {
    let Inputs {
        list: inputs,
        excluded,
        ..
    } = inputs;
    observer.inputs(inputs.len());
    let known = beside::Inputs::new(&inputs);
    let workers = Workers::new(options.jobs, inputs.len());
    let results = workers.in_order(&inputs, |input| {
        let scanner = file::Scanner::new(options, ruleset).among(&known);
        let scanned = scanner.input(input);
        observer.scanned(&scanned.file);
        (scanned.file, scanned.rules)
    });
    let mut report = Report {
        working_directory: std::env::current_dir().unwrap_or_default(),
        rules_digest: ruleset.digest().to_owned(),
        excluded,
        ..Report::default()
    };
    let results = results.into_iter();
    report.files = { results }
        .map(|(file, rules)| {
            report.rules.extend(rules);
            file
        })
        .collect();
    report
}

/// Scans one input that the caller has opened: bytes in memory, an object in a store. `name` is
/// what the report calls it.
///
/// Never fails: what cannot be read is said in the report.
pub fn scan_source(
    name: PathBuf,
    source: Arc<dyn Source>,
    options: &Options,
    ruleset: &Ruleset,
) -> Report {
    let scanned = file::Scanner::new(options, ruleset).opened(name, source);
    Report {
        rules_digest: ruleset.digest().to_owned(),
        rules: scanned.rules,
        files: vec![scanned.file],
        ..Report::default()
    }
}

/// Opens one file, or standard input for `-`, for a person who wants to see what is in it.
///
/// # Errors
/// Whatever the operating system reports; of a pipe, also where it holds more than its limit.
pub fn open(path: &Path, limits: &Limits) -> io::Result<Arc<dyn Source>> {
    if path.as_os_str() != "-" {
        return Ok(Arc::new(FileSource::open(path)?));
    }
    match stdin::open(limits.stdin)? {
        stdin::Stdin::File(source) => Ok(Arc::new(source)),
        stdin::Stdin::Bytes(_, Some(notice)) => Err(io::Error::other(notice.message)),
        stdin::Stdin::Bytes(bytes, None) => Ok(Arc::new(MemorySource::new(bytes))),
    }
}
