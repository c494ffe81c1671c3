//! A page for the summary of a job (`$GITHUB_STEP_SUMMARY`).
//!
//! GitHub refuses a summary of more than 1 MiB as a whole, so the page ends before; the worst come
//! first. Names stand in `<code>` with every punctuation mark as an entity: neither Markdown nor
//! HTML can begin in them.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use super::{escape::visible, words};
use crate::{
    report::{FileReport, Finding, Report, Verdict},
    rules::Severity,
};

/// Rows beyond so many bytes are only counted.
const LONGEST: usize = 900 << 10;

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let mut page = String::from("## pickscan\n\n");
    head(report, &mut page);
    let (mut rows, mut hidden) = (Vec::new(), 0);
    let mut length = page.len();
    for row in all_rows(report) {
        if hidden > 0 || length.saturating_add(row.len()) > LONGEST {
            hidden += 1;
        } else {
            length += row.len();
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        page.push_str("\n| | What | Where | What to do |\n|---|---|---|---|\n");
        page.extend(rows);
    }
    if hidden > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "\n… and {} more.", hidden);
    }
    writer.write_all(page.as_bytes())
}

fn head(report: &Report, page: &mut String) {
    let mut lines = super::summary(report);
    if report.count(Verdict::Skipped) + report.count(Verdict::Clean) == report.files.len() {
        lines.push_str("\nNothing was found.");
    }
    for line in lines.lines() {
        let _ = writeln!(page, "{}\n", plain(line.trim_start_matches("pickscan: ")));
    }
}

fn all_rows(report: &Report) -> impl Iterator<Item = String> + '_ {
    report.worst_first().into_iter().flat_map(move |file| {
        let noted = |finding: &&Finding| finding.counts() && finding.severity > Severity::Info;
        let findings = file.findings.iter().filter(noted);
        let findings = findings.map(move |finding| row(report, file, finding));
        let remarks = words::loud_remarks(file);
        let remarks = remarks.map(|remark| format!("| ❔ | {} | | |\n", code(&remark)));
        findings.chain(remarks)
    })
}

fn row(report: &Report, file: &FileReport, finding: &Finding) -> String {
    let mark = match Verdict::of_severity(finding.severity) {
        Verdict::Dangerous => "🛑",
        Verdict::Suspicious => "⚠️",
        _ => "ℹ️",
    };
    let message = visible(finding.message.as_bytes());
    let place = words::location(file, &finding.location);
    let advice = report.rule(finding).map_or("", |rule| &rule.what_to_do);
    let advice = advice.split_whitespace().collect::<Vec<_>>().join(" ");
    let (severity, rule) = (finding.severity.name(), plain(&finding.rule));
    format!(
        "| {mark}&nbsp;{severity} | {}<br>{rule} | {} | {} |\n",
        code(&message),
        code(&place),
        plain(&advice)
    )
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// Text in which nothing has a meaning.
fn plain(text: &str) -> String {
    text.chars().fold(String::new(), |mut plain, character| {
        if character.is_ascii_punctuation() {
            let _ = write!(plain, "&#{};", u32::from(character));
        } else {
            plain.push(character);
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn text(report: &Report) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn findings_are_rows() {
        let text = text(&example::report());
        assert!(
            text.starts_with("## pickscan\n\n1 dangerous&#44;"),
            "{text}"
        );
        assert!(
            text.contains("| 🛑&nbsp;critical | <code>would run"),
            "{text}"
        );
    }

    #[test]
    fn names_cannot_be_markup() {
        let mut report = example::report();
        report.files[0].path = "<img src=x>|[a](http://b)`*_~#@x\n# y.pkl".into();
        let text = text(&report);
        for mark in ["<img", "|[", "](", "http:", "\n# ", "@x"] {
            assert!(!text.contains(mark), "{mark} in {text}");
        }
    }

    #[test]
    fn a_page_ends_before_github_refuses_it() {
        let mut report = example::report();
        let finding = report.files[0].findings[0].clone();
        report.files[0].findings = vec![finding; 9_000];
        let text = text(&report);
        assert!(text.len() <= LONGEST + 100);
        assert!(text.ends_with(" more.\n"), "{}", &text[text.len() - 100..]);
    }
}
