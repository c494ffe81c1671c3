//! What a container that contradicts itself amounts to.
//!
//! Two readers of such a container see different members, so a scanner that trusts one reader can
//! be shown one pickle while another is loaded (CVE-2025-1944 and CVE-2025-1945 in
//! picklescan). pickscan follows both; honest writers do not make them.

use crate::{
    container::{Anomaly, AnomalyKind},
    report::{Finding, Location, MemberPath, RuleInfo},
    rules::Severity,
};

const WHY: &str = "Programs that read this file disagree on what is in it, and honest writers do \
                   not make such files: it may have been made to show a scanner one thing and a \
                   loader another.";

const WHAT_TO_DO: &str = "Do not load it unless you know who made it and how. Load it with the \
                          program that wrote it, save it again, and scan the new file.";

/// The finding for an anomaly of a container, and the rule it stands under.
pub(super) fn finding(
    member: MemberPath,
    outer: Option<u64>,
    anomaly: &Anomaly,
) -> (Finding, RuleInfo) {
    let severity = severity(anomaly.kind);
    let sentence = anomaly.kind.sentence();
    let message = match anomaly.message.as_str() {
        "" => sentence.to_owned(),
        detail => format!("{} ({detail})", sentence.trim_end_matches('.')),
    };
    let finding = Finding {
        rule: format!("container-{}", anomaly.kind.name()),
        severity,
        message,
        symbol: None,
        location: Location {
            member,
            offset: anomaly.offset,
            opcode: "",
            outer: outer.map(|outer| outer.saturating_add(anomaly.offset)),
        },
        related: Vec::new(),
        ordinal: 0,
        suppression: None,
    };
    let rule = RuleInfo {
        title: sentence.trim_end_matches('.').to_owned(),
        severity: Some(severity),
        confidence: "medium".to_owned(),
        why: WHY.to_owned(),
        what_to_do: WHAT_TO_DO.to_owned(),
        references: Vec::new(),
        tags: vec!["security".to_owned(), "external/cwe/cwe-436".to_owned()],
    };
    (finding, rule)
}

fn severity(kind: AnomalyKind) -> Severity {
    match kind {
        // Every reader passes over such bytes; what in them looks like a pickle is scanned.
        AnomalyKind::PrefixData | AnomalyKind::GapData | AnomalyKind::TrailingData => {
            Severity::Info
        }
        _ => Severity::Medium,
    }
}
