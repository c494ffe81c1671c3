//! What opening a container may report besides members.

use super::Member;
use crate::{
    facts::{PayloadKind, Symbol},
    pickle::Span,
};

/// What rules can be asked about a container.
pub use crate::facts::{ContainerAnomalyKind as AnomalyKind, ContainerFact as Anomaly};

/// One thing that opening a container or decompressing a member brought to light.
#[derive(Debug)]
pub enum Opened {
    /// Bytes inside the container that are to be looked at.
    Member(Member),
    /// Something that keeps part of the input from being understood: the input is `incomplete`.
    Problem(Problem),
    /// Something that honest writers do not do, or that two readers see differently.
    Anomaly(Anomaly),
    /// Code that a loader would run, outside of any pickle.
    Code(Code),
    /// A name that makes a reader of the text import and call something.
    Named(Named),
    /// Bytes that the format accounts for without a pickle in them. Offsets count from the start
    /// of the container's source.
    Explained(Span),
}

/// Code outside of any pickle: in the configuration of a model, or a module beside one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What it is.
    pub kind: PayloadKind,
    /// Where the text that holds it starts, counted from the start of the container's source.
    pub offset: u64,
    /// The code: source text, or as `marshal.dumps` writes it.
    pub data: Vec<u8>,
}

/// Something that a text makes its reader import and call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where, counted from the start of the container's source.
    pub offset: u64,
    /// What; several where the name can be understood in several ways.
    pub symbols: Vec<Symbol>,
    /// Source text that is evaluated.
    pub expression: Option<Vec<u8>>,
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
