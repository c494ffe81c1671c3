//! Every example of every detect rule, through the real scan: the rule finds what it says it finds, and nothing in
//! what it says it does not. A rule without a sample that it finds is a rule that nobody has seen work.

use std::path::{Path, PathBuf};

use pickscan::{
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};

/// Endings that a sample may have; the examples leave them out.
const ENDINGS: &[&str] = &[
    "pkl", "pt", "pth", "npy", "joblib", "zip", "tar", "bin", "distcp",
];

fn sample(id: &str) -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    ENDINGS
        .iter()
        .map(|ending| corpus.join(format!("{id}.{ending}")))
        .find(|path| path.is_file())
}

/// What the rules find in a sample; nothing where the sample does not exist.
fn found(id: &str) -> Option<Vec<String>> {
    let path = sample(id)?;
    let report = scan(
        &[path],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    let findings = report.files.iter().flat_map(|file| &file.findings);
    Some(findings.map(|finding| finding.rule.to_string()).collect())
}

#[test]
fn every_example_holds() {
    let mut wrong = Vec::new();
    for rule in Ruleset::builtin().rules() {
        let examples = &rule.examples;
        if examples.matching.is_empty() {
            wrong.push(format!("{}: no sample exercises it", rule.id));
        }
        let wanted = examples.matching.iter().map(|id| (id, true));
        let unwanted = examples.no_match.iter().map(|id| (id, false));
        for (id, expected) in wanted.chain(unwanted) {
            match found(id) {
                None => wrong.push(format!("{}: corpus/{id} does not exist", rule.id)),
                Some(rules) if rules.contains(&rule.id) != expected => {
                    wrong.push(format!("{}: {id} gives {rules:?}", rule.id));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
