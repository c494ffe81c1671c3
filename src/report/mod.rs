//! What was found: the result document that every output is a function of.
//!
//! Nothing here is text for a terminal or JSON for a program; names are bytes as the input spells
//! them. This room does not read inputs and does not judge them: rules did.

mod accounting;
mod finding;
mod location;
mod notice;
pub mod paths;
mod stream;
mod suppression;
mod verdict;

use std::{collections::BTreeMap, path::PathBuf};

pub use accounting::{Accounting, Unexplained};
pub(crate) use finding::number;
pub use finding::{Finding, RuleInfo};
pub use location::{Location, MemberPath};
pub use notice::{Level, Notice, NoticeKind};
pub use stream::{AnomalyReport, CallReport, ChangeReport, ImportReport, StreamReport};
pub use suppression::{Provenance, Suppressed, Suppression};
pub use verdict::{Threshold, Verdict};

use crate::rules::WeightsOnly;

/// The result of one run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The folder that relative paths start from.
    pub working_directory: PathBuf,
    /// One report an input, in the order in which inputs were named and found.
    pub files: Vec<FileReport>,
    /// What the rules that matched say about themselves, by id.
    pub rules: BTreeMap<String, RuleInfo>,
    /// Digest of the rules that judged, in hexadecimal; empty where it is not known.
    pub rules_digest: String,
    /// What the operating system was told to forbid this process; empty where nothing was.
    pub sandbox: String,
    /// What the run was told that may hide findings.
    pub provenance: Provenance,
    /// How many files and folders patterns left out of what was searched.
    pub excluded: usize,
    /// Remarks about the run itself, such as settings that had no effect.
    pub notices: Vec<Notice>,
}

/// The result for one input.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    /// The path as it was named or found; `-` for standard input.
    pub path: PathBuf,
    /// What the content is: `zip`, `gzip`, `pickle` …; empty where it could not be told.
    pub format: &'static str,
    /// Length in bytes; 0 where it is not known.
    pub size: u64,
    /// Bytes that were read from the input.
    pub bytes_read: u64,
    /// Units of work that it cost; see the limit `work`.
    pub work: u64,
    /// SHA-256 of the whole input in hexadecimal, where it was asked for.
    pub sha256: Option<String>,
    /// The pickles inside, in order.
    pub streams: Vec<StreamReport>,
    /// What the rules say about them, worst first.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and other remarks.
    pub notices: Vec<Notice>,
    /// What its bytes are.
    pub accounting: Accounting,
    /// Why the input holds no pickle, where it holds none.
    pub skipped: Option<String>,
    /// What PyTorch's restricted unpickler does not read in it, where it is a file of PyTorch.
    pub weights_only: Option<WeightsOnly>,
}

impl FileReport {
    /// An input about which nothing is known but this notice.
    pub fn noticed(path: PathBuf, notice: Notice) -> Self {
        Self {
            path,
            notices: vec![notice],
            ..Self::default()
        }
    }

    /// The verdict: the worst finding, or that the scan is incomplete, whichever weighs more.
    pub fn verdict(&self) -> Verdict {
        let found = self
            .findings
            .iter()
            .filter(|finding| !finding.is_trusted())
            .map(|finding| Verdict::of_severity(finding.severity));
        let worst = found.max().unwrap_or(Verdict::Skipped);
        if self.is_incomplete() {
            worst.max(Verdict::Incomplete)
        } else if self.streams.is_empty() {
            worst
        } else {
            worst.max(Verdict::Clean)
        }
    }

    /// Whether something that a loader could reach was not understood.
    pub fn is_incomplete(&self) -> bool {
        let broken = self.streams.iter().any(StreamReport::is_broken);
        broken
            || self
                .notices
                .iter()
                .any(|notice| notice.kind.is_incomplete())
    }

    /// Whether a finding reaches the threshold.
    pub fn reaches(&self, threshold: Threshold) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.counts() && threshold.is_reached_by(finding.severity))
    }
}

impl Report {
    /// The exit status of the run: 1 where a finding reaches the threshold, else 2 where something
    /// could not be scanned, else 0. Findings win, as in ClamAV.
    pub fn exit_code(&self, threshold: Threshold) -> u8 {
        match &self.files {
            files if files.iter().any(|file| file.reaches(threshold)) => 1,
            files if files.iter().any(FileReport::is_incomplete) => 2,
            _ => 0,
        }
    }

    /// How many inputs have the verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.files
            .iter()
            .filter(|file| file.verdict() == verdict)
            .count()
    }

    /// Inputs from the worst verdict to the best; equals stay in the order of the report.
    pub fn worst_first(&self) -> Vec<&FileReport> {
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.verdict()));
        files
    }

    /// What the rule says about itself, where it is known.
    pub fn rule(&self, finding: &Finding) -> Option<&RuleInfo> {
        self.rules.get(&finding.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{facts::End, rules::Severity};

    fn file(severity: Option<Severity>, end: End) -> FileReport {
        FileReport {
            streams: vec![StreamReport {
                end,
                ..StreamReport::default()
            }],
            findings: severity.into_iter().map(Finding::example).collect(),
            ..FileReport::default()
        }
    }

    #[test]
    fn findings_win_over_incomplete_and_incomplete_over_unfamiliar() {
        let verdict = |severity, end| file(severity, end).verdict();
        assert_eq!(verdict(None, End::Stop), Verdict::Clean);
        assert_eq!(verdict(Some(Severity::Info), End::Stop), Verdict::Clean);
        assert_eq!(verdict(Some(Severity::Low), End::Stop), Verdict::Unfamiliar);
        assert_eq!(
            verdict(Some(Severity::Low), End::Truncated),
            Verdict::Incomplete
        );
        assert_eq!(verdict(None, End::Error), Verdict::Incomplete);
        assert_eq!(
            verdict(Some(Severity::Medium), End::Limit),
            Verdict::Suspicious
        );
        assert_eq!(
            verdict(Some(Severity::High), End::Limit),
            Verdict::Dangerous
        );
        assert_eq!(FileReport::default().verdict(), Verdict::Skipped);
    }

    #[test]
    fn the_exit_code_follows_the_threshold() {
        let code = |severity, end, threshold| {
            let report = Report {
                files: vec![file(severity, end)],
                ..Report::default()
            };
            report.exit_code(threshold)
        };
        use Threshold::{Dangerous, Never, Suspicious, Unfamiliar};
        assert_eq!(code(None, End::Stop, Unfamiliar), 0);
        assert_eq!(code(Some(Severity::Low), End::Stop, Suspicious), 0);
        assert_eq!(code(Some(Severity::Low), End::Stop, Unfamiliar), 1);
        assert_eq!(code(Some(Severity::Medium), End::Stop, Suspicious), 1);
        assert_eq!(code(Some(Severity::Medium), End::Stop, Dangerous), 0);
        assert_eq!(code(Some(Severity::Medium), End::Truncated, Dangerous), 2);
        assert_eq!(code(Some(Severity::Critical), End::Truncated, Dangerous), 1);
        assert_eq!(code(Some(Severity::Critical), End::Stop, Never), 0);
        assert_eq!(code(Some(Severity::Critical), End::Truncated, Never), 2);
    }
}
