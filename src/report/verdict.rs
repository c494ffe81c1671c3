//! The six words for an input, and from which of them on a run fails.

use crate::rules::Severity;

/// What is said about one input, from best to worst.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Holds no pickle.
    Skipped,
    /// Every byte that a loader could reach was understood, and everything it does is trusted.
    Clean,
    /// Uses names of packages that pickscan does not know.
    Unfamiliar,
    /// Something could not be understood or read.
    Incomplete,
    /// Does something that honest files do not do.
    Suspicious,
    /// Does harm when it is loaded.
    Dangerous,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Self; 6] = [
        Self::Dangerous,
        Self::Suspicious,
        Self::Incomplete,
        Self::Unfamiliar,
        Self::Clean,
        Self::Skipped,
    ];

    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Clean => "clean",
            Self::Unfamiliar => "unfamiliar",
            Self::Incomplete => "incomplete",
            Self::Suspicious => "suspicious",
            Self::Dangerous => "dangerous",
        }
    }

    /// The verdict that one finding of this severity amounts to.
    pub fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Skipped,
            Severity::Low => Self::Unfamiliar,
            Severity::Medium => Self::Suspicious,
            Severity::High | Severity::Critical => Self::Dangerous,
        }
    }
}

/// From which findings on a run fails.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Threshold {
    /// Findings that make an input `dangerous`.
    Dangerous,
    /// Findings that make an input `suspicious`, or worse.
    #[default]
    Suspicious,
    /// Findings that make an input `unfamiliar`, or worse.
    Unfamiliar,
    /// No finding makes a run fail.
    Never,
}

impl Threshold {
    /// Every threshold.
    pub const ALL: [Self; 4] = [
        Self::Dangerous,
        Self::Suspicious,
        Self::Unfamiliar,
        Self::Never,
    ];

    /// The word on the command line and in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dangerous => "dangerous",
            Self::Suspicious => "suspicious",
            Self::Unfamiliar => "unfamiliar",
            Self::Never => "never",
        }
    }

    /// The threshold of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether a finding of this severity makes the run fail.
    pub fn is_reached_by(self, severity: Severity) -> bool {
        let verdict = Verdict::of_severity(severity);
        match self {
            Self::Dangerous => verdict >= Verdict::Dangerous,
            Self::Suspicious => verdict >= Verdict::Suspicious,
            Self::Unfamiliar => verdict >= Verdict::Unfamiliar,
            Self::Never => false,
        }
    }
}
