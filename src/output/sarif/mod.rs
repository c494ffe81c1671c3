//! SARIF 2.1.0, in the shape that GitHub code scanning shows well.
//!
//! The message alone says path, member, offset and reason, because many viewers print nothing else
//! of a result in a binary file.

mod artifacts;
mod model;
mod rules;

use std::io::{self, Write};

use artifacts::Artifacts;
use model::{
    BaseIds, BaseUri, Driver, Fingerprints, Id, Invocation, Location, Log, LogicalLocation,
    Message, Notification, PhysicalLocation, Region, ResultProperties, Run, RunProperties,
    SarifResult, SuppressedCounts, SuppressionObject, Tool,
};

use super::{escape::visible, words};
use crate::{
    report::{self, FileReport, Finding, Level, NoticeKind, Report, StreamReport, Suppression},
    rules::Severity,
};

/// GitHub refuses a run with more results.
const MOST_RESULTS: usize = 25_000;

/// GitHub keeps so many locations of a result.
const MOST_RELATED: usize = 100;

/// Up to this size a result carries line and column. Above, GitHub's upload action would read the
/// whole file in JavaScript, at about 10 MB/s, to hash the line.
const LARGEST_WITH_LINES: u64 = 16 << 20;

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [run(report)],
    };
    serde_json::to_writer_pretty(&mut *writer, &log)?;
    writeln!(writer)
}

fn run(report: &Report) -> Run {
    let mut artifacts = Artifacts::new(&report.working_directory);
    let (findings, left_out) = worst(report);
    let rules = rules::used(report, &findings);
    let results = findings
        .iter()
        .map(|&(file, finding)| result(&mut artifacts, &rules, (file, finding), report))
        .collect();
    let notifications: Vec<_> = report
        .files
        .iter()
        .flat_map(|file| notifications(&mut artifacts, file))
        .collect();
    let configuration: Vec<_> = report.notices.iter().map(of_the_run).collect();
    let kinds = NoticeKind::ALL.iter().copied();
    let used = |kind: &NoticeKind| {
        let mut all = notifications.iter().chain(&configuration);
        all.any(|one| one.descriptor.id == kind.name())
    };
    let suppressed = report.suppressed();
    let working_directory = artifacts.base();
    Run {
        tool: Tool {
            driver: Driver {
                name: "pickscan",
                full_name: concat!("pickscan ", env!("CARGO_PKG_VERSION")),
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                notifications: kinds.filter(used).map(rules::notification).collect(),
                rules,
            },
        },
        automation_details: Id { id: "pickscan/" },
        invocations: [Invocation {
            execution_successful: !report.files.iter().any(FileReport::is_incomplete),
            tool_configuration_notifications: configuration,
            tool_execution_notifications: notifications,
            working_directory: BaseUri {
                uri: working_directory.clone(),
            },
        }],
        original_uri_base_ids: BaseIds {
            source_root: BaseUri {
                uri: working_directory,
            },
        },
        artifacts: artifacts.into_list(),
        results,
        column_kind: "utf16CodeUnits",
        properties: RunProperties {
            rules_digest: report.rules_digest.clone(),
            configured: report.provenance.configured.clone(),
            sandbox: report.sandbox.clone(),
            suppressed: SuppressedCounts {
                baseline: suppressed.known,
                configuration: suppressed.trusted,
                excluded: suppressed.excluded,
            },
            results_left_out: Some(left_out).filter(|&count| count > 0),
        },
    }
}

/// The findings of all inputs, worst first, as many as are accepted, and how many more there are.
fn worst(report: &Report) -> (Vec<(&FileReport, &Finding)>, usize) {
    let all = report
        .files
        .iter()
        .flat_map(|file| file.findings.iter().map(move |finding| (file, finding)));
    let mut findings: Vec<_> = all
        .filter(|(_, finding)| finding.severity > Severity::Info)
        .collect();
    let rank = |finding: &Finding| (!finding.counts(), std::cmp::Reverse(finding.severity));
    findings.sort_by_key(|(_, finding)| rank(finding));
    let left_out = findings.len().saturating_sub(MOST_RESULTS);
    findings.truncate(MOST_RESULTS);
    (findings, left_out)
}

