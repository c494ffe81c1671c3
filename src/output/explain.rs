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
    let changes = stream
        .changes
        .iter()
        .map(|one| (one.place.offset, change(one)));
    let anomalies = stream.anomalies.iter().map(|anomaly| {
        (
            anomaly.offset,
            format!("# {}: {}", anomaly.kind.name(), anomaly.kind.sentence()),
        )
    });
    let mut lines: Vec<_> = imports
        .chain(calls)
        .chain(changes)
        .chain(anomalies)
        .collect();
    lines.sort_by_key(|(offset, _)| *offset);
    let mut verdicts = verdicts(file, stream);
    for (offset, line) in lines {
        // Several lines may stand at one offset; what was found there is said once.
        let found = verdicts.remove(&offset).unwrap_or_default();
        writeln!(writer, "{offset:>8}  {line}{}", found.join(""))?;
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
            let remark = format!("  # {}: {}", finding.severity.name(), finding.rule);
            let remarks = verdicts.entry(place.offset).or_default();
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }
    verdicts
}

fn import(import: &ImportReport) -> String {
    let remark = match import.trust {
        Trust::Trusted => String::new(),
        trust => format!("  # {}", trust.name()),
    };
    match &import.symbol {
        None => "import (a computed name that cannot be followed)".to_owned() + &remark,
        Some(symbol) if symbol.name.is_empty() => {
            format!("import {}{remark}", visible(&symbol.module))
        }
        Some(symbol) => {
            format!(
                "from {} import {}{remark}",
                visible(&symbol.module),
                visible(&symbol.name)
            )
        }
    }
}

fn call(call: &CallReport) -> String {
    let arguments = visible(call.arguments.as_bytes());
    let repeated = match call.repeated {
        0 => String::new(),
        count => format!("  # and {count} more"),
    };
    // A tuple of arguments brings its own parentheses, but for a single one also a comma.
    let arguments = match arguments.strip_suffix(",)") {
        Some(single) => format!("{single})"),
        None if arguments.starts_with('(') => arguments,
        None => format!("(*{arguments})"),
    };
    format!("{}{arguments}{repeated}", target(&call.callee))
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
