//! What can be asked of a stream: the whole vocabulary that rules share with the machine.
//!
//! Facts are owned and printable; they know neither opcodes' effects nor rules.

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
    /// Further imports of the same name in the same way that were counted but not kept.
    pub repeated: u64,
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
    ($(#[$doc:meta])* $kind:ident; $($variant:ident = $name:literal: $sentence:literal;)*) => {
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind { $(#[doc = $sentence] $variant,)* }

        impl $kind {
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
    /// The kinds of anomaly of a stream.
    AnomalyKind;
    MemoRedefined = "memo-redefined": "A memo entry is overwritten with another value.";
    ProtocolRepeated = "protocol-repeated": "The protocol is declared more than once.";
    ProtocolUnsupported = "protocol-unsupported": "The declared protocol is above 5.";
    PopMark = "pop-mark": "POP discards a mark.";
    StackLeftover = "stack-leftover": "Values are left on the stack at the end.";
    ArgumentsNotTuple = "arguments-not-tuple": "A call's arguments are no tuple, which only some readers accept.";
    NotCallable = "not-callable": "Something that cannot be called is called.";
    BadNumber = "bad-number": "Readers disagree on a number written as text.";
    FrameMismatch = "frame-mismatch": "A frame does not end where an instruction ends, so readers continue at different places.";
    ReaderDisagreement = "reader-disagreement": "Readers of Python's own see different programs in this stream.";
    TrailingData = "trailing-data": "Bytes follow the last pickle.";
    UnresolvedName = "unresolved-name": "The name of an import is computed in a way that cannot be followed.";
    NonTextName = "non-text-name": "The name of an import is no text.";
    MutatesData = "mutates-data": "A list, dict or set operation is applied to a value of another type.";
}

anomalies! {
    /// The ways in which a container contradicts itself, or holds what readers pass over.
    ContainerAnomalyKind;
    NameMismatch = "name-mismatch": "The directory and the member's own header give different names.";
    SizeMismatch = "size-mismatch": "The directory and the member's own header give different sizes.";
    MethodMismatch = "method-mismatch": "The directory and the member's own header give different compression methods.";
    FlagsMismatch = "flags-mismatch": "The directory and the member's own header disagree on flags.";
    ChecksumMismatch = "checksum-mismatch": "The data does not have the checksum that is recorded for it: some readers refuse it, others do not check.";
    FalselyEncrypted = "falsely-encrypted": "A member is marked as encrypted but is not: some readers refuse it, others do not look at the mark.";
    DuplicateName = "duplicate-name": "Several members have the same name: readers pick different ones.";
    RepeatedName = "repeated-name": "A later member replaces an earlier one of the same name.";
    CaseVariantName = "case-variant-name": "Names differ only in letter case: readers that ignore case pick different members.";
    OverlappingMembers = "overlapping-members": "Members share bytes.";
    HiddenMember = "hidden-member": "A member is not listed in the directory.";
    DirectoryMismatch = "directory-mismatch": "The archive has several directories, or one that does not hold what its end record says.";
    JoinedArchives = "joined-archives": "Several archives stand one behind the other: readers pick different ones.";
    PrefixData = "prefix-data": "Bytes stand before the first member.";
    GapData = "gap-data": "Bytes between members belong to none.";
    TrailingData = "trailing-data": "Bytes follow the end of the container.";
}

/// A container that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerFact {
    /// How.
    pub kind: ContainerAnomalyKind,
    /// Where, counted from the start of the container.
    pub offset: u64,
    /// What exactly, with both sides of the disagreement.
    pub detail: String,
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
    /// What it says.
    pub summary: PayloadSummary,
}

/// What code or a command says, as far as reading it without running it tells. Every list holds
/// each entry once, in the order in which they were found, and is bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayloadSummary {
    /// Modules that it imports.
    pub imports: Vec<String>,
    /// What it calls: dotted names followed through its imports, or programs of a command.
    pub calls: Vec<String>,
    /// Addresses that stand in it: URLs, hosts with ports, IP addresses.
    pub contacts: Vec<String>,
    /// Paths of files that stand in it.
    pub paths: Vec<String>,
    /// Further names that it uses, followed through its imports.
    pub names: Vec<String>,
    /// Texts that stand in it.
    pub constants: Vec<String>,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
}

impl PayloadSummary {
    /// Everything that rules may know: what it imports, calls and names.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        let all = self.calls.iter().chain(&self.names).chain(&self.imports);
        all.map(String::as_str)
    }

    /// One sentence for the reader; nothing where there is nothing to say.
    pub fn sentence(&self) -> Option<String> {
        const SHOWN: usize = 8;
        let parts = [
            ("imports", &self.imports),
            ("calls", &self.calls),
            ("uses", &self.names),
            ("contacts", &self.contacts),
            ("names the files", &self.paths),
            ("", &self.notes),
        ];
        let parts = parts.into_iter().filter(|(_, list)| !list.is_empty());
        let parts: Vec<String> = parts
            .map(|(verb, list)| {
                let shown: Vec<String> = list
                    .iter()
                    .take(SHOWN)
                    .map(|entry| entry.escape_debug().collect())
                    .collect();
                let more = if list.len() > SHOWN { ", …" } else { "" };
                format!("{verb} {}{more}", shown.join(", "))
                    .trim_start()
                    .to_owned()
            })
            .collect();
        let (last, first) = parts.split_last()?;
        Some(match first {
            [] => last.clone(),
            first => format!("{} and {last}", first.join("; ")),
        })
    }
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
    /// What a loader of pickles reads, where that cannot be told. Its data are empty.
    Unread,
    /// A Python module that the file brings along and that a loader runs when it imports it.
    Module,
    /// Source text that a library generated and runs again when it loads. What could not be read
    /// of it is missing.
    Generated,
}

/// How a stream ended.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// At STOP.
    #[default]
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Offset of the first opcode in the member.
    pub offset: u64,
    /// Length in bytes, STOP included.
    pub length: u64,
    /// Highest protocol declared; 0 where none is.
    pub protocol: u8,
    /// The reader that reads it so, where readers differ; nothing for the linear reading, which
    /// is that of `pickle.loads`.
    pub reader: Option<&'static str>,
    /// Whether raw array data was skipped between instructions.
    pub inline_arrays: bool,
    /// Where in the member that data stands: starts and ends.
    pub between: Vec<(u64, u64)>,
    /// Where in the member the instructions stand whose text or bytes are telling to whoever asked
    /// for it, in order; see `machine::Watch`.
    pub telling: Vec<u64>,
    /// Whether more of them follow than are listed.
    pub telling_cut: bool,
    /// Whether it ended at a memo entry that it has not written itself.
    pub memo_missing: bool,
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
    /// Irregularities of a container. Facts of a stream have none: what opening a container shows
    /// is judged by itself.
    pub container: Vec<ContainerFact>,
}
