//! The shape of the source: which room may know which, how long files and functions are.
//!
//! The arrows are those of docs/ARCHITECTURE.md; adding one here means explaining it there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each room and the rooms it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("parallel", &[]),
    ("source", &[]),
    ("pickle", &["source"]),
    ("facts", &[]),
    ("show", &["facts", "pickle"]),
    ("payload", &["facts"]),
    (
        "machine",
        &["facts", "limits", "payload", "pickle", "source"],
    ),
    ("rules", &["facts", "machine", "pickle"]),
    ("report", &["facts", "rules"]),
    ("container", &["facts", "limits", "pickle", "source"]),
    (
        "scan",
        &[
            "container",
            "facts",
            "limits",
            "machine",
            "parallel",
            "payload",
            "pickle",
            "report",
            "rules",
            "source",
        ],
    ),
    ("output", &["facts", "parallel", "report", "rules"]),
    ("suppress", &["report", "rules"]),
    ("config", &["report", "suppress"]),
    (
        "cli",
        &[
            "config", "limits", "output", "pickle", "report", "rules", "sandbox", "scan",
            "suppress",
        ],
    ),
    ("sandbox", &[]),
    ("main", &["cli", "output", "rules", "sandbox", "scan"]),
    ("lib", &[]),
];

/// Of `machine`, the rules know what callables do, and nothing of how it is followed.
const RULES_SEE_OF_MACHINE: &str = "crate::machine::model";

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 80;

/// Functions that are one flat `match` over a table, which is the one exception.
const FLAT_MATCHES: &[&str] = &["src/machine/step.rs: step", "src/machine/apply.rs: apply"];

fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![PathBuf::from("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    assert!(sources.len() > 20);
    sources
}

fn room(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap();
    let first = below.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn is_tests(path: &Path) -> bool {
    path.file_stem()
        .is_some_and(|stem| stem == "tests" || stem == "example")
}

/// The code without comments and without its `mod tests`: tests may reach further.
fn code(text: &str) -> String {
    let until = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..until].lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

/// The rooms that follow `crate::` or `pickscan::`, also in a list in braces.
fn used(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for prefix in ["crate::", "pickscan::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(first_names(list)),
                None => rooms.extend([name(rest)]),
            }
        }
    }
    rooms
}

fn name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first name of each entry of a list that ends at its closing brace.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut starts, mut names) = (0, true, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            _ if starts && !character.is_whitespace() => {
                names.push(name(&list[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn rooms_know_only_what_they_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = room(&path);
        let allowed = ARROWS.iter().find(|(room, _)| *room == own);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{} is in no room", path.display()));
        for other in used(&code(&text)) {
            let is_room = ARROWS.iter().any(|(room, _)| *room == other);
            if is_room && other != own && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: {own} must not know {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_know_models_and_nothing_else_of_the_machine() {
    for (path, text) in sources() {
        if room(&path) != "rules" {
            continue;
        }
        for (at, _) in text.match_indices("crate::machine") {
            let rest = &text[at..];
            assert!(rest.starts_with(RULES_SEE_OF_MACHINE), "{}", path.display());
        }
    }
}

#[test]
fn the_check_can_fail() {
    let used = used("use crate::{facts::{End, Facts}, rules};\nlet x = crate::scan::scan();");
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        ["facts", "rules", "scan"]
    );
}

#[test]
fn there_is_no_circle() {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    loop {
        let ready = |(room, uses): &&(&'static str, &[&'static str])| {
            !done.contains(room) && uses.iter().all(|used| done.contains(used))
        };
        let next: Vec<&str> = ARROWS.iter().filter(ready).map(|(room, _)| *room).collect();
        if next.is_empty() {
            break;
        }
        done.extend(next);
    }
    let left: Vec<_> = ARROWS
        .iter()
        .filter(|(room, _)| !done.contains(room))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn files_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let code = match is_tests(&path) {
            true => continue,
            false => &text[..text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())],
        };
        let lines: Vec<&str> = code.lines().collect();
        if lines.len() > LONGEST_FILE {
            wrong.push(format!("{}: {} lines", path.display(), lines.len()));
        }
        for (name, length) in functions(&lines) {
            let function = format!("{}: {name}", path.display());
            if length > LONGEST_FUNCTION && !FLAT_MATCHES.contains(&function.as_str()) {
                wrong.push(format!("{function} has {length} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Functions and their lengths: from the line with `fn` to the closing brace at its indentation.
fn functions(lines: &[&str]) -> Vec<(String, usize)> {
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function = code.starts_with("fn ")
            || code.starts_with("pub") && code.contains(" fn ")
            || code.starts_with("const fn ");
        let signature_ends = |line: &&&str| line.ends_with('{') || line.ends_with(';');
        let declared_only = lines[at..].iter().find(signature_ends);
        if !is_function || declared_only.is_some_and(|line| line.ends_with(';')) {
            continue;
        }
        let indent = line.len() - code.len();
        let closing = format!("{}}}", " ".repeat(indent));
        let end = lines[at..].iter().position(|line| *line == closing);
        let called = code.split("fn ").nth(1).map(name).unwrap_or_default();
        functions.push((called, end.map_or(1, |end| end + 1)));
    }
    functions
}
