//! What each pickle of an input would do, as pseudo-Python with offsets.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{escape::visible, words};
use crate::{
    facts::{ChangeKind, Target},
    report::{CallReport, ChangeReport, FileReport, ImportReport, Report, StreamReport},
    rules::Trust,
};

/// Writes every stream, or those of one member.
///
/// # Errors
/// Whatever `writer` reports.
pub fn explain(report: &Report, member: Option<&str>, writer: &mut dyn Write) -> io::Result<()> {
    for file in &report.files {
        for notice in &file.notices {
            writeln!(writer, "# {}", words::notice(file, notice))?;
        }
        let named = |stream: &&StreamReport| {
            member.is_none_or(|member| visible(&stream.member.joined()) == member)
        };
        for stream in file.streams.iter().filter(named) {
            write_stream(file, stream, writer)?;
        }
        if let Some(why) = &file.skipped {
            writeln!(writer, "# {}: holds no pickle: {why}", words::path(file))?;
        }
    }
    Ok(())
}

fn write_stream(
    file: &FileReport,
    stream: &StreamReport,
    writer: &mut dyn Write,
) -> io::Result<()> {
    let place = words::place(file, &stream.member);
    let StreamReport {
        offset,
        length,
        protocol,
        ..
    } = stream;
    writeln!(
        writer,
        "# {place} @ {offset}: {length} bytes, protocol {protocol}{}",
        words::reader(stream)
    )?;
    let imports = stream
        .imports
        .iter()
        .map(|one| (one.place.offset, import(one)));
    let calls = stream.calls.iter().map(|one| (one.place.offset, call(one)));
    let changes = stream.changes.iter();
    let changes = changes.map(|one| (one.place.offset, (change(one), None)));
    let anomalies = stream.anomalies.iter().map(|anomaly| {
        let text = format!("{}: {}", anomaly.kind.name(), anomaly.kind.sentence());
        (anomaly.offset, (String::new(), Some(text)))
    });
    let mut lines: Vec<_> = imports
        .chain(calls)
        .chain(changes)
        .chain(anomalies)
        .collect();
    lines.sort_by_key(|(offset, _)| *offset);
    let mut verdicts = verdicts(file, stream);
    for (offset, (line, remark)) in lines {
        // Several lines may stand at one offset; what was found there is said once.
        let found = verdicts.remove(&offset).unwrap_or_default();
        let remarks: Vec<String> = remark.into_iter().chain(found).collect();
        let (remarks, gap) = match remarks.as_slice() {
            [] => (String::new(), ""),
            all if line.is_empty() => (format!("# {}", all.join("; ")), ""),
            all => (format!("# {}", all.join("; ")), "  "),
        };
        writeln!(writer, "{offset:>8}  {line}{gap}{remarks}")?;
    }
    if stream.is_broken() {
        writeln!(writer, "# {}", words::broken_stream(stream))?;
    }
    writeln!(writer)
}

/// What rules found at each offset of a stream, as remarks: severity and rule.
fn verdicts(file: &FileReport, stream: &StreamReport) -> BTreeMap<u64, Vec<String>> {
    let mut verdicts: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for finding in &file.findings {
        let places = std::iter::once(&finding.location).chain(&finding.related);
        for place in places.filter(|place| place.member == stream.member) {
            let remark = format!("{}: {}", finding.severity.name(), finding.rule);
            let remarks = verdicts.entry(place.offset).or_default();
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    verdicts
}

/// A line of pseudo-Python, and what is remarked about it.
type Line = (String, Option<String>);

fn import(import: &ImportReport) -> Line {
    let trust = (import.trust != Trust::Trusted).then(|| import.trust.name().to_owned());
    let repeated = (import.repeated > 0).then(|| format!("and {} more", import.repeated));
    let remarks: Vec<String> = trust.into_iter().chain(repeated).collect();
    let remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    let line = match &import.symbol {
        None => "import (a computed name that cannot be followed)".to_owned(),
        Some(symbol) if symbol.name.is_empty() => {
            format!("import {}", visible(&symbol.module))
        }
        Some(symbol) => {
            let (module, name) = (visible(&symbol.module), visible(&symbol.name));
            format!("from {module} import {name}")
        }
    };
    (line, remark)
}

fn call(call: &CallReport) -> Line {
    let arguments = visible(call.arguments.as_bytes());
    let repeated = (call.repeated > 0).then(|| format!("and {} more", call.repeated));
    // A tuple of arguments brings its own parentheses, but for a single one also a comma.
    let arguments = match arguments.strip_suffix(",)") {
        Some(single) => format!("{single})"),
        None if arguments.starts_with('(') => arguments,
        None => format!("(*{arguments})"),
    };
    (format!("{}{arguments}", target(&call.callee)), repeated)
}

fn change(change: &ChangeReport) -> String {
    let (target, value) = (target(&change.target), visible(change.value.as_bytes()));
    match change.kind {
        ChangeKind::SetState => format!("{target}.__setstate__({value})"),
        ChangeKind::Mutate => format!("{target}.update({value})"),
    }
}

fn target(target: &Target) -> String {
    match words::callee(target) {
        Some(name) => visible(&name),
        None => match target {
            Target::Persistent => "persistent_load(…)".to_owned(),
            Target::Extension(code) => format!("extension({code})"),
            Target::Data => "(data)".to_owned(),
            _ => "(unknown)".to_owned(),
        },
    }
}
