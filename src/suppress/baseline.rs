//! `pickscan-baseline/1`: the findings that were there when it was written.
//!
//! A finding is known by its fingerprint, which survives re-training. So that nothing worse hides
//! behind it, a finding is not known if it is more severe than it was, or if it is harmful and
//! would do something else than it did.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::{Deserialize, Serialize};

use super::Candidate;
use crate::{
    report::{Report, Verdict},
    rules::Severity,
};

const SCHEMA: &str = "pickscan-baseline/1";

/// Known findings by fingerprint.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    findings: BTreeMap<String, Entry>,
}

/// Why a file is no baseline: whoever wrote it is at fault.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not what pickscan writes.
    #[error("it is not a baseline: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error("its schema is `{0}`, and this version reads {SCHEMA}; write it anew")]
    Schema(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    version: String,
    findings: Vec<Entry>,
}

/// One finding. All but the first three fields are for whoever reviews the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    fingerprint: String,
    severity: Severity,
    message: String,
    rule: String,
    path: String,
    member: String,
    symbol: Option<String>,
}

impl Baseline {
    /// Reads what [`Baseline::write`] wrote.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let document: Document = serde_json::from_str(text)?;
        if document.schema != SCHEMA {
            return Err(BaselineError::Schema(document.schema));
        }
        let entries = document.findings.into_iter();
        let findings = entries
            .map(|entry| (entry.fingerprint.clone(), entry))
            .collect();
        Ok(Self { findings })
    }

    /// Everything that counts in a report, and what was known of it before.
    pub fn of(report: &Report) -> Self {
        let mut findings = BTreeMap::new();
        for file in &report.files {
            let identity = report.identity(file);
            for finding in &file.findings {
                if finding.is_trusted() || finding.severity == Severity::Info {
                    continue;
                }
                let entry = Entry {
                    fingerprint: finding.fingerprint(&identity),
                    rule: finding.rule.clone(),
                    severity: finding.severity,
                    path: identity.to_string_lossy().into_owned(),
                    member: String::from_utf8_lossy(&finding.location.member.joined()).into_owned(),
                    symbol: finding.symbol.clone(),
                    message: finding.message.clone(),
                };
                findings.insert(entry.fingerprint.clone(), entry);
            }
        }
        Self { findings }
    }

    /// Writes it, in an order that makes small differences between versions.
    ///
    /// # Errors
    /// Whatever `writer` reports.
    pub fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
        let mut findings: Vec<Entry> = self.findings.values().cloned().collect();
        let key = |entry: &Entry| (entry.path.clone(), entry.fingerprint.clone());
        findings.sort_by_cached_key(key);
        let document = Document {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            findings,
        };
        serde_json::to_writer_pretty(&mut *writer, &document)?;
        writeln!(writer)
    }

    /// How many findings it holds.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Fingerprint and path of each finding.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.findings.values();
        entries.map(|entry| (entry.fingerprint.as_str(), entry.path.as_str()))
    }

    pub(super) fn holds(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate {
            finding,
            fingerprint,
        } = candidate;
        let harmful = Verdict::of_severity(finding.severity) >= Verdict::Dangerous;
        self.findings.get(fingerprint).is_some_and(|entry| {
            finding.severity <= entry.severity && (!harmful || finding.message == entry.message)
        })
    }
}
