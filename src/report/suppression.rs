//! Findings that were found and do not count, and what a run was told beside its paths.
//!
//! Nothing is ever dropped for being suppressed: a configuration that comes with the scanned files
//! could hide malware, so every output says how much does not count, and why.

use std::path::PathBuf;

use super::{Finding, Report};

/// Why a finding does not make a run fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// A baseline holds it. The verdict still counts it: the file is as bad as it was.
    Known,
    /// The configuration trusts its symbol. The verdict does not count it.
    Trusted {
        /// Why, as the configuration says.
        reason: String,
    },
}

impl Suppression {
    /// The word in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known => "baseline",
            Self::Trusted { .. } => "configuration",
        }
    }

    /// The reason, for a person.
    pub fn reason(&self) -> &str {
        match self {
            Self::Known => "It is in the baseline.",
            Self::Trusted { reason } => reason,
        }
    }
}

/// Where a run took its settings from, so far as they can hide something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The configuration.
    pub configuration: Option<PathBuf>,
    /// What it sets beside that: threshold and limits, as `name=value`.
    pub configured: Vec<String>,
    /// Rules beside the built-in ones, which may replace them.
    pub rules: Vec<PathBuf>,
    /// The baseline.
    pub baseline: Option<PathBuf>,
}

/// How much was found or could have been found, and does not count.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppressed {
    /// Findings that a baseline holds.
    pub known: usize,
    /// Findings about symbols that the configuration trusts.
    pub trusted: usize,
    /// Files and folders that patterns left out of what was searched.
    pub excluded: usize,
}

impl Suppressed {
    /// Whether there is something to say.
    pub fn is_any(self) -> bool {
        self != Self::default()
    }
}

impl Finding {
    /// Whether it can make a run fail.
    pub fn counts(&self) -> bool {
        self.suppression.is_none()
    }

    /// Whether it is about a symbol that the configuration trusts. The verdict does not count it
    /// then; what is merely known is as bad as before.
    pub fn is_trusted(&self) -> bool {
        matches!(self.suppression, Some(Suppression::Trusted { .. }))
    }
}

impl Report {
    /// How much does not count.
    pub fn suppressed(&self) -> Suppressed {
        let findings = self.files.iter().flat_map(|file| &file.findings);
        let mut suppressed = Suppressed {
            excluded: self.excluded,
            ..Suppressed::default()
        };
        for finding in findings {
            match finding.suppression {
                None => {}
                Some(Suppression::Known) => suppressed.known += 1,
                Some(Suppression::Trusted { .. }) => suppressed.trusted += 1,
            }
        }
        suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::{FileReport, Threshold, Verdict},
        rules::Severity,
    };

    fn report(suppression: Option<Suppression>) -> Report {
        let finding = Finding {
            suppression,
            ..Finding::example(Severity::High)
        };
        let file = FileReport {
            findings: vec![finding],
            ..FileReport::default()
        };
        Report {
            files: vec![file],
            ..Report::default()
        }
    }

    #[test]
    fn what_is_known_is_as_bad_as_before_and_does_not_fail() {
        let verdict = |report: &Report| report.files[0].verdict();
        let known = report(Some(Suppression::Known));
        assert_eq!(verdict(&known), Verdict::Dangerous);
        assert_eq!(known.exit_code(Threshold::Unfamiliar), 0);
        let reason = "ours".to_owned();
        let trusted = report(Some(Suppression::Trusted { reason }));
        assert_eq!(verdict(&trusted), Verdict::Skipped);
        assert_eq!(trusted.exit_code(Threshold::Unfamiliar), 0);
        assert_eq!(report(None).exit_code(Threshold::Unfamiliar), 1);
    }

    #[test]
    fn all_is_counted() {
        let known = report(Some(Suppression::Known));
        assert_eq!(known.suppressed().known, 1);
        assert!(known.suppressed().is_any());
        assert!(!report(None).suppressed().is_any());
    }
}
