//! For people: grouped by input, worst first, and quiet where nothing was found.
//!
//! Each finding says, in this order: what would happen, where, why that is bad, what to do.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use super::{Colour, Rendering, Verbosity, escape::visible, words};
use crate::{
    report::{FileReport, Finding, Level, Location, MemberPath, Report, StreamReport, Verdict},
    rules::{Severity, Trust},
};

/// Further places of one finding that are listed before they are only counted.
const RELATED_SHOWN: usize = 5;

/// Places of findings that say the same, before they are only counted.
const PLACES_SHOWN: usize = 5;

/// Columns of a line of prose: more are hard to read, fewer hold no sentence.
const COLUMNS: std::ops::RangeInclusive<usize> = 50..=100;

/// Columns before the value of a field.
const INDENT: &str = "          ";

/// What helps to judge a finding.
const NEXT_STEP: &str =
    "Nothing was loaded. `pickscan explain FILE` shows what a file would do, step by step.";

/// What the lines on lesser findings mean.
const UNFAMILIAR: &str =
    "What is unfamiliar comes from packages that pickscan does not know; -v tells more.";

/// Writes the report.
pub(super) fn write(
    report: &Report,
    rendering: Rendering,
    writer: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page {
        report,
        rendering,
        writer,
        before: Before::Nothing,
        explained: HashSet::new(),
        lesser: false,
    };
    for file in report.worst_first() {
        page.file(file)?;
    }
    if rendering.verbosity > Verbosity::Quiet {
        page.paragraph()?;
        if page.lesser {
            writeln!(page.writer, "{UNFAMILIAR}")?;
        }
        if report.files.iter().any(is_alarming) {
            writeln!(page.writer, "{NEXT_STEP}")?;
        }
        writeln!(page.writer, "{}", summary(report, rendering.colour))?;
    } else if let Some(suppressed) = words::suppressed(report) {
        writeln!(page.writer, "pickscan: {suppressed}")?;
    }
    Ok(())
}

/// The last lines: what was looked at, how it came out, and what does not count.
pub(super) fn summary(report: &Report, colour: Colour) -> String {
    let mut lines = vec![counts(report, colour)];
    let remarks = words::run_remarks(report).into_iter();
    lines.extend(remarks.map(|remark| format!("pickscan: {remark}")));
    lines.join("\n")
}

fn counts(report: &Report, colour: Colour) -> String {
    let files = words::count(report.files.len(), "file");
    let scanned: u64 = report.files.iter().map(|file| file.size).sum();
    let read: u64 = report.files.iter().map(|file| file.bytes_read).sum();
    // How little has to be read of a checkpoint is worth saying; that small files are read is not.
    let read = if read < scanned / 2 {
        format!(" (read {})", words::bytes(read))
    } else {
        String::new()
    };
    let total = format!("{files}, {}{read}", words::bytes(scanned));
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter_map(|verdict| {
            let count = report.count(verdict);
            (count > 0).then(|| {
                paint(
                    colour,
                    tint(verdict),
                    &format!("{count} {}", verdict.name()),
                )
            })
        })
        .collect();
    match counts.as_slice() {
        [] => "pickscan: nothing to scan".to_owned(),
        counts => format!("pickscan: {} in {total}", counts.join(", ")),
    }
}

/// What the findings of low severity are about, in a few words.
fn lesser_findings(findings: &[&Finding]) -> Option<String> {
    const SHOWN: usize = 3;
    let findings = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Low);
    let mut about: Vec<String> = Vec::new();
    for finding in findings {
        let text = finding.symbol.as_deref().unwrap_or(&finding.message);
        let text = visible(text.as_bytes());
        if !about.contains(&text) {
            about.push(text);
        }
    }
    let more = match about.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    about.truncate(SHOWN);
    let about = about.join(", ");
    (!about.is_empty()).then(|| format!("{about}{more}"))
}

struct Page<'r, 'w> {
    report: &'r Report,
    rendering: Rendering,
    writer: &'w mut dyn Write,
    before: Before,
    /// The rules whose reasons and advice were written: once is enough.
    explained: HashSet<&'r str>,
    /// Whether there were lines on lesser findings.
    lesser: bool,
}

