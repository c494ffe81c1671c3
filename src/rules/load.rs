//! Reading rule files: which kind a file is, and errors with the place and the line.
//!
//! `build.rs` includes this file, too.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::schema::{ModelFile, PackagesFile, Python2File, Rule, TrustFile, WeightsOnlyFile};

/// A rule file that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its path, as it is shown.
    pub path: PathBuf,
    /// What it contains.
    pub text: String,
    /// What that means.
    pub parsed: Parsed,
}

/// The kinds of rule file.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// What callables do.
    Models(ModelFile),
    /// What is trusted.
    Trust(TrustFile),
    /// What is bad.
    Detect(Box<Rule>),
    /// Python 2 names.
    Python2(Python2File),
    /// Packages known by name alone.
    Packages(PackagesFile),
    /// What PyTorch's restricted unpickler allows.
    WeightsOnly(WeightsOnlyFile),
}

/// Something wrong with a rule file: the author's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 where the problem is that of the whole file.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
    /// The line itself.
    pub source: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let message: String = self.message.chars().map(harmless).collect();
        if self.line == 0 {
            return write!(f, "{path}: {message}");
        }
        let before = self.column.max(1) - 1;
        let left_out = before.saturating_sub(SHOWN / 2);
        let source = self.source.chars().skip(left_out).take(SHOWN);
        let source: String = source.map(harmless).collect();
        let number = self.line.to_string();
        let (margin, indent) = (" ".repeat(number.len()), " ".repeat(before - left_out));
        writeln!(f, "{path}:{}:{}: {message}", self.line, self.column)?;
        writeln!(f, " {margin} |")?;
        writeln!(f, " {number} | {source}")?;
        write!(f, " {margin} | {indent}^")
    }
}

/// Characters of a line that are shown around what is wrong.
const SHOWN: usize = 160;

/// A terminal obeys control characters; the file may be of somebody else.
fn harmless(character: char) -> char {
    match character {
        '\n' => character,
        _ if character.is_control() => ' ',
        _ => character,
    }
}

impl Document {
    /// Understands the text of a file. What kind it is shows in its keys: `id` is a detect rule,
    /// `library` is trust, `python2-versions` are Python 2 names,
    /// `weights-only-versions` is what PyTorch allows, `listed-packages` are packages, anything else is models.
    ///
    /// # Errors
    /// The first thing that is not as the schema says.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        let parsed = if has("id:") {
            deserialize(path, text).map(|rule| Parsed::Detect(Box::new(rule)))
        } else if has("library:") {
            deserialize(path, text).map(Parsed::Trust)
        } else if has("python2-versions:") {
            deserialize(path, text).map(Parsed::Python2)
        } else if has("listed-packages:") {
            deserialize(path, text).map(Parsed::Packages)
        } else if has("weights-only-versions:") {
            deserialize(path, text).map(Parsed::WeightsOnly)
        } else {
            deserialize(path, text).map(Parsed::Models)
        }?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            parsed,
        })
    }

    /// A problem at the first place where `word` stands in the file.
    pub fn problem(&self, word: &str, message: String) -> Problem {
        let found = (1..).zip(self.text.lines()).find_map(|(line, source)| {
            let before = source.split_once(word)?.0;
            Some((line, before.chars().count() + 1, source))
        });
        let (line, column, source) = found.unwrap_or((0, 0, ""));
        Problem {
            path: self.path.clone(),
            line,
            column,
            message,
            source: source.to_owned(),
        }
    }
}

fn deserialize<T: for<'de> Deserialize<'de>>(path: &Path, text: &str) -> Result<T, Problem> {
    serde_yaml::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location().map(|at| (at.line(), at.column()));
        let (line, column) = place.unwrap_or_default();
        let [line, column] = [line, column].map(|n| usize::try_from(n).unwrap_or(0));
        let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        Problem {
            path: path.to_owned(),
            line,
            column,
            message: without_place(&error.to_string()).to_owned(),
            source: source.to_owned(),
        }
    })
}

/// The message of a YAML error without the place at its end, which is shown before it.
fn without_place(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(before, _)| before)
}

/// Reads the rule files at a path: the file itself, or every `.yml` and `.yaml` below a folder, in
/// the order of their names.
///
/// # Errors
/// Every file that cannot be read or is not as the schema says.
pub fn read(path: &Path) -> Result<Vec<Document>, Vec<Problem>> {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for found in files(path) {
        let read = found.and_then(|path| {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            Document::parse(&path, &text)
        });
        match read {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(documents)
    } else {
        Err(problems)
    }
}

/// The rule files at a path.
fn files(path: &Path) -> Vec<Result<PathBuf, Problem>> {
    let is_yaml = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yml" | "yaml"))
    };
    let found = walkdir::WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name();
    found
        .into_iter()
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) if entry.depth() > 0 && !is_yaml(entry.path()) => None,
            Ok(entry) => Some(Ok(entry.into_path())),
            Err(error) => {
                let path = error.path().unwrap_or(path).to_owned();
                Some(Err(unreadable(&path, &error.into())))
            }
        })
        .collect()
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem {
        path: path.to_owned(),
        line: 0,
        column: 0,
        message: format!("cannot be read: {error}"),
        source: String::new(),
    }
}

/// SHA-256 of the files' names and contents, as hexadecimal digits: which rules judged a file is
/// part of a report, and two packs must not be mistaken for one another.
pub(crate) fn digest(documents: &[Document]) -> String {
    let mut hasher = Sha256::new();
    for document in documents {
        let name = document.path.file_name().unwrap_or_default();
        for part in [name.as_encoded_bytes(), document.text.as_bytes()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hexadecimal(&hasher.finalize())
}

/// Two digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
