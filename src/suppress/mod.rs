//! What makes a finding not count: a baseline, and symbols that a configuration trusts.
//!
//! A finding that does not count stays in the report and says why. What suppresses nothing, or has
//! expired, is said as well: stale exceptions are how a scanner goes blind.

mod baseline;
mod date;
mod trusted;

use std::path::{Path, PathBuf};

pub use baseline::{Baseline, BaselineError};
pub use date::Date;
pub use trusted::TrustedSymbols;

use crate::report::{Finding, Notice, NoticeKind, Report, Suppression, paths::below};

/// All that suppresses findings in a run.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    /// The entries of the configuration.
    pub trusted: Vec<TrustedSymbols>,
    /// The baseline and where it comes from.
    pub baseline: Option<(PathBuf, Baseline)>,
}

/// A finding, and its identity.
struct Candidate<'r> {
    finding: &'r Finding,
    fingerprint: String,
}

impl Suppressions {
    /// Marks what does not count, and adds remarks about settings without effect.
    ///
    /// `named` are the paths that the run was given: where it has not looked at everything, a
    /// setting that matches nothing may still have its use.
    pub fn apply(&self, report: &mut Report, named: &[PathBuf], today: Date) {
        let mut used = vec![false; self.trusted.len()];
        let mut seen = Vec::new();
        for index in 0..report.files.len() {
            self.apply_to(report, index, today, (&mut used, &mut seen));
        }
        let mut notices = Vec::new();
        for (entry, used) in self.trusted.iter().zip(used) {
            notices.extend(entry.remark(used, report, named, today));
        }
        if let Some((path, baseline)) = &self.baseline {
            notices.extend(gone(path, baseline, &seen, report, named));
        }
        report.notices.extend(notices);
        report.provenance.baseline = self.baseline.as_ref().map(|(path, _)| path.clone());
    }

    fn apply_to(
        &self,
        report: &mut Report,
        index: usize,
        today: Date,
        (used, seen): (&mut [bool], &mut Vec<String>),
    ) {
        let Some(file) = report
            .files
            .get(index)
            .filter(|file| !file.findings.is_empty())
        else {
            return;
        };
        let working_directory = report.working_directory.clone();
        let identity = report.identity(file);
        let path = file.path.clone();
        let findings = report.files.get_mut(index).map(|file| &mut file.findings);
        for finding in findings.into_iter().flatten() {
            let candidate = Candidate {
                fingerprint: finding.fingerprint(&identity),
                finding: &*finding,
            };
            let entries = self.trusted.iter().zip(&mut *used);
            let mut matching = entries.filter(|(entry, _)| {
                !entry.has_expired(today)
                    && entry.is_about(finding)
                    && entry.holds_in(&working_directory, &path)
            });
            let suppression = if let Some((entry, used)) = matching.next() {
                *used = true;
                let reason = entry.reason.clone();
                Some(Suppression::Trusted { reason })
            } else {
                let baseline = self.baseline.as_ref();
                let known = baseline.is_some_and(|(_, baseline)| baseline.holds(&candidate));
                known.then_some(Suppression::Known)
            };
            seen.push(candidate.fingerprint);
            finding.suppression = suppression;
        }
    }
}

/// Whether the run has looked at a folder with everything below it.
fn is_covered(folder: &Path, report: &Report, named: &[PathBuf]) -> bool {
    let root = &report.working_directory;
    named
        .iter()
        .any(|path| path.as_os_str() != "-" && below(path, root, folder).is_some())
}

/// The remark on findings of the baseline that are no more, where the run has looked for them.
fn gone(
    path: &Path,
    baseline: &Baseline,
    seen: &[String],
    report: &Report,
    named: &[PathBuf],
) -> Option<Notice> {
    let whole = is_covered(&report.working_directory, report, named);
    let scanned: std::collections::HashSet<_> = report
        .files
        .iter()
        .map(|file| report.identity(file))
        .collect();
    let seen: std::collections::HashSet<_> = seen.iter().map(String::as_str).collect();
    let looked_for = |path: &str| whole || scanned.contains(Path::new(path));
    let gone = baseline
        .entries()
        .filter(|(fingerprint, path)| !seen.contains(fingerprint) && looked_for(path))
        .count();
    (gone > 0).then(|| {
        let message = format!(
            "{gone} of {} findings of the baseline {} were not found any more; write it anew with \
             --write-baseline",
            baseline.len(),
            path.display()
        );
        Notice::new(NoticeKind::UnusedSuppression, message)
    })
}

#[cfg(test)]
mod tests;