/// What was written last.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Before {
    Nothing,
    Block,
    Line,
}

impl<'r> Page<'r, '_> {
    fn file(&mut self, file: &'r FileReport) -> io::Result<()> {
        if self.rendering.verbosity == Verbosity::Quiet {
            return self.brief(file);
        }
        let verbose = self.rendering.verbosity == Verbosity::Verbose;
        let threshold = if verbose {
            Severity::Info
        } else {
            Severity::Medium
        };
        let shown = |finding: &&Finding| verbose || !finding.is_trusted();
        let findings = file.findings.iter().filter(shown);
        let (findings, known): (Vec<_>, Vec<_>) =
            findings.partition(|finding| verbose || finding.counts());
        let (findings, lesser): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.severity >= threshold);
        let lesser = lesser_findings(&lesser);
        self.lesser |= lesser.is_some();
        let mut remarks = remarks(file, self.rendering.verbosity, &findings);
        let known = known
            .into_iter()
            .filter(|one| one.severity > Severity::Info);
        remarks.extend(known.map(|finding| known_line(file, finding)));
        if findings.is_empty() && remarks.is_empty() && !verbose {
            return self.one_line(file, lesser.as_deref());
        }
        self.paragraph()?;
        let verdict = file.verdict();
        let word = self.paint(tint(verdict), verdict.name());
        writeln!(
            self.writer,
            "{}: {word}",
            self.paint(BOLD, &words::path(file))
        )?;
        for remark in remarks {
            writeln!(self.writer, "  {remark}")?;
        }
        for alike in alike(&findings) {
            self.findings(&alike)?;
        }
        if let Some(lesser) = lesser {
            writeln!(
                self.writer,
                "\n  {}: {lesser}",
                self.paint(tint_of(Severity::Low), "low")
            )?;
        }
        if verbose {
            self.details(file)?;
        }
        Ok(())
    }

    /// A file with nothing but lesser findings: shown, but in passing.
    fn one_line(&mut self, file: &FileReport, lesser: Option<&str>) -> io::Result<()> {
        let Some(lesser) = lesser else {
            return Ok(());
        };
        if self.before == Before::Block {
            writeln!(self.writer)?;
        }
        self.before = Before::Line;
        let word = self.paint(tint(file.verdict()), file.verdict().name());
        writeln!(self.writer, "{}: {word}: {lesser}", words::path(file))
    }

    fn brief(&mut self, file: &FileReport) -> io::Result<()> {
        for finding in file
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info && finding.counts())
        {
            let place = words::location(file, &finding.location);
            let severity = self.paint(tint_of(finding.severity), finding.severity.name());
            let message = visible(finding.message.as_bytes());
            writeln!(
                self.writer,
                "{place}: {severity}: {message} [{}]",
                finding.rule
            )?;
        }
        for remark in remarks(file, Verbosity::Quiet, &[]) {
            writeln!(self.writer, "{}: {remark}", words::path(file))?;
        }
        Ok(())
    }

    /// Findings that say the same, with the places of all.
    fn findings(&mut self, alike: &[&'r Finding]) -> io::Result<()> {
        let Some(finding) = alike.first() else {
            return Ok(());
        };
        let severity = self.paint(tint_of(finding.severity), finding.severity.name());
        let message = self.paint(BOLD, &visible(finding.message.as_bytes()));
        let rule = self.paint(DIM, &format!("[{}]", finding.rule));
        writeln!(self.writer, "\n  {severity}: {message} {rule}")?;
        self.field("but", &words::standing(finding).unwrap_or_default())?;
        for finding in alike.iter().take(PLACES_SHOWN) {
            let member = &finding.location.member;
            let place = std::slice::from_ref(&finding.location);
            self.field("where", &places(place, &MemberPath::default()))?;
            let related = finding.related.get(..RELATED_SHOWN);
            self.field("also", &places(related.unwrap_or(&finding.related), member))?;
            let more = finding.related.len().saturating_sub(RELATED_SHOWN);
            if more > 0 {
                self.field("also", &words::count(more, "further place"))?;
            }
        }
        let more = alike.len().saturating_sub(PLACES_SHOWN);
        if more > 0 {
            self.field("where", &words::count(more, "further place"))?;
        }
        if self.explained.insert(&finding.rule) {
            let rule = self.report.rule(finding);
            self.prose("why", rule.map_or("", |rule| &rule.why))?;
            self.prose("do", rule.map_or("", |rule| &rule.what_to_do))?;
        }
        Ok(())
    }

    /// A label and its value.
    fn field(&mut self, name: &str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        let label = self.paint(DIM, &format!("{name:<5}"));
        writeln!(self.writer, "    {label} {value}")
    }

    /// A label and sentences, which are broken between words.
    fn prose(&mut self, name: &str, value: &str) -> io::Result<()> {
        let columns = self.rendering.columns.unwrap_or(*COLUMNS.end());
        let columns = columns.clamp(*COLUMNS.start(), *COLUMNS.end()) - INDENT.len();
        let lines = broken(value, columns);
        self.field(name, &lines.join(&format!("\n{INDENT}")))
    }

    fn details(&mut self, file: &FileReport) -> io::Result<()> {
        let format = if file.format.is_empty() {
            "unknown"
        } else {
            file.format
        };
        let (size, read) = (words::bytes(file.size), words::bytes(file.bytes_read));
        writeln!(self.writer, "  format {format}, {size}, read {read}")?;
        if let Some(answer) = &file.weights_only {
            let answer = words::weights_only(answer);
            writeln!(self.writer, "  {answer}")?;
        }
        for stream in &file.streams {
            self.stream(file, stream)?;
        }
        Ok(())
    }

    fn stream(&mut self, file: &FileReport, stream: &StreamReport) -> io::Result<()> {
        let place = words::place(file, &stream.member);
        let StreamReport {
            offset,
            length,
            protocol,
            ..
        } = stream;
        let end = stream.end.name();
        writeln!(
            self.writer,
            "  pickle {place} @ {offset}: {length} bytes, protocol {protocol}, end {end}{}",
            words::reader(stream)
        )?;
        self.imports(stream)?;
        for anomaly in &stream.anomalies {
            let sentence = anomaly.kind.sentence();
            writeln!(
                self.writer,
                "    {} @ {}: {sentence}",
                anomaly.kind.name(),
                anomaly.offset
            )?;
        }
        Ok(())
    }

    /// Each import once, with the place of the first.
    fn imports(&mut self, stream: &StreamReport) -> io::Result<()> {
        let mut counts: HashMap<_, usize> = HashMap::new();
        for import in &stream.imports {
            *counts.entry((&import.symbol, import.trust)).or_default() += 1;
        }
        for import in &stream.imports {
            let Some(count) = counts.remove(&(&import.symbol, import.trust)) else {
                continue;
            };
            let symbol = import.symbol.as_ref();
            let symbol = symbol.map_or_else(
                || "(computed, not known)".to_owned(),
                |symbol| visible(&symbol.dotted()),
            );
            let tint = match import.trust {
                Trust::Trusted => DIM,
                _ => YELLOW,
            };
            let trust = self.paint(tint, import.trust.name());
            let place = import.place;
            let times = match count {
                1 => String::new(),
                _ => format!(", {count} times"),
            };
            writeln!(
                self.writer,
                "    import {symbol} ({trust}) @ {}, {}{times}",
                place.offset, place.opcode
            )?;
        }
        Ok(())
    }

    /// Puts an empty line between blocks.
    fn paragraph(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.before, Before::Block) {
            Before::Nothing => Ok(()),
            Before::Block | Before::Line => writeln!(self.writer),
        }
    }

    fn paint(&self, style: &'static str, text: &str) -> String {
        paint(self.rendering.colour, style, text)
    }
}