/// New or not, where there is something to compare with.
fn baseline_state(report: &Report, finding: &Finding) -> Option<&'static str> {
    report.provenance.baseline.as_ref()?;
    Some(match finding.suppression {
        Some(Suppression::Known) => "unchanged",
        _ => "new",
    })
}

/// An empty list says of a result that it counts, where others do not.
fn suppressions(report: &Report, finding: &Finding) -> Option<Vec<SuppressionObject>> {
    let suppressed = report.suppressed();
    if suppressed.known + suppressed.trusted == 0 {
        return None;
    }
    let suppression = finding.suppression.iter();
    let object = |suppression: &Suppression| SuppressionObject {
        kind: "external",
        status: "accepted",
        justification: visible(suppression.reason().as_bytes()),
    };
    Some(suppression.map(object).collect())
}

/// A remark about the run itself.
fn of_the_run(notice: &report::Notice) -> Notification {
    Notification {
        descriptor: Id {
            id: notice.kind.name(),
        },
        level: level_of(notice.kind),
        message: plain(visible(notice.message.as_bytes())),
        locations: Vec::new(),
    }
}

fn level_of(kind: NoticeKind) -> &'static str {
    match kind.level() {
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

fn result(
    artifacts: &mut Artifacts,
    rules: &[model::Rule],
    (file, finding): (&FileReport, &Finding),
    report: &Report,
) -> SarifResult {
    let why = report.rule(finding).map_or("", |rule| rule.why.trim());
    let text = format!("{}. {why}", words::finding_in_place(file, finding));
    let fingerprint = report.fingerprint(file, finding);
    SarifResult {
        rule_id: finding.rule.clone(),
        rule_index: rules
            .iter()
            .position(|rule| rule.id == finding.rule)
            .unwrap_or_default(),
        level: rules::level(finding.severity),
        message: plain(text),
        locations: [primary(artifacts, file, finding)],
        related_locations: related(artifacts, file, finding),
        partial_fingerprints: Fingerprints {
            line_hash: format!("{fingerprint}:1"),
            pickscan: fingerprint,
        },
        baseline_state: baseline_state(report, finding),
        suppressions: suppressions(report, finding),
        properties: ResultProperties {
            member: visible(&finding.location.member.joined()),
            offset: finding.location.offset,
            opcode: finding.location.opcode,
            symbol: finding
                .symbol
                .as_deref()
                .map(|symbol| visible(symbol.as_bytes())),
            severity: finding.severity.name(),
        },
    }
}

/// The place in the file on disk: GitHub shows only files of the repository, so a member of an
/// archive must not be the primary location.
fn primary(artifacts: &mut Artifacts, file: &FileReport, finding: &Finding) -> Location {
    let location = &finding.location;
    let line = (file.size <= LARGEST_WITH_LINES).then_some(1);
    let byte_offset = location.outer.or(line.is_none().then_some(0));
    let region = Region {
        start_line: line,
        start_column: line,
        end_line: line,
        end_column: line,
        byte_offset,
        byte_length: byte_offset.map(|_| 1),
    };
    let place = words::place(file, &location.member);
    let name = location
        .member
        .names()
        .last()
        .map_or_else(|| words::path(file), |name| visible(name));
    Location {
        id: None,
        message: None,
        physical_location: PhysicalLocation {
            artifact_location: artifacts.file(file),
            region: Some(region),
        },
        logical_locations: vec![LogicalLocation {
            name,
            fully_qualified_name: format!("{place}@{}", location.offset),
            kind: "member",
        }],
    }
}

/// The exact place inside the member, where it is in one, and the further places.
fn related(artifacts: &mut Artifacts, file: &FileReport, finding: &Finding) -> Vec<Location> {
    let own = Some(&finding.location).filter(|location| !location.member.is_input());
    let places = own
        .into_iter()
        .chain(&finding.related)
        .take(MOST_RELATED)
        .enumerate();
    places
        .map(|(index, place)| inner(artifacts, file, place, index))
        .collect()
}

fn inner(
    artifacts: &mut Artifacts,
    file: &FileReport,
    place: &report::Location,
    id: usize,
) -> Location {
    let region = Region {
        byte_offset: Some(place.offset),
        byte_length: Some(1),
        ..Region::default()
    };
    Location {
        id: Some(id),
        message: Some(plain(words::location(file, place))),
        physical_location: PhysicalLocation {
            artifact_location: artifacts.member(file, &place.member),
            region: Some(region),
        },
        logical_locations: Vec::new(),
    }
}

fn notifications(artifacts: &mut Artifacts, file: &FileReport) -> Vec<Notification> {
    let notices = file
        .notices
        .iter()
        .map(|notice| (notice.kind, words::notice(file, notice)));
    let broken = file.streams.iter().filter(|stream| stream.is_broken());
    let path = words::path(file);
    let broken = broken.map(|stream| {
        (
            kind_of(stream),
            format!("{path}: {}", words::broken_stream(stream)),
        )
    });
    let remarks: Vec<_> = notices.chain(broken).collect();
    let notification = |(kind, text): (NoticeKind, String)| Notification {
        descriptor: Id { id: kind.name() },
        level: level_of(kind),
        message: plain(text),
        locations: vec![Location {
            id: None,
            message: None,
            physical_location: PhysicalLocation {
                artifact_location: artifacts.file(file),
                region: None,
            },
            logical_locations: Vec::new(),
        }],
    };
    remarks.into_iter().map(notification).collect()
}

fn kind_of(stream: &StreamReport) -> NoticeKind {
    match stream.end {
        crate::facts::End::Limit => NoticeKind::Limit,
        crate::facts::End::Truncated => NoticeKind::Truncated,
        _ => NoticeKind::Damaged,
    }
}

/// A message without embedded links: §3.11.6 gives `[text](target)` a meaning, and names in the
/// input must not be able to place a link in a code-scanning page.
fn plain(text: String) -> Message {
    Message {
        text: text.replace("](", "] (").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn value() -> serde_json::Value {
        let mut bytes = Vec::new();
        write(&example::report(), &mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn the_message_says_path_member_offset_and_reason() {
        let value = value();
        let text = value["runs"][0]["results"][0]["message"]["text"]
            .as_str()
            .unwrap();
        for part in [
            "a\\xff.pt!archive/data.pkl @ 12, GLOBAL",
            "Loading the file runs",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_primary_location_is_the_file_and_the_related_one_the_member() {
        let value = value();
        let run = &value["runs"][0];
        let result = &run["results"][0];
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "models/a%FF.pt");
        assert_eq!(physical["region"]["byteOffset"], 76);
        let inner = &result["relatedLocations"][0]["physicalLocation"];
        assert_eq!(inner["region"]["byteOffset"], 12);
        let index = &inner["artifactLocation"]["index"];
        assert_eq!(index, 1);
        let artifact = &run["artifacts"][1];
        assert_eq!(artifact["location"]["uri"], "archive/data.pkl");
        assert_eq!(artifact["parentIndex"], 0);
    }

    #[test]
    fn what_was_not_scanned_is_a_notification() {
        let value = value();
        let invocation = &value["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications.len(), 2);
        assert!(
            !notifications[0]["message"]["text"]
                .as_str()
                .unwrap()
                .contains('\u{1b}')
        );
    }

    #[test]
    fn names_cannot_place_links() {
        assert_eq!(
            plain("[click](http://x)".to_owned()).text,
            "[click] (http://x)"
        );
    }
}
