//! Stand-in until the branch `rules` lands.

/// How bad.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing.
    Info,
    /// Unfamiliar.
    Low,
    /// Suspicious.
    Medium,
    /// Dangerous.
    High,
    /// Dangerous.
    Critical,
}

/// Whether a symbol is trusted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Trusted.
    Trusted,
    /// Unknown in a known package.
    Unknown,
    /// Of an unknown package.
    Unfamiliar,
    /// Dangerous.
    Dangerous,
}
