//! `pickscan-report/1`: a contract that other programs read. Fields are added, never renamed.
//!
//! The structs here are the contract; nothing is derived on the report's own types, so that a
//! change inside pickscan cannot change what is written.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde::Serialize;

use super::{escape::hex, words};
use crate::{
    facts::{ChangeKind, Symbol},
    parallel::Workers,
    report::{
        Accounting, CallReport, ChangeReport, FileReport, Finding, ImportReport, Location,
        MemberPath, Notice, Report, StreamReport, Verdict,
    },
    rules::WeightsOnly,
};

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    version: &'static str,
    sandbox: &'r str,
    summary: Summary<'r>,
    files: [File<'r>; 0],
}

/// What is said about the run as a whole.
#[derive(Serialize)]
pub(super) struct Summary<'r> {
    inputs: usize,
    clean: usize,
    unfamiliar: usize,
    suspicious: usize,
    dangerous: usize,
    incomplete: usize,
    skipped: usize,
    suppressed: Suppressed,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    configured: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeObject<'r>>,
}

/// How much does not count: findings that a baseline holds, findings about what the configuration
/// trusts, files and folders that patterns left out.
#[derive(Serialize)]
struct Suppressed {
    baseline: usize,
    configuration: usize,
    excluded: usize,
}

/// One input.
#[derive(Serialize)]
pub(super) struct File<'r> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    verdict: &'static str,
    format: &'static str,
    size: u64,
    bytes_read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights_only: Option<WeightsOnlyObject<'r>>,
    accounting: AccountingObject,
    streams: Vec<Stream<'r>>,
    findings: Vec<FindingObject<'r>>,
    notices: Vec<NoticeObject<'r>>,
}

/// How many bytes of the input are what, and where those are that nothing explains.
#[derive(Serialize)]
struct AccountingObject {
    pickle: u64,
    payload: u64,
    unexplained: u64,
    ranges: Vec<Range>,
}

#[derive(Serialize)]
struct Range {
    #[serde(flatten)]
    member: Member,
    offset: u64,
    length: u64,
}

impl From<&Accounting> for AccountingObject {
    fn from(accounting: &Accounting) -> Self {
        let ranges = accounting.ranges.iter();
        Self {
            pickle: accounting.pickle,
            payload: accounting.payload,
            unexplained: accounting.unexplained,
            ranges: ranges
                .map(|range| Range {
                    member: Member::from(&range.member),
                    offset: range.offset,
                    length: range.length,
                })
                .collect(),
        }
    }
}

/// Whether `torch.load(weights_only=True)` reads the input and, if not, which globals it lacks and
/// what else it does not read.
#[derive(Serialize)]
struct WeightsOnlyObject<'r> {
    accepted: bool,
    lacks: &'r BTreeSet<String>,
    because: &'r BTreeSet<&'static str>,
}

impl<'r> From<&'r WeightsOnly> for WeightsOnlyObject<'r> {
    fn from(answer: &'r WeightsOnly) -> Self {
        Self {
            accepted: answer.accepts(),
            lacks: &answer.lacks,
            because: &answer.because,
        }
    }
}

#[derive(Serialize)]
struct Stream<'r> {
    // Not flattened: every pickle has one, and this is quicker to write.
    member: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_hex: Option<String>,
    offset: u64,
    length: u64,
    protocol: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reader: Option<&'static str>,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<&'r str>,
    imports: Vec<Import>,
    calls: Vec<Call<'r>>,
    changes: Vec<Change<'r>>,
    anomalies: Vec<Anomaly>,
}

#[derive(Serialize)]
struct Member {
    member: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_hex: Option<String>,
}

/// `module` and `name` are null where they are computed in a way that cannot be followed.
#[derive(Serialize)]
struct Name {
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_hex: Option<String>,
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
}

