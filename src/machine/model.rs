//! What a known callable does with its arguments, as data.
//!
//! The machine looks callables up in a [`Knowledge`] that it is handed; no name of a Python
//! function stands in this folder. Argument numbers are positional and start at 0; for a method
//! named through its class, the instance is argument 0.

use serde::{Deserialize, Serialize};

/// The behaviour of one callable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// Imports the module that an argument names and returns it.
    ImportModule {
        /// Argument with the name.
        name: u8,
    },
    /// Returns an attribute of a module given by name, or of an object given itself.
    ImportFrom {
        /// Argument with the module's name, or the object.
        module: u8,
        /// Argument with the attribute's name.
        name: u8,
    },
    /// Resolves a dotted name, or `module:name`, to an object; an object given itself stays what it is.
    Locate {
        /// Argument with the name, or the object.
        name: u8,
    },
    /// Returns an attribute.
    GetAttribute {
        /// Argument whose attribute is read.
        object: u8,
        /// Argument with the attribute's name.
        name: u8,
        /// Whether the name may be a dotted path.
        dotted: bool,
    },
    /// Writes an attribute.
    SetAttribute {
        /// Argument that is changed.
        object: u8,
        /// Argument with the attribute's name.
        name: u8,
        /// Argument with the new value.
        value: u8,
    },
    /// Returns a callable that reads the named attributes of its argument.
    AttributeGetter,
    /// Returns a callable that reads the given items of its argument.
    ItemGetter,
    /// Returns a callable that calls the named method of its argument.
    MethodCaller,
    /// Returns an item.
    GetItem {
        /// Argument that holds items.
        object: u8,
        /// Argument with the key.
        key: u8,
        /// Whether the holder is changed by it, as by `list.pop`.
        changes: bool,
    },
    /// Writes an item.
    SetItem {
        /// Argument that is changed.
        object: u8,
        /// Argument with the key.
        key: u8,
        /// Argument with the new value.
        value: u8,
    },
    /// Returns the namespace of an object as a dict.
    Namespace {
        /// Argument whose namespace it is.
        object: u8,
    },
    /// Calls an argument.
    Call {
        /// Argument that is called.
        callee: u8,
        /// What it is called with.
        arguments: CallArguments,
    },
    /// Calls a keyword argument with what cannot be known.
    CallKeyword {
        /// Name of the keyword.
        keyword: String,
    },
    /// Binds arguments to a callable; the result is called later.
    Partial {
        /// Argument that is bound.
        callee: u8,
    },
    /// Returns an argument.
    Return {
        /// Which one.
        argument: u8,
    },
    /// Loads a pickle from bytes.
    LoadPickle {
        /// Argument with the bytes.
        data: u8,
    },
    /// Makes something that a loader reads bytes from: a file in memory, an array, a view of either.
    HoldBytes {
        /// Argument with the bytes.
        argument: Option<u8>,
        /// Places of the bytes in the state that BUILD sets, where versions differ several of them.
        state: Vec<u8>,
    },
    /// Runs source text or a code object.
    RunCode {
        /// Argument with the code.
        source: u8,
    },
    /// Runs source text that a library generated: text with imports, and behind it the entries of a
    /// mapping that hold the rest.
    RunGenerated {
        /// Argument with the imports.
        imports: u8,
        /// Argument with the mapping.
        mapping: u8,
        /// Keys of the entries, of which a version of the library reads one.
        keys: Vec<String>,
    },
    /// Runs a command of the operating system.
    RunCommand {
        /// Argument with the command.
        command: u8,
    },
    /// Makes a class.
    MakeClass {
        /// Argument with the name.
        name: u8,
        /// Argument with the base classes.
        bases: u8,
        /// Argument with the namespace.
        body: u8,
    },
    /// Makes an instance of an argument.
    MakeInstance {
        /// Argument with the class.
        class: u8,
        /// The one argument that is passed on, unless it is `None`; all behind the class where
        /// this is not given. `copyreg._reconstructor(class, base, state)` passes on the state.
        state: Option<u8>,
    },
    /// Registers `module.name` under an extension code.
    RegisterExtension {
        /// Argument with the module's name.
        module: u8,
        /// Argument with the attribute's name.
        name: u8,
        /// Argument with the code.
        code: u8,
    },
    /// An instance whose data follows its BUILD in the stream, raw, outside of any opcode.
    InlineArray {
        /// What makes a dtype of a type string and a state.
        dtypes: Vec<String>,
        /// What makes a dtype whose items are objects.
        object_dtypes: Vec<String>,
    },
    /// Computes text or bytes.
    BuildText {
        /// How.
        op: TextOp,
        /// The encoding that the callable is for, where it is for one.
        codec: Option<String>,
    },
    /// A generic of annotations: subscripting it gives another, and obtains nothing.
    Generic,
    /// Makes a code object of its parts: names, constants and bytecode among the arguments.
    MakeCode,
}

/// What a callable passes to the callable that it calls.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallArguments {
    /// The positional arguments behind the callee.
    Rest,
    /// The elements of argument N, as positional arguments.
    Unpack(u8),
    /// One call for each element of argument N.
    Each(u8),
    /// One call for each element of argument N; the results together are the result.
    Map(u8),
    /// Nothing.
    None,
    /// What cannot be known.
    Unknown,
}

