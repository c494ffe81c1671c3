//! Workflow commands of GitHub Actions, which become annotations.
//!
//! GitHub shows ten annotations of a kind for one step; what is beyond is counted in the last one.
//! The runner takes commands from every line of a log, so nothing of the input may start a line or
//! spell `##[`, which the runner looks for anywhere in it.

use std::io::{self, Write};

use super::words;
use crate::{
    report::{FileReport, Finding, Report, Verdict},
    rules::Severity,
};

/// Annotations of one kind.
const MOST: usize = 10;

/// What becomes one annotation.
struct Annotation {
    path: String,
    title: String,
    message: String,
}

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let [mut errors, mut warnings, mut notices] = [const { Vec::new() }; 3];
    for file in report.worst_first() {
        for finding in file.findings.iter().filter(|finding| finding.counts()) {
            let kind = match Verdict::of_severity(finding.severity) {
                Verdict::Dangerous => &mut errors,
                Verdict::Suspicious => &mut warnings,
                Verdict::Unfamiliar => &mut notices,
                _ => continue,
            };
            kind.push(of_finding(report, file, finding));
        }
        for remark in words::loud_remarks(file) {
            warnings.push(Annotation {
                path: path(report, file),
                title: "not scanned".to_owned(),
                message: remark,
            });
        }
    }
    for (kind, annotations) in [
        ("error", errors),
        ("warning", warnings),
        ("notice", notices),
    ] {
        write_kind(kind, &annotations, writer)?;
    }
    // A plain line: the runner does not count it as an annotation.
    for line in super::summary(report).lines() {
        writeln!(writer, "{}", harmless(line))?;
    }
    Ok(())
}

fn write_kind(kind: &str, annotations: &[Annotation], writer: &mut dyn Write) -> io::Result<()> {
    let shown = match annotations.len() {
        count if count > MOST => MOST - 1,
        count => count,
    };
    for annotation in annotations.iter().take(shown) {
        let Annotation {
            path,
            title,
            message,
        } = annotation;
        writeln!(
            writer,
            "::{kind} file={},line=1,title={}::{}",
            property(path),
            property(title),
            data(message)
        )?;
    }
    let more = annotations.len() - shown;
    if more > 0 {
        let message = format!("{more} more of this kind: see the summary of the job, or its log");
        writeln!(writer, "::{kind} title=pickscan::{}", data(&message))?;
    }
    Ok(())
}

fn of_finding(report: &Report, file: &FileReport, finding: &Finding) -> Annotation {
    let what = words::finding_in_place(file, finding);
    let advice = report
        .rule(finding)
        .map_or("", |rule| rule.what_to_do.trim());
    let severity = match finding.severity {
        Severity::Critical => "critical: ",
        _ => "",
    };
    Annotation {
        path: path(report, file),
        title: finding.rule.clone(),
        message: format!("{severity}{what}. {advice}"),
    }
}

/// Relative to the repository, which is the working directory of a step.
fn path(report: &Report, file: &FileReport) -> String {
    let identity = report.identity(file);
    words::shown(&identity).replace(std::path::MAIN_SEPARATOR, "/")
}

/// Without the older mark of a command.
fn harmless(text: &str) -> String {
    text.replace("##[", "## [")
}

fn data(text: &str) -> String {
    let text = harmless(text).replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn lines(report: &Report) -> Vec<String> {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_finding_is_an_error_and_what_was_not_scanned_a_warning() {
        let lines = lines(&example::report());
        let error = "::error file=models/a\\xff.pt,line=1,title=os-command::critical: would run";
        assert!(lines[0].starts_with(error), "{lines:#?}");
        assert!(lines[1].starts_with("::warning file=models/a\\xff.pt,line=1,title=not scanned::"));
        assert!(lines.last().unwrap().starts_with("pickscan: 1 dangerous"));
    }

    #[test]
    fn ten_of_a_kind_are_the_most() {
        let mut report = example::report();
        let finding = report.files[0].findings[0].clone();
        report.files[0].findings = vec![finding.clone(); 10];
        let errors = |report: &Report| {
            let lines = lines(report);
            let errors = lines.into_iter().filter(|line| line.starts_with("::error"));
            errors.collect::<Vec<_>>()
        };
        assert_eq!(errors(&report).len(), 10);
        report.files[0].findings = vec![finding; 25];
        let errors = errors(&report);
        assert_eq!(errors.len(), 10);
        assert!(errors[9].contains("16 more of this kind"), "{}", errors[9]);
    }

    #[test]
    fn names_cannot_give_commands() {
        let mut report = example::report();
        report.files[0].path = "a,b:c%\n::stop-commands::x\r##[add-mask]y.pkl".into();
        for line in lines(&report) {
            let known = ["::error ", "::warning ", "::notice ", "pickscan: "];
            assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
            assert!(!line.contains("##["), "{line}");
        }
        let expected =
            "::error file=a%2Cb%3Ac%25\\n%3A%3Astop-commands%3A%3Ax\\r## [add-mask]y.pkl,";
        assert!(
            lines(&report)[0].starts_with(expected),
            "{}",
            lines(&report)[0]
        );
    }
}