#[derive(Serialize)]
struct Import {
    #[serde(flatten)]
    symbol: Name,
    offset: u64,
    opcode: &'static str,
    trust: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resolved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    spelled: Option<Name>,
    #[serde(skip_serializing_if = "is_zero")]
    repeated: u64,
}

#[derive(Serialize)]
struct Call<'r> {
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol_hex: Option<String>,
    arguments: &'r str,
    offset: u64,
    opcode: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    chain: &'r [String],
    #[serde(skip_serializing_if = "is_zero")]
    repeated: u64,
}

#[derive(Serialize)]
struct Change<'r> {
    kind: &'static str,
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol_hex: Option<String>,
    value: &'r str,
    offset: u64,
    opcode: &'static str,
}

#[derive(Serialize)]
struct Anomaly {
    kind: &'static str,
    offset: u64,
}

#[derive(Serialize)]
struct FindingObject<'r> {
    rule: &'r str,
    severity: &'static str,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'r str>,
    #[serde(flatten)]
    location: Place,
    related: Vec<Place>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<SuppressionObject<'r>>,
}

#[derive(Serialize)]
struct SuppressionObject<'r> {
    by: &'static str,
    reason: &'r str,
}

#[derive(Serialize)]
struct Place {
    #[serde(flatten)]
    member: Member,
    offset: u64,
    opcode: &'static str,
}

#[derive(Serialize)]
struct NoticeObject<'r> {
    kind: &'static str,
    message: &'r str,
    #[serde(flatten)]
    member: Member,
}

/// Inputs that one thread renders at once, and threads' worths of them that are held in memory.
const PIECE: usize = 256;
const PIECES: usize = 16;

/// Writes the report, one document on one line. Of the inputs, which may be many, some are rendered
/// at a time, each by itself: what is between them is written here.
pub(super) fn write(report: &Report, jobs: usize, writer: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: "pickscan-report/1",
        version: env!("CARGO_PKG_VERSION"),
        sandbox: &report.sandbox,
        summary: Summary::from(report),
        files: [],
    };
    let frame = serde_json::to_string(&document)?;
    // The list of inputs is the last thing in the document.
    let (before, behind) = frame.split_at(frame.len() - "]}".len());
    writer.write_all(before.as_bytes())?;
    let pieces: Vec<&[FileReport]> = report.files.chunks(PIECE).collect();
    let workers = Workers::new(jobs, pieces.len());
    // No comma stands before the first one.
    let mut before = b",".as_slice();
    for some in pieces.chunks(PIECES) {
        for piece in workers.in_order(some, |files| rendered(report, files)) {
            let piece = piece?;
            writer.write_all(piece.strip_prefix(before).unwrap_or(&piece))?;
            before = b"";
        }
    }
    writeln!(writer, "{behind}")
}

/// Some inputs, a comma before each of them.
fn rendered(report: &Report, files: &[FileReport]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for file in files {
        bytes.push(b',');
        serde_json::to_writer(&mut bytes, &File::new(report, file))?;
    }
    Ok(bytes)
}

/// The inputs, one after the other.
pub(super) fn files(report: &Report) -> impl Iterator<Item = File<'_>> {
    report.files.iter().map(|file| File::new(report, file))
}

impl<'r> From<&'r Report> for Summary<'r> {
    fn from(report: &'r Report) -> Self {
        let suppressed = report.suppressed();
        let verdicts: Vec<Verdict> = report.files.iter().map(FileReport::verdict).collect();
        let count = |one| verdicts.iter().filter(|verdict| **verdict == one).count();
        let provenance = &report.provenance;
        Self {
            inputs: report.files.len(),
            clean: count(Verdict::Clean),
            unfamiliar: count(Verdict::Unfamiliar),
            suspicious: count(Verdict::Suspicious),
            dangerous: count(Verdict::Dangerous),
            incomplete: count(Verdict::Incomplete),
            skipped: count(Verdict::Skipped),
            suppressed: Suppressed {
                baseline: suppressed.known,
                configuration: suppressed.trusted,
                excluded: suppressed.excluded,
            },
            configuration: provenance.configuration.as_deref().map(lossy),
            configured: &provenance.configured,
            baseline: provenance.baseline.as_deref().map(lossy),
            rules: provenance.rules.iter().map(|path| lossy(path)).collect(),
            notices: report.notices.iter().map(NoticeObject::from).collect(),
        }
    }
}

