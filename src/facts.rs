//! What can be asked of a stream: the whole vocabulary that rules share with the machine.
//!
//! Facts are owned and printable; they know neither opcodes' effects nor rules.

use std::fmt;

use crate::pickle::text;

/// Characters of one name or literal that are shown.
const SHOWN: usize = 200;

/// Names are byte strings: a pickle may spell a name that is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Symbol {
    /// The module, as the loader that runs on Python 3 asks for it.
    pub module: Vec<u8>,
    /// The qualified name inside the module; empty for the module itself.
    pub name: Vec<u8>,
}

impl Symbol {
    /// `module.name`, the key that rules know the symbol by.
    pub fn dotted(&self) -> Vec<u8> {
        let mut dotted = self.module.clone();
        if !self.name.is_empty() {
            dotted.push(b'.');
            dotted.extend_from_slice(&self.name);
        }
        dotted
    }
}

/// Where in the stream a fact arises.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Offset of the instruction in the member.
    pub offset: u64,
    /// Name of its opcode.
    pub opcode: &'static str,
}

/// One import, written by an opcode or resolved through a modelled call.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportFact {
    /// Where.
    pub place: Place,
    /// What; nothing where module or name could not be computed.
    pub symbol: Option<Symbol>,
    /// The spelling in the stream, where it is a Python 2 name that Python 3 maps.
    pub spelled: Option<Symbol>,
    /// Whether a modelled call obtained it rather than an importing opcode.
    pub resolved: bool,
    /// Whether it is a member of an instance that the stream made.
    pub of_instance: bool,
}

/// What kind of thing is called, built or changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Something imported.
    Import(Symbol),
    /// An imported module.
    Module(Vec<u8>),
    /// The result of calling this symbol.
    Result(Option<Symbol>),
    /// An instance of this class.
    Instance(Option<Symbol>),
    /// An object that a host's `persistent_load` returns.
    Persistent,
    /// Something registered under an extension code.
    Extension(i64),
    /// A literal or a container, which cannot be called.
    Data,
    /// Not known.
    Unknown,
}

impl Target {
    /// The symbol that the target is, or came from.
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Import(symbol) => Some(symbol),
            Self::Result(symbol) | Self::Instance(symbol) => symbol.as_ref(),
            _ => None,
        }
    }
}

/// A value as far as rules may ask for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// Not known.
    Unknown,
    /// `None`.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer; nothing where it does not fit.
    Int(Option<i64>),
    /// A float.
    Float(f64),
    /// Text; nothing where it is too long to fetch. UTF-8 with surrogates allowed.
    Text(Option<Vec<u8>>),
    /// Bytes; nothing where they are too long to fetch.
    Bytes(Option<Vec<u8>>),
    /// A tuple; only its first elements are kept.
    Tuple(Vec<Argument>),
    /// A list; only its first elements are kept.
    List(Vec<Argument>),
    /// A set or frozenset; only its first elements are kept.
    Set(Vec<Argument>),
    /// A dict; only its first pairs are kept.
    Dict(Vec<(Argument, Argument)>),
    /// An import, an instance, a result: see [`Target`].
    Object(Target),
    /// An out-of-band buffer.
    Buffer,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFact {
    /// Where.
    pub place: Place,
    /// What is called.
    pub callee: Target,
    /// With which positional arguments; nothing where they are not known.
    pub arguments: Option<Vec<Argument>>,
    /// As Python would write the arguments, shortened.
    pub shown: String,
    /// Imports that went into the arguments anywhere, trusted plain ones left out.
    pub carried: Vec<Symbol>,
    /// How the callee was obtained, outermost last, for the reader.
    pub chain: Vec<String>,
    /// Further calls of the same callee that were counted but not kept.
    pub repeated: u64,
}

/// How an object is changed after it was made.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// BUILD: `__setstate__`, or attributes written one by one.
    SetState,
    /// `append`, `extend`, `add`, `__setitem__`, or an attribute or item written by a modelled call.
    Mutate,
}

/// One change of something that is not a fresh list, dict or set.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeFact {
    /// Where.
    pub place: Place,
    /// How.
    pub kind: ChangeKind,
    /// What is changed.
    pub target: Target,
    /// The state, value or key, as far as it is known.
    pub value: Argument,
    /// As Python would write the value, shortened.
    pub shown: String,
    /// Imports that went into the value anywhere, trusted plain ones left out.
    pub carried: Vec<Symbol>,
}

/// Something about the stream itself that honest writers do not do, or that readers disagree on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Anomaly {
    /// Which.
    pub kind: AnomalyKind,
    /// Where.
    pub offset: u64,
}

