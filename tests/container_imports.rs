//! Honest containers, loaded by the real libraries: what pickscan says they import is what these
//! ask for, no more and no less.
//!
//! What the libraries asked for stands in `tests/oracle/imports.tsv`, so that this needs none of
//! them. Where they are at hand, they are asked again: `PICKSCAN_PYTHON` names an interpreter that
//! has further libraries, and `BLESS=1` writes what they say.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use pickscan::{
    facts::Symbol,
    report::FileReport,
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One line: how a sample is read (`-` where nothing can be asked), the sample below `corpus`, why
/// its loader ended early or is not asked, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    reader: String,
    sample: String,
    remark: String,
    imports: BTreeSet<String>,
}

impl Row {
    fn read(line: &str) -> Self {
        let mut parts = line.split('\t').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let (reader, sample, remark) = (next(), next(), next());
        Self {
            reader,
            sample,
            remark,
            imports: parts.collect(),
        }
    }

    fn line(&self) -> String {
        let fields = [&self.reader, &self.sample, &self.remark];
        let fields: Vec<&str> = fields
            .into_iter()
            .chain(&self.imports)
            .map(String::as_str)
            .collect();
        fields.join("\t").trim_end().to_owned()
    }

    fn path(&self) -> String {
        let path = Path::new(ROOT).join("corpus").join(&self.sample);
        path.to_str().unwrap().to_owned()
    }
}

fn file() -> PathBuf {
    Path::new(ROOT).join("tests/oracle/imports.tsv")
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(file()).unwrap();
    text.lines().map(Row::read).collect()
}

/// Torch finds its storage classes without asking for them.
fn is_storage(name: &str) -> bool {
    name.starts_with("torch.") && name.ends_with("Storage")
}

/// What a file is said to import, as its pickles spell it.
fn said(file: &FileReport) -> BTreeSet<String> {
    let imports = file.streams.iter().flat_map(|stream| &stream.imports);
    let written = imports.filter(|import| !import.resolved);
    let spelled = written.filter_map(|import| import.spelled.as_ref().or(import.symbol.as_ref()));
    let names = spelled.map(Symbol::dotted);
    let names = names.map(|name| String::from_utf8(name).unwrap());
    names.filter(|name| !is_storage(name)).collect()
}

fn scanned(paths: &[PathBuf]) -> Vec<FileReport> {
    let options = Options::default();
    scan(paths, &options, Ruleset::builtin(), &Unobserved).files
}

#[test]
fn honest_containers_import_what_their_loaders_asked_for() {
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.reader != "-").collect();
    assert!(rows.len() > 250);
    let paths: Vec<PathBuf> = rows.iter().map(|row| row.path().into()).collect();
    let mut wrong = String::new();
    for (row, file) in rows.iter().zip(scanned(&paths)) {
        let said = said(&file);
        if said != row.imports {
            let more: Vec<_> = said.difference(&row.imports).collect();
            let less: Vec<_> = row.imports.difference(&said).collect();
            writeln!(wrong, "{}: more {more:?}, less {less:?}", row.sample).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The record is what the libraries say that are at hand.
#[test]
fn loaders_ask_for_what_is_recorded() {
    let script = Path::new(ROOT).join("tests/oracle/containers.py");
    let script = script.to_str().unwrap();
    let known = support::python_file(script, &["--kinds"], b"");
    let known = String::from_utf8(known).unwrap();
    let known: BTreeSet<&str> = known.lines().collect();
    let mut rows = rows();
    let mut asked = String::new();
    for row in rows
        .iter()
        .filter(|row| known.contains(row.reader.as_str()))
    {
        writeln!(asked, "{} {}", row.reader, row.path()).unwrap();
    }
    let answer = support::python_file(script, &["--imports"], asked.as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(answer.lines().count(), asked.lines().count());
    let answers: BTreeMap<String, (String, BTreeSet<String>)> = answer
        .lines()
        .map(|line| {
            let mut parts = line.split('\t').map(str::to_owned);
            let (path, remark) = (parts.next().unwrap(), parts.next().unwrap_or_default());
            (
                path,
                (remark, parts.filter(|name| !is_storage(name)).collect()),
            )
        })
        .collect();
    let before = rows.clone();
    for row in &mut rows {
        if let Some((remark, imports)) = answers.get(&row.path()) {
            (row.remark, row.imports) = (remark.clone(), imports.clone());
        }
    }
    if std::env::var_os("BLESS").is_some() {
        let lines: Vec<String> = rows.iter().map(|row| row.line() + "\n").collect();
        fs::write(file(), lines.concat()).unwrap();
        return;
    }
    for (before, now) in before.iter().zip(&rows) {
        assert_eq!(before.imports, now.imports, "{}", now.sample);
    }
}

/// A loader that came to the end of all samples but those that say why not.
#[test]
fn every_row_is_loaded_or_says_why_not() {
    for row in rows() {
        let is_asked = row.reader != "-";
        assert_eq!(row.remark.is_empty(), is_asked, "{row:?}");
        assert!(is_asked || row.imports.is_empty(), "{row:?}");
    }
}

/// The benign samples of the table in docs/CONTAINERS.md.
fn in_table() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/CONTAINERS.md")).unwrap();
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| Format"));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let cells = rows.filter_map(|row| row.split('|').nth(2));
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(|name| format!("containers/{name}")).collect()
}

#[test]
fn every_honest_container_has_a_row() {
    let known: BTreeSet<String> = rows().into_iter().map(|row| row.sample).collect();
    let missing: Vec<String> = in_table().difference(&known).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    let corpus = Path::new(ROOT).join("corpus");
    let folders = [corpus.join("benign"), corpus.join("acceptance/honest")];
    let mut checked = 0;
    for file in scanned(&folders) {
        // Plain pickles are asked about elsewhere, and what is no pickle asks for nothing.
        if matches!(file.format, "pickle" | "yaml" | "") {
            continue;
        }
        checked += 1;
        let sample = file.path.strip_prefix(&corpus).unwrap().to_str().unwrap();
        assert!(known.contains(sample), "{sample}");
    }
    assert!(checked > 100);
}