fn lossy(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

impl<'r> File<'r> {
    fn new(report: &Report, file: &'r FileReport) -> Self {
        let (path, path_hex) = spell(file.path.as_os_str().as_encoded_bytes());
        Self {
            path,
            path_hex,
            verdict: file.verdict().name(),
            format: file.format,
            size: file.size,
            bytes_read: file.bytes_read,
            sha256: file.sha256.as_deref(),
            skipped: file.skipped.as_deref(),
            weights_only: file.weights_only.as_ref().map(WeightsOnlyObject::from),
            accounting: AccountingObject::from(&file.accounting),
            streams: file.streams.iter().map(Stream::from).collect(),
            findings: file
                .findings
                .iter()
                .map(|finding| finding_object(report, file, finding))
                .collect(),
            notices: file.notices.iter().map(NoticeObject::from).collect(),
        }
    }
}

impl<'r> From<&'r StreamReport> for Stream<'r> {
    fn from(stream: &'r StreamReport) -> Self {
        let Member { member, member_hex } = Member::from(&stream.member);
        Self {
            member,
            member_hex,
            offset: stream.offset,
            length: stream.length,
            protocol: stream.protocol,
            reader: stream.reader,
            end: stream.end.name(),
            end_reason: stream.end_reason.as_deref(),
            imports: stream.imports.iter().map(Import::from).collect(),
            calls: stream.calls.iter().map(Call::from).collect(),
            changes: stream.changes.iter().map(Change::from).collect(),
            anomalies: stream
                .anomalies
                .iter()
                .map(|anomaly| Anomaly {
                    kind: anomaly.kind.name(),
                    offset: anomaly.offset,
                })
                .collect(),
        }
    }
}

impl From<&ImportReport> for Import {
    fn from(import: &ImportReport) -> Self {
        Self {
            symbol: Name::from(import.symbol.as_ref()),
            offset: import.place.offset,
            opcode: import.place.opcode,
            trust: import.trust.name(),
            resolved: import.resolved,
            spelled: import
                .spelled
                .as_ref()
                .map(|spelled| Name::from(Some(spelled))),
            repeated: import.repeated,
        }
    }
}

impl From<Option<&Symbol>> for Name {
    fn from(symbol: Option<&Symbol>) -> Self {
        let (module, module_hex) = symbol.map(|symbol| spell(&symbol.module)).unzip();
        let (name, name_hex) = symbol.map(|symbol| spell(&symbol.name)).unzip();
        Self {
            module,
            module_hex: module_hex.flatten(),
            name,
            name_hex: name_hex.flatten(),
        }
    }
}

impl<'r> From<&'r CallReport> for Call<'r> {
    fn from(call: &'r CallReport) -> Self {
        let (symbol, symbol_hex) = words::callee(&call.callee).map(|name| spell(&name)).unzip();
        Self {
            symbol,
            symbol_hex: symbol_hex.flatten(),
            arguments: &call.arguments,
            offset: call.place.offset,
            opcode: call.place.opcode,
            chain: &call.chain,
            repeated: call.repeated,
        }
    }
}

impl<'r> From<&'r ChangeReport> for Change<'r> {
    fn from(change: &'r ChangeReport) -> Self {
        let (symbol, symbol_hex) = words::callee(&change.target)
            .map(|name| spell(&name))
            .unzip();
        Self {
            kind: match change.kind {
                ChangeKind::SetState => "set-state",
                ChangeKind::Mutate => "mutate",
            },
            symbol,
            symbol_hex: symbol_hex.flatten(),
            value: &change.value,
            offset: change.place.offset,
            opcode: change.place.opcode,
        }
    }
}

