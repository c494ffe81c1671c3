//! `--format` and `--output`: which formats go where.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
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

/// Two outputs would go to one place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("--output: more than one report would be written to {0}; give each its own file")]
pub struct UnusableOutputs(String);

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
        let (named, file) = split(output);
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
        .find(|destination| !seen.insert(&destination.path))
    {
        None => Ok(destinations),
        Some(twice) => Err(UnusableOutputs(match &twice.path {
            None => "standard output".to_owned(),
            Some(path) => path.display().to_string(),
        })),
    }
}

/// The format and the file of one `--output`. What stands before `=` counts as a format only if it
/// is one, so that a file may be called `a=b`.
fn split(output: &OsStr) -> (Option<Format>, Option<&OsStr>) {
    let whole = (None, Some(output));
    let Some(text) = output.to_str() else {
        return split_bytes(output).unwrap_or(whole);
    };
    if let Some(format) = Format::from_name(text) {
        return (Some(format), None);
    }
    match text.split_once('=') {
        Some((name, file)) => match Format::from_name(name) {
            Some(format) => (Some(format), Some(OsStr::new(file))),
            None => whole,
        },
        None => whole,
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
            Err(error) => vec![error.0],
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
            shown(None, &["sarif=a", "text", "b=c"]),
            ["sarif=a", "text=-", "text=b=c"]
        );
        assert_eq!(shown(None, &["json=-"]), ["json=-"]);
    }

    #[test]
    fn one_place_takes_one_report() {
        assert_eq!(shown(None, &["json=-", "text"]), ["standard output"]);
        assert_eq!(shown(None, &["json=a", "text=a"]), ["a"]);
    }
}