// Turns each row `Variant = "kebab-name": "sentence";` into a variant, its name in output and
// rules, and the sentence a user reads.
macro_rules! anomalies {
    ($($variant:ident = $name:literal: $sentence:literal;)*) => {
        /// The kinds of anomaly.
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
    MemoRedefined = "memo-redefined": "A memo entry is overwritten with another value.";
    MemoMissing = "memo-missing": "A memo entry is read that was never written.";
    ProtocolRepeated = "protocol-repeated": "The protocol is declared more than once.";
    ProtocolUnsupported = "protocol-unsupported": "The declared protocol is above 5.";
    PopMark = "pop-mark": "POP discards a mark.";
    StackLeftover = "stack-leftover": "Values are left on the stack at the end.";
    StackUnderflow = "stack-underflow": "An instruction finds too few values on the stack.";
    ArgumentsNotTuple = "arguments-not-tuple": "A call's arguments are no tuple.";
    NotCallable = "not-callable": "Something that cannot be called is called.";
    OddPairs = "odd-pairs": "A key has no value.";
    BadNumber = "bad-number": "Readers disagree on a number written as text.";
    BadText = "bad-text": "A text operand is not valid in every reader.";
    NonstandardNumber = "nonstandard-number": "A number is written in a form that only some readers accept.";
    FrameMismatch = "frame-mismatch": "A frame does not end where an instruction ends.";
    TrailingData = "trailing-data": "Bytes follow the last pickle.";
    UnresolvedName = "unresolved-name": "The name of an import is computed in a way that cannot be followed.";
    NonTextName = "non-text-name": "The name of an import is no text.";
    MutatesData = "mutates-data": "A list, dict or set operation is applied to a value of another type.";
}

/// Code or commands that a call would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadFact {
    /// Where the call is.
    pub place: Place,
    /// What it is.
    pub kind: PayloadKind,
    /// The payload, or its beginning.
    pub data: Vec<u8>,
}

/// The kinds of payload.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PayloadKind {
    /// Python source text.
    Source,
    /// A shell command or an argument vector.
    Shell,
    /// A marshalled code object.
    CodeObject,
    /// A pickle inside the pickle.
    Pickle,
}

/// How a stream ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// At STOP.
    Stop,
    /// The data ended first.
    Truncated,
    /// At an instruction on which loaders raise.
    Error,
    /// At a limit of the scanner.
    Limit,
}

impl End {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Truncated => "truncated",
            Self::Error => "error",
            Self::Limit => "limit",
        }
    }
}

/// Everything that one stream would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Offset of the first opcode in the member.
    pub offset: u64,
    /// Length in bytes, STOP included.
    pub length: u64,
    /// Highest protocol declared; 0 where none is.
    pub protocol: u8,
    /// How it ended.
    pub end: End,
    /// Why, where it did not end at STOP.
    pub end_reason: Option<String>,
    /// Imports in order.
    pub imports: Vec<ImportFact>,
    /// Calls in order.
    pub calls: Vec<CallFact>,
    /// Changes in order.
    pub changes: Vec<ChangeFact>,
    /// Persistent ids: the place and the id.
    pub persistent: Vec<(Place, Argument)>,
    /// Extension codes that are looked up.
    pub extensions: Vec<(Place, i64)>,
    /// Out-of-band buffers that are asked for.
    pub buffers: Vec<Place>,
    /// Code and commands.
    pub payloads: Vec<PayloadFact>,
    /// Irregularities.
    pub anomalies: Vec<Anomaly>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |symbol: &Symbol| text::show_name(&symbol.dotted(), SHOWN);
        match self {
            Self::Import(symbol) => f.write_str(&name(symbol)),
            Self::Module(module) => write!(f, "module {}", text::show_name(module, SHOWN)),
            Self::Result(Some(symbol)) => write!(f, "{}(…)", name(symbol)),
            Self::Instance(Some(symbol)) => write!(f, "<{} instance>", name(symbol)),
            Self::Result(None) | Self::Instance(None) => f.write_str("<unknown object>"),
            Self::Persistent => f.write_str("<persistent object>"),
            Self::Extension(code) => write!(f, "<extension {code}>"),
            Self::Data => f.write_str("<data>"),
            Self::Unknown => f.write_str("<unknown>"),
        }
    }
}

/// As Python would write it, as far as it is known.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("…"),
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(Some(number)) => write!(f, "{number}"),
            Self::Int(None) => f.write_str("<large int>"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(Some(text)) => f.write_str(&text::show_text(text, SHOWN)),
            Self::Text(None) => f.write_str("<long text>"),
            Self::Bytes(Some(bytes)) => f.write_str(&text::show_bytes(bytes, SHOWN)),
            Self::Bytes(None) => f.write_str("<long bytes>"),
            Self::Tuple(elements) => {
                let comma = if elements.len() == 1 { ",)" } else { ")" };
                list(f, "(", elements, comma)
            }
            Self::List(elements) => list(f, "[", elements, "]"),
            Self::Set(elements) => list(f, "{", elements, "}"),
            Self::Dict(pairs) => {
                f.write_str("{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
            Self::Object(target) => target.fmt(f),
            Self::Buffer => f.write_str("<buffer>"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, all: &[Argument], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (index, element) in all.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(f, "{comma}{element}")?;
    }
    f.write_str(close)
}