fn finding_object<'r>(
    report: &Report,
    file: &FileReport,
    finding: &'r Finding,
) -> FindingObject<'r> {
    let suppression = finding.suppression.as_ref();
    FindingObject {
        rule: &finding.rule,
        severity: finding.severity.name(),
        message: &finding.message,
        symbol: finding.symbol.as_deref(),
        location: Place::from(&finding.location),
        related: finding.related.iter().map(Place::from).collect(),
        fingerprint: report.fingerprint(file, finding),
        suppressed: suppression.map(|suppression| SuppressionObject {
            by: suppression.name(),
            reason: suppression.reason(),
        }),
    }
}

impl From<&Location> for Place {
    fn from(location: &Location) -> Self {
        let Location {
            member,
            offset,
            opcode,
            ..
        } = location;
        Self {
            member: Member::from(member),
            offset: *offset,
            opcode,
        }
    }
}

impl From<&MemberPath> for Member {
    fn from(path: &MemberPath) -> Self {
        let (member, member_hex) = spell(&path.joined());
        Self { member, member_hex }
    }
}

impl<'r> From<&'r Notice> for NoticeObject<'r> {
    fn from(notice: &'r Notice) -> Self {
        Self {
            kind: notice.kind.name(),
            message: &notice.message,
            member: Member::from(&notice.member),
        }
    }
}

/// Text with U+FFFD for what is not UTF-8, and then also the bytes in hexadecimal.
fn spell(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (
            String::from_utf8_lossy(bytes).into_owned(),
            Some(hex(bytes)),
        ),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn the_document_is_the_contract() {
        let mut bytes = Vec::new();
        write(&example::report(), 1, &mut bytes).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["schema"], "pickscan-report/1");
        assert_eq!(value["summary"]["dangerous"], 1);
        let file = &value["files"][0];
        assert_eq!(file["path"], "models/a\u{fffd}.pt");
        assert_eq!(file["path_hex"], "6d6f64656c732f61ff2e7074");
        let import = &file["streams"][0]["imports"][0];
        assert_eq!(
            (&import["module"], &import["name"]),
            (&"os".into(), &"system".into())
        );
        assert_eq!(import.get("resolved"), None);
        assert_eq!(file["findings"][0]["member"], "archive/data.pkl");
        assert_eq!(file["findings"][0]["related"][0]["opcode"], "REDUCE");
        assert_eq!(file["notices"][0]["kind"], "limit");
        let accounting = &file["accounting"];
        assert_eq!(accounting["unexplained"], 40);
        assert_eq!(accounting["ranges"][0]["member"], "archive/data.pkl");
    }

    #[test]
    fn many_inputs_are_rendered_as_one_list() {
        let file = |number: usize| FileReport {
            path: format!("{number}.pkl").into(),
            ..FileReport::default()
        };
        for count in [0, 1, PIECE + 1, PIECE * PIECES + 1] {
            let report = Report {
                files: (0..count).map(file).collect(),
                ..Report::default()
            };
            let mut bytes = Vec::new();
            write(&report, 2, &mut bytes).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let mut files = value["files"].as_array().unwrap().iter().enumerate();
            let in_order = |(number, file): (usize, &serde_json::Value)| {
                file["path"] == format!("{number}.pkl")
            };
            assert_eq!((files.len(), files.all(in_order)), (count, true));
        }
    }

    #[test]
    fn names_that_are_not_utf8_keep_their_bytes() {
        let symbol = Symbol {
            module: b"o\xff".to_vec(),
            name: b"x".to_vec(),
        };
        let name = serde_json::to_value(Name::from(Some(&symbol))).unwrap();
        let expected = r#"{"module":"o�","module_hex":"6fff","name":"x"}"#;
        assert_eq!(name.to_string(), expected);
    }
}
