//! Rules and notification kinds as SARIF describes them.

use std::collections::BTreeSet;

use super::model::{Configuration, Help, Message, NotificationRule, Rule, RuleProperties};
use crate::{
    report::{FileReport, Finding, Level, NoticeKind, Report, RuleInfo},
    rules::Severity,
};

/// GitHub cuts descriptions behind so many characters.
const LONGEST_TEXT: usize = 1024;

/// GitHub keeps so many tags of a rule.
const MOST_TAGS: usize = 10;

/// The rules that the findings name, by id.
pub(super) fn used(report: &Report, findings: &[(&FileReport, &Finding)]) -> Vec<Rule> {
    let ids: BTreeSet<&str> = findings
        .iter()
        .map(|(_, finding)| finding.rule.as_str())
        .collect();
    let unknown = RuleInfo::default();
    ids.into_iter()
        .map(|id| rule(id, report.rules.get(id).unwrap_or(&unknown)))
        .collect()
}

fn rule(id: &str, info: &RuleInfo) -> Rule {
    let severity = info.severity.unwrap_or(Severity::Medium);
    let or_id = |text: &str| {
        if text.trim().is_empty() {
            id.to_owned()
        } else {
            tidy(text)
        }
    };
    Rule {
        id: id.to_owned(),
        name: Some(pascal_case(id)).filter(|name| !name.eq_ignore_ascii_case(id)),
        short_description: Message {
            text: or_id(&info.title),
        },
        full_description: Message {
            text: or_id(&info.why),
        },
        help: help(id, info),
        default_configuration: Configuration {
            level: level(severity),
        },
        properties: RuleProperties {
            tags: info.tags.iter().take(MOST_TAGS).cloned().collect(),
            precision: precision(&info.confidence),
            problem_severity: problem_severity(severity),
            security_severity: security_severity(severity),
        },
    }
}

/// One notice kind.
pub(super) fn notification(kind: NoticeKind) -> NotificationRule {
    let sentence = || kind.sentence().to_owned();
    let consequence = match kind.level() {
        Level::Error => "What it hides was not scanned; the verdict is at best `incomplete`.",
        Level::Warning | Level::Note => "The verdict does not depend on it.",
    };
    let text = format!("{} {consequence}", kind.sentence());
    NotificationRule {
        id: kind.name(),
        short_description: Message { text: sentence() },
        full_description: Message { text: text.clone() },
        help: Help {
            markdown: text.clone(),
            text,
        },
        default_configuration: Configuration {
            level: match kind.level() {
                Level::Note => "note",
                Level::Warning => "warning",
                Level::Error => "error",
            },
        },
    }
}

fn help(id: &str, info: &RuleInfo) -> Help {
    let (why, advice) = (info.why.trim(), info.what_to_do.trim());
    let references = info.references.join("\n");
    let list: Vec<String> = info
        .references
        .iter()
        .map(|link| format!("- <{link}>"))
        .collect();
    let text = format!("{why}\n\nWhat to do: {advice}\n\n{references}");
    let title = if info.title.is_empty() {
        id
    } else {
        &info.title
    };
    let markdown = format!(
        "**{title}**\n\n{why}\n\n**What to do**: {advice}\n\n{}",
        list.join("\n")
    );
    Help {
        text: text.trim().to_owned(),
        markdown: markdown.trim().to_owned(),
    }
}

/// SARIF §3.27.10.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

/// GitHub's scale: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0 low.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

fn precision(confidence: &str) -> &'static str {
    match confidence {
        "high" => "very-high",
        "low" => "low",
        _ => "medium",
    }
}

fn pascal_case(id: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    id.split('-').filter_map(capital).collect()
}

fn tidy(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(LONGEST_TEXT).collect()
}