/// Text operations that are computed here as Python computes them, within limits.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextOp {
    /// `sep.join(parts)`.
    Join,
    /// `string.join(words, sep)` of Python 2.
    JoinWords,
    /// `a + b`.
    Concat,
    /// `bytes.decode(encoding)`.
    Decode,
    /// `codecs.utf_8_decode(bytes, errors)` and its kin: the text and how much was taken.
    DecodePair,
    /// `str.encode(encoding)`.
    Encode,
    /// `codecs.utf_8_encode(text, errors)` and its kin: the bytes and how much was taken.
    EncodePair,
    /// `str.format(...)`.
    Format,
    /// `str.format_map(mapping)`.
    FormatMap,
    /// `text % values`.
    Percent,
    /// `text.lower()`.
    Lower,
    /// `text.upper()`.
    Upper,
    /// `text.title()`.
    Title,
    /// `text.swapcase()`.
    Swapcase,
    /// `text.casefold()`.
    Casefold,
    /// `text.capitalize()`.
    Capitalize,
    /// `string.capwords(text, sep)`.
    Capwords,
    /// `text.replace(old, new)`.
    Replace,
    /// `text.strip(chars)`.
    Strip,
    /// `text.lstrip(chars)`.
    Lstrip,
    /// `text.rstrip(chars)`.
    Rstrip,
    /// `text.removeprefix(prefix)`.
    Removeprefix,
    /// `text.removesuffix(suffix)`.
    Removesuffix,
    /// Text read backwards.
    Reverse,
    /// `chr(code)`.
    Chr,
    /// `str(value)`.
    Str,
    /// `bytes(value)`.
    Bytes,
    /// `bytearray(value)`.
    Bytearray,
    /// Bytes to hexadecimal digits.
    Hex,
    /// Bytes to hexadecimal digits in capitals, as `base64.b16encode` writes them.
    HexUpper,
    /// `bytes.hex()`, which is text.
    HexText,
    /// `hex(number)`.
    HexInt,
    /// Hexadecimal digits to bytes.
    Unhex,
    /// `bytes.fromhex(text)`, which allows spaces.
    FromHex,
    /// Base64 to bytes.
    Base64Decode,
    /// Bytes to base64.
    Base64Encode,
    /// Bytes to lines of base64, as MIME has them.
    Base64EncodeLines,
    /// Bytes to one line of base64 with its line feed.
    Base64EncodeLine,
    /// URL-safe base64 to bytes.
    UrlsafeBase64Decode,
    /// Bytes to URL-safe base64.
    UrlsafeBase64Encode,
    /// Base32 to bytes.
    Base32Decode,
    /// Base32 with the extended hexadecimal alphabet to bytes.
    Base32HexDecode,
    /// Base85 to bytes.
    Base85Decode,
    /// Ascii85 to bytes.
    Ascii85Decode,
    /// ZeroMQ's base85 to bytes.
    Z85Decode,
    /// `codecs.decode(value, codec)` and `codecs.encode(value, codec)`, rot13 among them.
    Codec,
    /// HTML character references to characters.
    UnescapeHtml,
    /// Percent-encoding to characters.
    UnquoteUrl,
    /// Percent-encoding to characters, plus to space.
    UnquoteUrlPlus,
    /// Percent-encoding to bytes.
    UnquoteUrlBytes,
    /// zlib-compressed bytes to bytes.
    ZlibDecompress,
    /// gzip-compressed bytes to bytes.
    GzipDecompress,
    /// bzip2-compressed bytes to bytes.
    Bz2Decompress,
    /// xz- or lzma-compressed bytes to bytes.
    LzmaDecompress,
    /// `text.translate(table)`.
    Translate,
    /// `text * count`.
    Repeat,
    /// One character of a text, or one item of a sequence.
    GetChar,
    /// `text.split(sep)`.
    Split,
    /// `text.rsplit(sep)`.
    Rsplit,
    /// `text.splitlines()`.
    Splitlines,
    /// `text.partition(sep)`.
    Partition,
    /// `text.rpartition(sep)`.
    Rpartition,
    /// A Python literal to its value.
    LiteralEval,
}

impl TextOp {
    /// Whether the result may be far longer than the operands, so that trying is what costs.
    pub(crate) fn unfolds(self) -> bool {
        matches!(
            self,
            Self::ZlibDecompress
                | Self::GzipDecompress
                | Self::Bz2Decompress
                | Self::LzmaDecompress
        )
    }
}

/// What the machine is told about one symbol.
#[derive(Copy, Clone, Debug, Default)]
pub struct Behaviour<'k> {
    /// What the symbol does when it is called.
    pub model: Option<&'k Model>,
    /// Whether its calls and instances are of no further interest: trusted without conditions and
    /// without a model. Such calls are counted, not kept one by one.
    pub plain: bool,
    /// Whether it is trusted under conditions on its calls: each of them is kept.
    pub conditional: bool,
}

/// What the machine must know about names. Everything here is data of the rules.
pub trait Knowledge: Sync {
    /// Python 3's module and name for a Python 2 name, as CPython maps them below protocol 3.
    fn python3_name(&self, module: &[u8], name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)>;

    /// The class of values that opcodes make themselves, such as text and lists, by the name that
    /// Python's `type` gives it.
    fn builtin_type(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        (b"builtins".to_vec(), name.into())
    }

    /// What the symbol `module.qualname` does, aliases resolved.
    fn behaviour(&self, symbol: &[u8]) -> Behaviour<'_>;
}

/// Knows nothing: every callable is opaque.
#[derive(Copy, Clone, Debug, Default)]
pub struct NoKnowledge;

impl Knowledge for NoKnowledge {
    fn python3_name(&self, _: &[u8], _: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        None
    }

    fn behaviour(&self, _: &[u8]) -> Behaviour<'_> {
        Behaviour::default()
    }
}
