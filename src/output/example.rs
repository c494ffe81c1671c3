//! A small report for the tests of the formats.

use crate::{
    facts::{End, Place, Symbol, Target},
    report::{
        Accounting, CallReport, FileReport, Finding, ImportReport, Location, MemberPath, Notice,
        NoticeKind, Report, RuleInfo, StreamReport, Unexplained,
    },
    rules::{Severity, Trust},
};

/// One dangerous input with a hostile name, one clean input, one that is missing.
pub(super) fn report() -> Report {
    let finding = Finding {
        related: vec![related()],
        ..Finding::example(Severity::Critical)
    };
    let rule = RuleInfo {
        title: "Runs an operating-system command".to_owned(),
        severity: Some(Severity::Critical),
        confidence: "high".to_owned(),
        why: "Loading the file runs the command.".to_owned(),
        what_to_do: "Do not load it.".to_owned(),
        references: vec!["https://docs.python.org/3/library/pickle.html".to_owned()],
        tags: vec!["security".to_owned(), "external/cwe/cwe-502".to_owned()],
    };
    let stream = StreamReport {
        member: member(),
        ..stream()
    };
    let dangerous = FileReport {
        path: hostile_path(),
        format: "zip",
        size: 400,
        bytes_read: 300,
        work: 0,
        sha256: None,
        streams: vec![stream],
        findings: vec![finding],
        notices: vec![Notice::about(
            member(),
            NoticeKind::Limit,
            "too many \u{1b}[31mmembers",
        )],
        accounting: Accounting {
            pickle: 300,
            payload: 60,
            unexplained: 40,
            ranges: vec![Unexplained {
                member: member(),
                offset: 300,
                length: 40,
            }],
        },
        skipped: None,
        weights_only: None,
    };
    let clean = FileReport {
        path: "models/b.pkl".into(),
        format: "pickle",
        streams: vec![StreamReport {
            imports: Vec::new(),
            calls: Vec::new(),
            ..self::stream()
        }],
        ..FileReport::default()
    };
    let missing = Notice::new(NoticeKind::Missing, "does not exist; check the spelling");
    Report {
        working_directory: "/work".into(),
        files: vec![
            dangerous,
            clean,
            FileReport::noticed("gone".into(), missing),
        ],
        rules: [("os-command".to_owned(), rule)].into(),
        rules_digest: "00ff".to_owned(),
        sandbox: String::new(),
        ..Report::default()
    }
}

fn member() -> MemberPath {
    MemberPath::new([b"archive/data.pkl".to_vec()])
}

fn related() -> Location {
    Location {
        member: member(),
        offset: 31,
        opcode: "REDUCE",
        outer: Some(95),
    }
}

fn stream() -> StreamReport {
    let symbol = Symbol {
        module: b"os".to_vec(),
        name: b"system".to_vec(),
    };
    StreamReport {
        length: 33,
        protocol: 2,
        end: End::Stop,
        imports: vec![ImportReport {
            place: Place {
                offset: 12,
                opcode: "GLOBAL",
            },
            symbol: Some(symbol.clone()),
            spelled: None,
            resolved: false,
            trust: Trust::Dangerous,
            repeated: 0,
        }],
        calls: vec![CallReport {
            place: Place {
                offset: 31,
                opcode: "REDUCE",
            },
            callee: Target::Import(symbol),
            arguments: "('id',)".to_owned(),
            chain: Vec::new(),
            repeated: 0,
        }],
        ..StreamReport::default()
    }
}

#[cfg(unix)]
fn hostile_path() -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(b"models/a\xff.pt").into()
}

#[cfg(not(unix))]
fn hostile_path() -> std::path::PathBuf {
    "models/a\u{fffd}.pt".into()
}