/// Findings in the order of the first of those that say the same.
fn alike<'r>(findings: &[&'r Finding]) -> Vec<Vec<&'r Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known = HashMap::new();
    for &finding in findings {
        let Finding { rule, message, .. } = finding;
        let key = (rule, message, finding.severity, words::standing(finding));
        let group = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// Places in one input, the member only where it is another than before.
fn places<'r>(places: &'r [Location], mut before: &'r MemberPath) -> String {
    let mut shown: Vec<String> = Vec::new();
    for alike in
        places.chunk_by(|one, next| (&one.member, one.opcode) == (&next.member, next.opcode))
    {
        let Some(Location { member, opcode, .. }) = alike.first() else {
            continue;
        };
        let offsets: Vec<String> = alike.iter().map(|place| place.offset.to_string()).collect();
        let plural = if offsets.len() > 1 { "s" } else { "" };
        let of = match visible(&member.joined()).as_str() {
            _ if member == before => String::new(),
            "" => " of the file".to_owned(),
            member => format!(" of {member}"),
        };
        let separator = if opcode.is_empty() { "" } else { ", " };
        let offsets = offsets.join(", ");
        shown.push(format!("byte{plural} {offsets}{of}{separator}{opcode}"));
        before = member;
    }
    shown.join("; ")
}

