//! What happened in a stream, in order, still in terms of the machine's values.

use std::fmt;

use super::value::Value;
use crate::{
    facts::{Anomaly, ChangeKind, PayloadKind},
    pickle::{DecodeError, DecodeErrorKind, Opcode},
};

/// One thing that reaches code outside the pickle.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Event {
    pub(crate) offset: u64,
    pub(crate) opcode: Opcode,
    pub(crate) kind: EventKind,
}

/// What it is.
#[derive(Copy, Clone, Debug)]
pub(crate) enum EventKind {
    /// A call.
    Call { callee: Value, arguments: Value },
    /// A change of an object.
    Change {
        kind: ChangeKind,
        target: Value,
        value: Value,
    },
    /// A persistent id handed to the host.
    Persistent { id: Value },
    /// A look-up in the extension registry.
    Extension { code: i64 },
    /// An out-of-band buffer.
    Buffer,
    /// Code, a command or a pickle that a call would run.
    Payload { kind: PayloadKind, data: Value },
}

/// The events of one stream and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) events: Vec<Event>,
    pub(crate) anomalies: Vec<Anomaly>,
    /// Highest protocol declared.
    pub(crate) protocol: u8,
    /// Whether raw array data was skipped.
    pub(crate) inline_arrays: bool,
    /// Where their bytes stand.
    pub(crate) between: Vec<(u64, u64)>,
    /// Offsets of the instructions whose text or bytes are telling.
    pub(crate) telling: Vec<u64>,
    /// Whether more of them follow.
    pub(crate) telling_cut: bool,
    /// Number of the first import of this stream.
    pub(crate) first_import: usize,
}

/// Why a stream ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// STOP.
    Stop,
    /// No further instruction could be decoded.
    Decode(DecodeError),
    /// Loaders raise at this instruction.
    Fault(Fault),
    /// A limit, by its name in [`crate::limits::Limits`].
    Limit(&'static str),
}

/// Why loaders raise at an instruction.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    StackUnderflow,
    NoMark,
    MemoMissing(u64),
    BadMemoIndex,
    BadNumber,
    BadText,
    BadProtocol(i64),
    BadExtension(i64),
    OddPairs,
    NameNotText,
    NotCallable,
    NotIterable,
    NotMutable,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop => f.write_str("STOP"),
            Self::Decode(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::Limit(name) => write!(f, "the limit `{name}` was reached"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StackUnderflow => f.write_str("an instruction finds too few values on the stack"),
            Self::NoMark => f.write_str("an instruction finds no mark"),
            Self::MemoMissing(index) => write!(f, "memo entry {index} was never written"),
            Self::BadMemoIndex => f.write_str("a memo index is no valid number"),
            Self::BadNumber => f.write_str("a number written as text is not valid"),
            Self::BadText => f.write_str("a text operand is not valid"),
            Self::BadProtocol(protocol) => write!(f, "protocol {protocol} is not supported"),
            Self::BadExtension(code) => write!(f, "extension code {code} is not valid"),
            Self::OddPairs => f.write_str("a key has no value"),
            Self::NameNotText => f.write_str("the name of an import is no text"),
            Self::NotCallable => f.write_str("something that cannot be called is called"),
            Self::NotIterable => f.write_str("a call's arguments are no sequence"),
            Self::NotMutable => f.write_str("a value that cannot be changed is changed"),
        }
    }
}

impl Halt {
    /// Whether the data ended before the stream did.
    pub(crate) fn is_truncation(&self) -> bool {
        matches!(self, Self::Decode(error) if error.kind == DecodeErrorKind::UnexpectedEof)
    }
}
