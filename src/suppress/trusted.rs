//! Symbols that a configuration trusts, in some paths, for a reason, until a day.

use std::path::{Path, PathBuf};

use globset::GlobSet;

use super::{Date, is_covered};
use crate::{
    report::{Finding, Notice, NoticeKind, Report, Verdict, paths::below},
    rules::Severity,
};

/// One entry of a configuration.
#[derive(Clone, Debug)]
pub struct TrustedSymbols {
    /// Where the entry stands, for remarks: `pickscan.toml, trust entry 2`.
    pub place: String,
    /// Exact names, `module.qualname`. Never patterns: trust is exact.
    pub symbols: Vec<String>,
    /// The folder that `paths` start from.
    pub root: PathBuf,
    /// Where they are trusted; everywhere where there is none.
    pub paths: Option<GlobSet>,
    /// Ids of the rules that are to be silent; where there are none, all that find something
    /// unfamiliar or suspicious.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which the entry holds.
    pub expires: Option<Date>,
}

impl TrustedSymbols {
    pub(super) fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }

    /// Whether the finding is one that the entry silences.
    ///
    /// Harm must be named: an entry for one's own class was not written with `os.system` in mind,
    /// so what makes a file dangerous is silenced only where its rule is listed.
    pub(super) fn is_about(&self, finding: &Finding) -> bool {
        let symbol = finding.symbol.as_ref();
        let named = symbol.is_some_and(|symbol| self.symbols.contains(symbol));
        let harmful = Verdict::of_severity(finding.severity) >= Verdict::Dangerous;
        let noted = finding.severity > Severity::Info;
        let ruled = match self.rules.as_slice() {
            [] => !harmful,
            rules => rules.contains(&finding.rule),
        };
        named && noted && ruled
    }

    pub(super) fn holds_in(&self, working_directory: &Path, path: &Path) -> bool {
        match &self.paths {
            None => true,
            Some(paths) => below(&self.root, working_directory, path)
                .is_some_and(|relative| paths.is_match(relative)),
        }
    }

    /// What there is to say about the entry after a run.
    pub(super) fn remark(
        &self,
        used: bool,
        report: &Report,
        named: &[PathBuf],
        today: Date,
    ) -> Option<Notice> {
        let Self { place, .. } = self;
        let symbols = self.symbols.join(", ");
        if let Some(last) = self.expires.filter(|_| self.has_expired(today)) {
            let message = format!(
                "{place} ({symbols}) expired on {last} and was not applied; renew or remove it"
            );
            return Some(Notice::new(NoticeKind::ExpiredSuppression, message));
        }
        let root = &report.working_directory;
        let scanned = || {
            let paths = report.files.iter().map(|file| &file.path);
            self.paths.is_some() && { paths }.any(|path| self.holds_in(root, path))
        };
        let is_folder = |path: &PathBuf| !report.files.iter().any(|file| file.path == *path);
        let looked =
            is_covered(&self.root, report, named) || named.iter().any(is_folder) && scanned();
        (!used && looked).then(|| {
            let message = format!("{place} ({symbols}) matches no finding; remove it");
            Notice::new(NoticeKind::UnusedSuppression, message)
        })
    }
}
