//! JUnit's XML: one test case an input.
//!
//! A finding at the threshold is a failure, what could not be scanned an error, an input without
//! pickles is skipped.

use std::io::{self, Write};

use super::{escape::visible, words};
use crate::report::{FileReport, Finding, Report, Threshold, Verdict};

/// Writes the report.
pub(super) fn write(report: &Report, fail_on: Threshold, writer: &mut dyn Write) -> io::Result<()> {
    let count = |wanted: Outcome| {
        let files = report.files.iter();
        files
            .filter(|file| outcome(file, fail_on) == wanted)
            .count()
    };
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        report.files.len(),
        count(Outcome::Failed),
        count(Outcome::NotScanned),
    );
    writeln!(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(writer, "<testsuites name=\"pickscan\" {counts}>")?;
    let skipped = count(Outcome::Skipped);
    writeln!(
        writer,
        "  <testsuite name=\"pickscan\" {counts} skipped=\"{skipped}\">"
    )?;
    for file in &report.files {
        test_case(report, file, fail_on, writer)?;
    }
    let lines = super::summary(report);
    writeln!(writer, "    <system-out>{}</system-out>", xml(&lines))?;
    writeln!(writer, "  </testsuite>\n</testsuites>")
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotScanned,
    Skipped,
}

fn outcome(file: &FileReport, fail_on: Threshold) -> Outcome {
    if file.reaches(fail_on) {
        Outcome::Failed
    } else if file.is_incomplete() {
        Outcome::NotScanned
    } else if file.verdict() == Verdict::Skipped {
        Outcome::Skipped
    } else {
        Outcome::Passed
    }
}

fn test_case(
    report: &Report,
    file: &FileReport,
    fail_on: Threshold,
    writer: &mut dyn Write,
) -> io::Result<()> {
    let name = xml(&words::path(file));
    let (open, outcome) = (
        "    <testcase classname=\"pickscan\"",
        outcome(file, fail_on),
    );
    if outcome == Outcome::Passed {
        return writeln!(writer, "{open} name=\"{name}\" time=\"0\"/>");
    }
    writeln!(writer, "{open} name=\"{name}\" time=\"0\">")?;
    match outcome {
        Outcome::Failed => failure(report, file, fail_on, writer)?,
        Outcome::NotScanned => {
            let remarks: Vec<String> = words::loud_remarks(file).collect();
            let first = xml(remarks.first().map_or("not scanned", String::as_str));
            let all = xml(&remarks.join("\n"));
            let kind = "type=\"incomplete\"";
            writeln!(
                writer,
                "      <error message=\"{first}\" {kind}>{all}</error>"
            )?;
        }
        _ => {
            let why = file.skipped.as_deref().unwrap_or("holds no pickle");
            let why = xml(&visible(why.as_bytes()));
            writeln!(writer, "      <skipped message=\"{why}\"/>")?;
        }
    }
    writeln!(writer, "    </testcase>")
}

/// One element for all findings: readers of the format expect at most one.
fn failure(
    report: &Report,
    file: &FileReport,
    fail_on: Threshold,
    writer: &mut dyn Write,
) -> io::Result<()> {
    let counted = |finding: &&Finding| finding.counts() && fail_on.is_reached_by(finding.severity);
    let findings: Vec<&Finding> = file.findings.iter().filter(counted).collect();
    let Some(worst) = findings.first() else {
        return Ok(());
    };
    let lines = findings.iter().map(|finding| {
        let what = words::finding_in_place(file, finding);
        let advice = report
            .rule(finding)
            .map_or("", |rule| rule.what_to_do.trim());
        let severity = finding.severity.name();
        format!("{severity}: {what} [{}]\n{advice}", finding.rule)
    });
    let all = xml(&lines.collect::<Vec<_>>().join("\n"));
    let (message, rule) = (xml(&visible(worst.message.as_bytes())), xml(&worst.rule));
    writeln!(
        writer,
        "      <failure message=\"{message}\" type=\"{rule}\">{all}</failure>"
    )
}

/// Text for an element or an attribute. What XML cannot hold at all is escaped before, as
/// everything invisible is; two characters beyond those are no characters of XML 1.0.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn text(fail_on: Threshold) -> String {
        let mut bytes = Vec::new();
        write(&example::report(), fail_on, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn inputs_pass_fail_or_could_not_be_scanned() {
        let failing = text(Threshold::Suspicious);
        assert!(failing.contains("tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""));
        assert!(failing.contains("name=\"models/b.pkl\" time=\"0\"/>"));
        assert!(failing.contains("<failure message=\"would run the command"));
        let never = text(Threshold::Never);
        assert!(never.contains("failures=\"0\" errors=\"2\""), "{never}");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            xml("<a b=\"c\">&\u{ffff}"),
            "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}"
        );
    }
}
