//! `--format` and `--output`: which formats go where.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::output::Format;

/// One output of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// In which format.
    pub format: Format,
    /// To which file; nothing for standard output.
    pub path: Option<PathBuf>,
}

/// Outputs that cannot be meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableOutputs {
    /// Two reports would overwrite each other.
    #[error("--output: more than one report would be written to {0}; give each its own file")]
    OnePlace(String),
    /// A mistyped format would become the name of a file, and the report be missing where it is
    /// looked for.
    #[error(
        "--output: `{name}` is no format; there are {}; a file of that name is `./{name}={rest}`",
        format_names()
    )]
    NoFormat {
        /// What stands before `=`.
        name: String,
        /// What stands behind it.
        rest: String,
    },
}

fn format_names() -> String {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    names.join(", ")
}

/// A destination that is ready to be written to.
pub enum Opened {
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A file.
    File(BufWriter<File>),
}

impl Destination {
    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        self.path.is_none()
    }

    /// Creates the file. Done before anything is scanned: a run that cannot keep its result should
    /// not take an hour to say so.
    ///
    /// # Errors
    /// Whatever the operating system says about creating the file.
    pub fn open(&self) -> io::Result<Opened> {
        Ok(match &self.path {
            None => Opened::Stdout(BufWriter::new(io::stdout())),
            Some(path) => Opened::File(BufWriter::new(File::create(path)?)),
        })
    }
}

impl Opened {
    /// Where to write.
    pub fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(writer) => writer,
            Self::File(writer) => writer,
        }
    }
}

/// The destinations that the two options amount to.
///
/// `--output FILE` takes the format of `--format`; `--output FORMAT=FILE` names its own, and
/// `--output FORMAT` is that format on standard output. A `--format` that no output has taken goes
/// to standard output.
pub(super) fn all(
    format: Option<Format>,
    outputs: &[OsString],
) -> Result<Vec<Destination>, UnusableOutputs> {
    let mut destinations = Vec::new();
    let mut format_taken = false;
    for output in outputs {
        let (named, file) = split(output)?;
        format_taken |= named.is_none();
        let path = file.filter(|file| *file != "-").map(PathBuf::from);
        destinations.push(Destination {
            format: named.or(format).unwrap_or_default(),
            path,
        });
    }
    let to_stdout = destinations.iter().any(Destination::is_stdout);
    match format {
        Some(format) if !format_taken && !to_stdout => {
            destinations.insert(0, Destination { format, path: None });
        }
        _ if destinations.is_empty() => {
            destinations.push(Destination {
                format: format.unwrap_or_default(),
                path: None,
            });
        }
        _ => {}
    }
    let mut seen = std::collections::HashSet::new();
    match destinations
        .iter()
        .find(|destination| !seen.insert(destination.path.as_deref().map(resolved)))
    {
        None => Ok(destinations),
        Some(twice) => Err(UnusableOutputs::OnePlace(match &twice.path {
            None => "standard output".to_owned(),
            Some(path) => path.display().to_string(),
        })),
    }
}

/// One spelling for all that lead to a file which may not exist yet.
fn resolved(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    path.canonicalize().unwrap_or_else(|_| {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        folder.join(path.file_name().unwrap_or_default())
    })
}

/// The format and the file of one `--output`. A word before `=` must be a format; anything else, as
/// in `./a=b`, is part of a file's name.
fn split(output: &OsStr) -> Result<(Option<Format>, Option<&OsStr>), UnusableOutputs> {
    let whole = (None, Some(output));
    let Some(text) = output.to_str() else {
        return Ok(split_bytes(output).unwrap_or(whole));
    };
    if let Some(format) = Format::from_name(text) {
        return Ok((Some(format), None));
    }
    let Some((name, file)) = text.split_once('=') else {
        return Ok(whole);
    };
    match Format::from_name(name) {
        Some(format) => Ok((Some(format), Some(OsStr::new(file)))),
        None if name.chars().all(char::is_alphanumeric) => Err(UnusableOutputs::NoFormat {
            name: name.to_owned(),
            rest: file.to_owned(),
        }),
        None => Ok(whole),
    }
}

#[cfg(unix)]
fn split_bytes(output: &OsStr) -> Option<(Option<Format>, Option<&OsStr>)> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = output.as_bytes();
    let equals = bytes.iter().position(|&byte| byte == b'=')?;
    let format = Format::from_name(std::str::from_utf8(bytes.get(..equals)?).ok()?)?;
    Some((
        Some(format),
        Some(OsStr::from_bytes(bytes.get(equals + 1..)?)),
    ))
}

#[cfg(not(unix))]
fn split_bytes(_: &OsStr) -> Option<(Option<Format>, Option<&OsStr>)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Option<Format>, outputs: &[&str]) -> Vec<String> {
        let outputs: Vec<OsString> = outputs.iter().map(OsString::from).collect();
        let shown = |destination: &Destination| {
            let path = destination
                .path
                .as_ref()
                .map_or("-", |path| path.to_str().unwrap());
            format!("{}={path}", destination.format.name())
        };
        match all(format, &outputs) {
            Ok(all) => all.iter().map(shown).collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn formats_go_where_they_are_sent() {
        assert_eq!(shown(None, &[]), ["text=-"]);
        assert_eq!(shown(Some(Format::Json), &[]), ["json=-"]);
        assert_eq!(shown(Some(Format::Json), &["out"]), ["json=out"]);
        assert_eq!(shown(None, &["sarif=a.sarif"]), ["sarif=a.sarif"]);
        assert_eq!(
            shown(Some(Format::Text), &["sarif=a"]),
            ["text=-", "sarif=a"]
        );
        assert_eq!(
            shown(None, &["sarif=a", "text", "./b=c"]),
            ["sarif=a", "text=-", "text=./b=c"]
        );
        assert_eq!(shown(None, &["json=-"]), ["json=-"]);
    }

    #[test]
    fn one_place_takes_one_report() {
        let refused = |outputs: &[&str], place: &str| {
            let shown = shown(None, outputs).concat();
            assert!(shown.contains(&format!("to {place}; give each")), "{shown}");
        };
        refused(&["json=-", "text"], "standard output");
        refused(&["json=a", "text=a"], "a");
        refused(&["json=a", "text=./a"], "./a");
        refused(&["json=src/../a", "text=a"], "a");
    }

    #[test]
    fn a_mistyped_format_is_no_name_of_a_file() {
        let shown = shown(None, &["sarf=a.sarif"]).concat();
        assert!(shown.contains("`sarf` is no format"), "{shown}");
        assert!(shown.contains("`./sarf=a.sarif`"), "{shown}");
    }
}
