//! `pickscan rules list | show | lint`.

use std::{
    io::{self, Write},
    path::Path,
};

use super::unless_closed;
use crate::rules::{Problem, Rule, Ruleset, load};

/// Exit status of `lint` where something is wrong, and of `show` where there is no such rule.
const REFUSED: u8 = 1;

/// Writes one line a rule: severity, id, title.
///
/// # Errors
/// Whatever `out` reports.
pub fn list(ruleset: &Ruleset, out: &mut dyn Write) -> io::Result<()> {
    let width = ruleset
        .rules()
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or(0);
    for rule in ruleset.rules() {
        writeln!(
            out,
            "{:<8}  {:<width$}  {}",
            rule.severity.name(),
            rule.id,
            rule.title
        )?;
    }
    Ok(())
}

/// Writes all that a rule says about itself. Returns the exit status.
///
/// # Errors
/// Whatever `out` reports.
pub fn show(ruleset: &Ruleset, id: &str, out: &mut dyn Write) -> io::Result<u8> {
    match ruleset.rule(id) {
        Some(rule) => unless_closed(describe(rule, out)).map(|()| 0),
        None => {
            let message = format!("there is no rule `{id}`; `pickscan rules list` lists them");
            Err(io::Error::new(io::ErrorKind::NotFound, message))
        }
    }
}

fn describe(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}", rule.id, rule.title)?;
    writeln!(out, "severity    {}", rule.severity.name())?;
    writeln!(out, "why         {}", one_line(&rule.why))?;
    writeln!(out, "what to do  {}", one_line(&rule.what_to_do))?;
    for reference in &rule.references {
        writeln!(out, "reference   {reference}")?;
    }
    if !rule.tags.is_empty() {
        writeln!(out, "tags        {}", rule.tags.join(", "))?;
    }
    for sample in &rule.examples.matching {
        writeln!(out, "matches     corpus/{sample}")?;
    }
    Ok(())
}

/// Checks rules and writes what is wrong with them. Returns the exit status.
///
/// # Errors
/// Whatever `out` reports.
pub fn lint(path: &Path, out: &mut dyn Write) -> io::Result<u8> {
    let problems = match load::read(path) {
        Ok(documents) => match Ruleset::only(&documents) {
            Ok(_) => {
                let count = documents.len();
                let files = if count == 1 { "file is" } else { "files are" };
                unless_closed(writeln!(out, "{count} {files} in order"))?;
                return Ok(0);
            }
            Err(error) => error.problems,
        },
        Err(problems) => problems,
    };
    unless_closed(write_all(&problems, out))?;
    Ok(REFUSED)
}

fn write_all(problems: &[Problem], out: &mut dyn Write) -> io::Result<()> {
    problems
        .iter()
        .try_for_each(|problem| writeln!(out, "{problem}"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
