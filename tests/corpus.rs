//! Every sample of the corpus against its expected result, exactly: verdict, findings with member
//! and offset, what is imported, how each stream ends.
//!
//! `expected.txt` in each folder of the corpus holds one line a sample. After a change that is
//! meant to change results, `BLESS=1 cargo test --test corpus` rewrites them; review the diff.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use pickscan::{
    report::{FileReport, Report},
    rules::{Ruleset, Trust},
    scan::{Options, Unobserved, scan},
};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

/// Folders and files that are not samples.
fn is_sample(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let generator = path.starts_with(Path::new(CORPUS).join("generate"));
    let description = name.ends_with(".pkt")
        || name.ends_with(".md")
        || name.ends_with(".csv")
        || name == "expected.txt";
    !generator && !description
}

fn scanned() -> Report {
    scan(
        &[PathBuf::from(CORPUS)],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    )
}

/// One line: `name: verdict; findings; imports that are not trusted; ends`.
fn line(file: &FileReport) -> String {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let findings = file.findings.iter().map(|finding| {
        let location = &finding.location;
        let member = String::from_utf8_lossy(&location.member.joined()).into_owned();
        let place = if member.is_empty() {
            String::new()
        } else {
            format!("{member} ")
        };
        let symbol = finding.symbol.as_deref().unwrap_or("-");
        format!("{} {symbol} {place}@{}", finding.rule, location.offset)
    });
    let imports = file.streams.iter().flat_map(|stream| &stream.imports);
    let trusted = imports
        .clone()
        .filter(|import| import.trust == Trust::Trusted)
        .count();
    let calls: usize = file.streams.iter().map(|stream| stream.calls.len()).sum();
    let ends: Vec<&str> = file
        .streams
        .iter()
        .map(|stream| stream.end.name())
        .collect();
    let findings: Vec<String> = findings.collect();
    format!(
        "{name}: {}; {}; imports {} trusted {trusted} calls {calls}; {}",
        file.verdict().name(),
        if findings.is_empty() {
            "no findings".to_owned()
        } else {
            findings.join(", ")
        },
        imports.count(),
        if ends.is_empty() {
            "no pickle".to_owned()
        } else {
            shorten(&ends)
        },
    )
}

/// Long runs of the same end are counted.
fn shorten(ends: &[&str]) -> String {
    match ends {
        [first, rest @ ..] if rest.len() > 4 && rest.iter().all(|end| end == first) => {
            format!("{first} × {}", ends.len())
        }
        _ => ends.join(" "),
    }
}

#[test]
fn every_sample_gives_its_expected_result() {
    let report = scanned();
    let mut folders: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for file in report.files.iter().filter(|file| is_sample(&file.path)) {
        let folder = file
            .path
            .parent()
            .expect("a file lies in a folder")
            .to_owned();
        folders.entry(folder).or_default().push(line(file));
    }
    let samples: usize = folders.values().map(Vec::len).sum();
    assert!(samples >= 120, "only {samples} samples were found");
    let bless = std::env::var_os("BLESS").is_some();
    let mut differences = Vec::new();
    for (folder, mut lines) in folders {
        lines.sort();
        let path = folder.join("expected.txt");
        let wanted = lines.join("\n") + "\n";
        if bless {
            fs::write(&path, wanted).expect("expectations are written");
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let expected: Vec<&str> = expected.lines().collect();
        let gone = expected
            .iter()
            .filter(|line| !lines.iter().any(|found| found == *line));
        let new = lines
            .iter()
            .filter(|line| !expected.contains(&line.as_str()));
        differences.extend(gone.map(|line| format!("{} - {line}", folder.display())));
        differences.extend(new.map(|line| format!("{} + {line}", folder.display())));
    }
    assert!(
        differences.is_empty(),
        "results have changed:\n{}",
        differences.join("\n")
    );
}

#[test]
fn every_verdict_occurs_in_the_corpus() {
    let report = scanned();
    for verdict in [
        "clean",
        "unfamiliar",
        "suspicious",
        "dangerous",
        "incomplete",
        "skipped",
    ] {
        let found = report
            .files
            .iter()
            .any(|file| file.verdict().name() == verdict);
        assert!(found, "no sample is {verdict}");
    }
}

/// The examples of the rules about containers: each finds what it names and nothing in what it names
/// as harmless.
#[test]
fn examples_of_container_rules_hold() {
    let report = scanned();
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for file in &report.files {
        let below = file.path.strip_prefix(CORPUS).unwrap_or(&file.path);
        let sample = below.with_extension("").to_string_lossy().into_owned();
        let rules = file.findings.iter().map(|finding| finding.rule.as_str());
        found.entry(sample).or_default().extend(rules);
    }
    let mut wrong = Vec::new();
    let rules = Ruleset::builtin().rules().iter();
    for rule in rules.filter(|rule| rule.id.starts_with("container-")) {
        let matching = rule.examples.matching.iter().map(|sample| (sample, true));
        let harmless = rule.examples.no_match.iter().map(|sample| (sample, false));
        for (sample, expected) in matching.chain(harmless) {
            let rules = found.get(sample);
            if rules.map(|rules| rules.contains(&rule.id.as_str())) != Some(expected) {
                wrong.push(format!("{}: {sample}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_anomaly_of_a_container_has_a_rule() {
    for kind in pickscan::facts::ContainerAnomalyKind::ALL {
        let facts = pickscan::facts::Facts {
            container: vec![pickscan::facts::ContainerFact {
                kind: *kind,
                offset: 0,
                detail: String::new(),
            }],
            ..Default::default()
        };
        let matches = Ruleset::builtin().evaluate(&facts).matches;
        assert_eq!(matches.len(), 1, "{}", kind.name());
    }
}
