//! `docs/rules/` says what the detect rules say of themselves. `BLESS=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pickscan::rules::{Rule, Ruleset};

/// The page of one rule. Ids are anchors and file names.
fn page(rule: &Rule) -> String {
    let mut page = format!("# {}\n\n`{}`", rule.title, rule.id);
    let (severity, confidence) = (rule.severity.name(), rule.confidence.name());
    let _ = write!(page, " · severity {severity} · confidence {confidence}\n\n");
    let _ = write!(page, "> {}\n\n", rule.message);
    let _ = write!(page, "**Why this is bad.** {}\n\n", rule.why);
    let _ = write!(page, "**What to do.** {}\n\n", rule.what_to_do);
    list(&mut page, "Read on", rule.references.iter());
    let samples = |samples: &[String]| -> Vec<String> {
        let link = |sample: &String| format!("`corpus/{sample}`");
        samples.iter().map(link).collect()
    };
    list(
        &mut page,
        "Samples that it finds",
        samples(&rule.examples.matching).iter(),
    );
    list(
        &mut page,
        "Samples that it leaves alone",
        samples(&rule.examples.no_match).iter(),
    );
    let _ = writeln!(page, "Tags: {}.", rule.tags.join(", "));
    page
}

fn list<'a>(page: &mut String, title: &str, items: impl Iterator<Item = &'a String>) {
    let _ = write!(page, "**{title}**\n\n");
    for item in items {
        let _ = writeln!(page, "- {item}");
    }
    page.push('\n');
}

/// The table of all rules, the worst first.
fn index(rules: &[&Rule]) -> String {
    let mut index = "# What pickscan finds\n\n\
        Written from `rules/detect/` by `BLESS=1 cargo test --test rules_docs`. `pickscan rules show ID` says the same.\n\n\
        | rule | severity | what it finds |\n|---|---|---|\n"
        .to_owned();
    for rule in rules {
        let (id, severity, title) = (&rule.id, rule.severity.name(), &rule.title);
        let _ = writeln!(index, "| [{id}]({id}.md) | {severity} | {title} |");
    }
    index
}

fn expected() -> Vec<(PathBuf, String)> {
    let mut rules: Vec<&Rule> = Ruleset::builtin()
        .rules()
        .iter()
        .map(AsRef::as_ref)
        .collect();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), &rule.id));
    let pages = rules
        .iter()
        .map(|rule| (format!("{}.md", rule.id), page(rule)));
    let index = ("README.md".to_owned(), index(&rules));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let pages = pages.chain(std::iter::once(index));
    pages
        .map(|(name, text)| (folder.join(name), text))
        .collect()
}

#[test]
fn the_pages_are_those_of_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let expected = expected();
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (path, text) in &expected {
            fs::write(path, text).unwrap();
        }
    }
    for (path, text) in &expected {
        let written = fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == *text,
            "{} differs: run with BLESS=1",
            path.display()
        );
    }
    let known: Vec<&PathBuf> = expected.iter().map(|(path, _)| path).collect();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&&path),
            "{} belongs to no rule",
            path.display()
        );
    }
}