/// Prose in lines of so many columns. A word that is longer stays whole. Reasons and advice come
/// from YAML and may span lines; text of inputs was escaped before.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = |text: &str| text.chars().count();
        match lines.last_mut() {
            Some(line) if length(line) + length(word) < columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Whether a person has something to look into.
fn is_alarming(file: &FileReport) -> bool {
    let alarming = |finding: &Finding| finding.counts() && finding.severity >= Severity::Medium;
    file.findings.iter().any(alarming)
}

/// A finding that was there before, in one line.
fn known_line(file: &FileReport, finding: &Finding) -> String {
    let what = words::finding_in_place(file, finding);
    let severity = finding.severity.name();
    format!("known: {severity}: {what} [{}]", finding.rule)
}

/// What is said about an input beside the findings that are shown: notices, broken pickles, why it
/// was skipped.
fn remarks(file: &FileReport, verbosity: Verbosity, shown: &[&Finding]) -> Vec<String> {
    let verbose = verbosity == Verbosity::Verbose;
    let least = match verbosity {
        Verbosity::Quiet => Level::Error,
        Verbosity::Normal => Level::Warning,
        Verbosity::Verbose => Level::Note,
    };
    let notices = file
        .notices
        .iter()
        .filter(|notice| notice.kind.level() >= least);
    let notices = notices.map(|notice| {
        let message = visible(notice.message.as_bytes());
        let member = visible(&notice.member.joined());
        let separator = if member.is_empty() { "" } else { ": " };
        format!("{}: {member}{separator}{message}", notice.kind.name())
    });
    let broken = file.streams.iter().filter(|stream| stream.is_broken());
    let broken = broken.filter(|stream| !shown.iter().any(|one| says_why_it_ends(one, stream)));
    let broken =
        broken.map(|stream| format!("{}: {}", stream.end.name(), words::broken_stream(stream)));
    let skipped = file.skipped.iter().filter(|_| verbose);
    let skipped = skipped.map(|why| format!("holds no pickle: {}", visible(why.as_bytes())));
    notices.chain(broken).chain(skipped).collect()
}

/// Whether a finding already says why a stream does not end at STOP.
fn says_why_it_ends(finding: &Finding, stream: &StreamReport) -> bool {
    let Location { member, offset, .. } = &finding.location;
    let end = stream.offset.saturating_add(stream.length);
    let reason = stream.end_reason.as_deref();
    (stream.offset..=end).contains(offset)
        && *member == stream.member
        && reason.is_some_and(|reason| !reason.is_empty() && finding.message.contains(reason))
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";

fn tint(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Dangerous => RED,
        Verdict::Suspicious | Verdict::Incomplete | Verdict::Unfamiliar => YELLOW,
        Verdict::Clean => GREEN,
        Verdict::Skipped => DIM,
    }
}

fn tint_of(severity: Severity) -> &'static str {
    tint(Verdict::of_severity(severity))
}

fn paint(colour: Colour, style: &'static str, text: &str) -> String {
    match colour {
        Colour::Plain => text.to_owned(),
        Colour::Ansi => format!("\x1b[{style}m{text}\x1b[0m"),
    }
}
