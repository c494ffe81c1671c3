//! `pickscan disasm` and `pickscan explain`: one file, for a person who wants to see for themselves.

use std::io::{self, BufWriter, Write};

use super::{BadArgument, FileArguments, unless_closed};
use crate::{
    output::{self, visible},
    pickle::disasm,
    report::Threshold,
    rules::Ruleset,
    scan::{self, Options, PickleMember, Unobserved},
};

/// Exit status where there is nothing to show.
const NOTHING: u8 = 2;

/// Why a file cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// The command line.
    #[error(transparent)]
    Argument(#[from] BadArgument),
    /// The file, or the output.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// A folder instead of a file.
    #[error("{0} is a folder; name a file in it")]
    Folder(String),
    /// A member that no pickle is in.
    #[error("{0} has no pickle in a member of that name; without --member all are shown")]
    NoMember(String),
    /// The output.
    #[error("cannot write the result: {0}")]
    Unwritable(#[from] io::Error),
}

/// Lists the instructions of every pickle in a file. Returns the exit status.
///
/// # Errors
/// Where the file cannot be read, or `out` not be written to.
pub fn disassemble(arguments: &FileArguments, out: &mut dyn Write) -> Result<u8, ShowError> {
    let limits = arguments.caps.limits()?;
    let path = shown(arguments)?;
    let source = scan::open(&arguments.file, &limits)
        .map_err(|error| ShowError::Unreadable(path.clone(), error))?;
    let (pickles, notices) = scan::pickles(source, &limits);
    let mut out = BufWriter::new(out);
    let mut shown = 0;
    for pickle in pickles.iter().filter(|pickle| is_wanted(arguments, pickle)) {
        unless_closed(list(&path, pickle, &mut out))?;
        shown += 1;
    }
    for notice in notices {
        let (member, message) = (
            visible(&notice.member.joined()),
            visible(notice.message.as_bytes()),
        );
        unless_closed(writeln!(out, "{path} {member}: {message}"))?;
    }
    if shown == 0 {
        unless_closed(writeln!(out, "{path}: no pickle to show"))?;
    }
    unless_closed(out.flush())?;
    Ok(if shown == 0 { NOTHING } else { 0 })
}

/// The path as it is shown, where it is not a folder's.
fn shown(arguments: &FileArguments) -> Result<String, ShowError> {
    let path = visible(arguments.file.as_os_str().as_encoded_bytes());
    match arguments.file.is_dir() {
        true => Err(ShowError::Folder(path)),
        false => Ok(path),
    }
}

fn is_wanted(arguments: &FileArguments, pickle: &PickleMember) -> bool {
    let name = visible(&pickle.path.joined());
    arguments
        .member
        .as_ref()
        .is_none_or(|wanted| *wanted == name)
}

fn list(path: &str, pickle: &PickleMember, out: &mut dyn Write) -> io::Result<()> {
    if !pickle.path.is_input() {
        writeln!(out, "{path}!{}", visible(&pickle.path.joined()))?;
    }
    disasm::list(pickle.source.as_ref(), pickle.start, out)
}

/// Shows what a file would do. Returns the exit status of scanning it.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn explain(
    arguments: &FileArguments,
    ruleset: &Ruleset,
    out: &mut dyn Write,
) -> Result<u8, ShowError> {
    let options = Options {
        limits: arguments.caps.limits()?,
        ..Options::default()
    };
    let path = shown(arguments)?;
    let inputs = [arguments.file.clone()];
    let report = scan::scan(&inputs, &options, ruleset, &Unobserved);
    if let Some(wanted) = &arguments.member {
        let mut streams = report.files.iter().flat_map(|file| &file.streams);
        if !streams.any(|stream| visible(&stream.member.joined()) == *wanted) {
            return Err(ShowError::NoMember(path));
        }
    }
    let mut out = BufWriter::new(out);
    unless_closed(output::explain(
        &report,
        arguments.member.as_deref(),
        &mut out,
    ))?;
    unless_closed(out.flush())?;
    Ok(report.exit_code(Threshold::Never))
}
