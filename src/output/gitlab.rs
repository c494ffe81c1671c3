//! Code Quality of GitLab: a list of issues (`artifacts:reports:codequality`).
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::io::{self, Write};

use serde::Serialize;

use super::words;
use crate::{
    report::{FileReport, Finding, Report},
    rules::Severity,
};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let mut issues = Vec::new();
    for file in &report.files {
        let noted = |finding: &&Finding| finding.counts() && finding.severity > Severity::Info;
        let findings = file.findings.iter().filter(noted);
        issues.extend(findings.map(|finding| of_finding(report, file, finding)));
        issues.extend(of_remarks(report, file));
    }
    issues.extend(of_run(report));
    serde_json::to_writer_pretty(&mut *writer, &issues)?;
    writeln!(writer)
}

fn of_finding(report: &Report, file: &FileReport, finding: &Finding) -> Issue {
    Issue {
        description: words::finding_in_place(file, finding),
        check_name: finding.rule.clone(),
        fingerprint: report.fingerprint(file, finding),
        severity: match finding.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        },
        location: location(path(report, file)),
    }
}

/// One issue for all that could not be scanned in an input: GitLab wants fingerprints to be
/// unique, and messages may hold offsets, which change.
fn of_remarks(report: &Report, file: &FileReport) -> Option<Issue> {
    let remarks: Vec<String> = words::loud_remarks(file).collect();
    let first = remarks.first()?;
    let more = match remarks.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let finding = Finding::unlocated("incomplete");
    Some(Issue {
        description: format!("not scanned: {first}{more}"),
        check_name: "incomplete".to_owned(),
        fingerprint: report.fingerprint(file, &finding),
        severity: "major",
        location: location(path(report, file)),
    })
}

/// What does not count, so that a configuration cannot hide how much it hides.
fn of_run(report: &Report) -> Option<Issue> {
    let suppressed = words::suppressed(report)?;
    let provenance = &report.provenance;
    let file = provenance
        .configuration
        .as_ref()
        .or(provenance.baseline.as_ref());
    let path = file.map_or_else(|| ".".to_owned(), |path| words::shown(path));
    Some(Issue {
        description: suppressed,
        check_name: "suppressed".to_owned(),
        fingerprint: Finding::unlocated("suppressed").fingerprint(path.as_ref()),
        severity: "info",
        location: location(path),
    })
}

fn location(path: String) -> Location {
    Location {
        path,
        lines: Lines { begin: 1 },
    }
}

/// Relative to the repository, without `./` in front.
fn path(report: &Report, file: &FileReport) -> String {
    words::shown(&report.identity(file)).replace(std::path::MAIN_SEPARATOR, "/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn issues_have_what_gitlab_requires() {
        let mut bytes = Vec::new();
        write(&example::report(), &mut bytes).unwrap();
        let issues: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(issues.len(), 3);
        let mut fingerprints = std::collections::HashSet::new();
        for issue in &issues {
            assert!(!issue["description"].as_str().unwrap().is_empty());
            assert!(!issue["check_name"].as_str().unwrap().is_empty());
            assert!(fingerprints.insert(issue["fingerprint"].as_str().unwrap()));
            let severity = issue["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
            assert!(
                !issue["location"]["path"]
                    .as_str()
                    .unwrap()
                    .starts_with("./")
            );
            assert!(issue["location"]["lines"]["begin"].is_u64());
        }
        assert_eq!(issues[0]["severity"], "blocker");
    }
}
