//! What opening a container may report besides members.

use super::Member;
use crate::pickle::Span;

/// One thing that opening a container or decompressing a member brought to light.
#[derive(Debug)]
pub enum Opened {
    /// Bytes inside the container that are to be looked at.
    Member(Member),
    /// Something that keeps part of the input from being understood: the input is `incomplete`.
    Problem(Problem),
    /// Something that honest writers do not do, or that two readers see differently.
    Anomaly(Anomaly),
    /// Bytes that the format accounts for without a pickle in them. Offsets count from the start
    /// of the container's source.
    Explained(Span),
}

/// Why part of a container could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of obstacle.
    pub kind: ProblemKind,
    /// One sentence for the user, without the path.
    pub message: String,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// The kinds of [`Problem`]. Each of them makes an input `incomplete`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A limit of the scanner was reached.
    Limit,
    /// The data ends too soon.
    Truncated,
    /// The data contradicts its own format.
    Damaged,
    /// The data is encrypted.
    Encrypted,
    /// The format is known, this variant of it is not.
    Unsupported,
}

impl ProblemKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::Encrypted => "encrypted",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A disagreement inside a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Which.
    pub kind: AnomalyKind,
    /// Where, counted from the start of the container's source.
    pub offset: u64,
    /// What exactly, with both sides of the disagreement.
    pub message: String,
}

// Turns each row `Variant = "kebab-name": "sentence";` into a variant, its name in output and
// rules, and the sentence a user reads.
macro_rules! anomalies {
    ($($variant:ident = $name:literal: $sentence:literal;)*) => {
        /// The kinds of [`Anomaly`].
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AnomalyKind { $(#[doc = $sentence] $variant,)* }

        impl AnomalyKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in rules and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

anomalies! {
    NameMismatch = "name-mismatch": "The directory and the member's own header give different names.";
    SizeMismatch = "size-mismatch": "The directory and the member's own header give different sizes.";
    MethodMismatch = "method-mismatch": "The directory and the member's own header give different compression methods.";
    FlagsMismatch = "flags-mismatch": "The directory and the member's own header disagree on flags.";
    ChecksumMismatch = "checksum-mismatch": "The data does not have the checksum that is recorded for it: some readers refuse it, others do not check.";
    FalselyEncrypted = "falsely-encrypted": "A member is marked as encrypted but is not: some readers refuse it, others do not look at the mark.";
    DuplicateName = "duplicate-name": "Several members have the same name: readers pick different ones.";
    CaseVariantName = "case-variant-name": "Names differ only in letter case: readers that ignore case pick different members.";
    OverlappingMembers = "overlapping-members": "Members share bytes.";
    HiddenMember = "hidden-member": "A member is not listed in the directory.";
    DirectoryMismatch = "directory-mismatch": "The archive has several directories, or one that does not hold what its end record says.";
    PrefixData = "prefix-data": "Bytes stand before the first member.";
    GapData = "gap-data": "Bytes between members belong to none.";
    TrailingData = "trailing-data": "Bytes follow the end of the container.";
}

#[cfg(test)]
mod tests {
    use super::AnomalyKind;

    #[test]
    fn names_of_anomalies_are_unique_and_kebab_case() {
        let mut names: Vec<_> = AnomalyKind::ALL.iter().map(|kind| kind.name()).collect();
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b == b'-' || b.is_ascii_lowercase()))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AnomalyKind::ALL.len());
    }
}
