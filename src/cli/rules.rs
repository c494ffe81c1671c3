//! `pickscan rules list | show | lint`.

use std::{
    io::{self, Write},
    path::Path,
};

use super::unless_closed;
use crate::rules::{self, Problem, Ruleset};

/// Exit status of `lint` where something is wrong, and of `show` where there is no such rule.
const REFUSED: u8 = 1;

/// Writes one line a rule, the worst first, and how much the rules know.
///
/// # Errors
/// Whatever `out` reports.
pub fn list(ruleset: &Ruleset, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(ruleset.list().as_bytes())
}

/// Writes all that a rule says about itself, or all that the rules know of a name. Returns the
/// exit status.
///
/// # Errors
/// Whatever `out` reports.
pub fn show(ruleset: &Ruleset, id: &str, out: &mut dyn Write) -> io::Result<u8> {
    match ruleset.show(id) {
        Some(text) => unless_closed(out.write_all(text.as_bytes())).map(|()| 0),
        None => {
            let message = format!(
                "there is no rule `{id}`, and nothing is known of such a name; \
                 `pickscan rules list` lists the rules"
            );
            Err(io::Error::new(io::ErrorKind::NotFound, message))
        }
    }
}

/// Checks rules and writes what is wrong with them. Returns the exit status.
///
/// # Errors
/// Whatever `out` reports.
pub fn lint(path: &Path, out: &mut dyn Write) -> io::Result<u8> {
    let problems = rules::lint(path);
    if problems.is_empty() {
        unless_closed(writeln!(out, "the rules are in order"))?;
        return Ok(0);
    }
    unless_closed(write_all(&problems, out))?;
    Ok(REFUSED)
}

fn write_all(problems: &[Problem], out: &mut dyn Write) -> io::Result<()> {
    problems
        .iter()
        .try_for_each(|problem| writeln!(out, "{problem}"))
}
