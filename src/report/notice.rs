//! Remarks about an input that are no findings: mostly what could not be looked at.

use super::MemberPath;

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice {
    /// Which sort.
    pub kind: NoticeKind,
    /// The member it is about; empty for the input itself.
    pub member: MemberPath,
    /// What, why, and what to do. May quote the input, so it is hostile text.
    pub message: String,
}

/// How loud a notice is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Shown on request.
    Note,
    /// Always shown.
    Warning,
    /// Always shown, and the input is `incomplete`.
    Error,
}

// Turns each row `Variant = "kebab-name", Level: "sentence";` into a variant, its name in reports
// and its level, so that a new kind is one line.
macro_rules! notices {
    ($($variant:ident = $name:literal, $level:ident: $sentence:literal;)*) => {
        /// The kinds of notice.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum NoticeKind { $(#[doc = $sentence] $variant,)* }

        impl NoticeKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How loud it is.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// What it means, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

notices! {
    Missing = "missing", Error: "A path that was named does not exist.";
    Unreadable = "unreadable", Error: "The operating system refuses to read it.";
    NotAFile = "not-a-file", Error: "A path that was named is a pipe, socket or device.";
    Changed = "changed", Error: "The file changed while it was read.";
    Interrupted = "interrupted", Error: "The run was told to stop before this was looked at.";
    Limit = "limit", Error: "A limit of the scanner was reached.";
    Truncated = "truncated", Error: "The data ends too soon.";
    Damaged = "damaged", Error: "A container does not hold what it declares.";
    Encrypted = "encrypted", Error: "A member is encrypted.";
    Unsupported = "unsupported", Error: "A member is stored in a way that is not supported.";
    LfsPointer = "lfs-pointer", Error: "A Git LFS pointer stands in for the file.";
    Elsewhere = "elsewhere", Error: "A loader reads another file, which was not scanned.";
    Panic = "panic", Error: "The scanner itself failed on this input; please report it.";
    SpecialFile = "special-file", Warning: "A pipe, socket or device was found and not opened.";
    DanglingLink = "dangling-link", Warning: "A symbolic link was found that leads nowhere.";
    MissingStorage = "missing-storage", Warning: "A storage that a pickle of PyTorch refers to is missing or too short.";
    Unexplained = "unexplained", Note: "Bytes are neither a pickle nor anything that a format explains.";
    Unsearched = "unsearched", Note: "The middle of text, or of data of no known kind, was not searched for pickles.";
    FindingsDropped = "findings-dropped", Warning: "More findings than are kept; the worst are.";
    UnusedSuppression = "unused-suppression", Warning: "A setting that suppresses findings matches none.";
    ExpiredSuppression = "expired-suppression", Warning: "A setting that suppresses findings has expired.";
    StrayConfiguration = "stray-configuration", Warning: "A configuration was found and not used.";
    LinkedFolder = "linked-folder", Note: "A symbolic link to a folder was found and not followed.";
}

impl NoticeKind {
    /// Whether something that a loader could reach was not looked at.
    pub fn is_incomplete(self) -> bool {
        self.level() == Level::Error
    }
}

impl Notice {
    /// A notice about the input itself.
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Self {
        Self::about(MemberPath::default(), kind, message)
    }

    /// A notice about a member.
    pub fn about(member: MemberPath, kind: NoticeKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            member,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NoticeKind;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<_> = NoticeKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NoticeKind::ALL.len());
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
    }
}
