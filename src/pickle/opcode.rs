//! The opcode table: all 68 opcodes of protocols 0–5, one row each. Everything that must know
//! opcodes derives from it; `tests/opcodes.rs` holds it against CPython's `pickletools`.

/// How the operand of an opcode is encoded.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OperandKind {
    /// No operand.
    None,
    /// One unsigned byte.
    U8,
    /// Two bytes, unsigned, little-endian.
    U16,
    /// Four bytes, unsigned, little-endian.
    U32,
    /// Four bytes, signed, little-endian.
    I32,
    /// Eight bytes, unsigned, little-endian.
    U64,
    /// Eight bytes, IEEE 754, big-endian.
    F64,
    /// A payload after a one-byte length.
    Bytes1,
    /// A payload after a four-byte unsigned length.
    Bytes4,
    /// A payload after a four-byte signed length.
    SignedBytes4,
    /// A payload after an eight-byte length.
    Bytes8,
    /// A text line that holds an integer.
    DecimalLine,
    /// A text line that holds an integer and may end in `L`.
    LongLine,
    /// A text line that holds a float.
    FloatLine,
    /// A text line that holds a quoted string with escapes.
    StringLine,
    /// A text line in raw-unicode-escape.
    UnicodeLine,
    /// A text line taken as it is.
    NameLine,
    /// Two text lines taken as they are.
    NameLines,
}

impl OperandKind {
    /// Length in bytes, where every operand of the kind has the same.
    #[inline(always)]
    pub const fn width(self) -> Option<usize> {
        match self {
            Self::None => Some(0),
            Self::U8 => Some(1),
            Self::U16 => Some(2),
            Self::U32 | Self::I32 => Some(4),
            Self::U64 | Self::F64 => Some(8),
            _ => None,
        }
    }
}

/// What an opcode does to the stack: it pops `pops` values below the mark or from the top, the
/// whole slice above the mark where `to_mark` holds, and pushes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Effect {
    /// Values popped, not counting those above a mark.
    pub pops: u8,
    /// Whether the topmost mark and everything above it is popped first.
    pub to_mark: bool,
    /// Values pushed.
    pub pushes: u8,
    /// Whether a mark is set.
    pub sets_mark: bool,
}

macro_rules! effect {
    ($pops:literal -> mark) => {
        Effect {
            pops: $pops,
            to_mark: false,
            pushes: 0,
            sets_mark: true,
        }
    };
    ($pops:literal -> $pushes:literal) => {
        Effect {
            pops: $pops,
            to_mark: false,
            pushes: $pushes,
            sets_mark: false,
        }
    };
    ($pops:literal mark -> $pushes:literal) => {
        Effect {
            pops: $pops,
            to_mark: true,
            pushes: $pushes,
            sets_mark: false,
        }
    };
}

// Turns each row `Variant = byte, "NAME", protocol, OperandKind, (stack effect);` into a variant
// of `Opcode` whose discriminant is the byte, and into a row of `TABLE`.
macro_rules! opcodes {
    ($($(#[$doc:meta])* $variant:ident = $byte:literal, $name:literal, $protocol:literal,
       $operand:ident, ($($effect:tt)*);)*) => {
        /// One of the 68 opcodes. The discriminant is the byte in the stream.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Opcode { $($(#[$doc])* $variant = $byte,)* }

        /// Every opcode, in table order.
        pub const ALL: &[Opcode] = &[$(Opcode::$variant,)*];

        /// Runs `arm` for the opcode that `byte` stands for; nothing for other bytes.
        ///
        /// Each opcode has a copy of the arm of its own, in which opcode and operand kind are
        /// constants: decoding and the effect melt into one piece of straight code.
        #[inline(always)]
        pub fn dispatch<A: Arm>(byte: u8, arm: A) -> Option<A::Output> {
            match byte {
                $($byte => Some(arm.run(Opcode::$variant, OperandKind::$operand)),)*
                _ => None,
            }
        }

        const ROWS: &[Row] = &[$(Row {
            opcode: Opcode::$variant, name: $name, protocol: $protocol,
            operand: OperandKind::$operand, effect: effect!($($effect)*),
        },)*];
    };
}

/// What [`dispatch`] runs. Implementations mark `run` as always inlined.
pub trait Arm {
    /// What the arm gives.
    type Output;

    /// Handles one opcode.
    fn run(self, opcode: Opcode, operand: OperandKind) -> Self::Output;
}

struct Row {
    opcode: Opcode,
    name: &'static str,
    protocol: u8,
    operand: OperandKind,
    effect: Effect,
}

opcodes! {
    /// Push the integer, or with `00` and `01` the boolean, of a text line.
    Int = 0x49, "INT", 0, DecimalLine, (0 -> 1);
    /// Push the integer of a text line that ends in `L`.
    Long = 0x4c, "LONG", 0, LongLine, (0 -> 1);
    /// Push the quoted Python 2 string of a text line.
    String = 0x53, "STRING", 0, StringLine, (0 -> 1);
    /// Push `None`.
    None = 0x4e, "NONE", 0, None, (0 -> 1);
    /// Push the raw-unicode-escape text of a line.
    Unicode = 0x56, "UNICODE", 0, UnicodeLine, (0 -> 1);
    /// Push the float of a text line.
    Float = 0x46, "FLOAT", 0, FloatLine, (0 -> 1);
    /// Append the top to the list below it.
    Append = 0x61, "APPEND", 0, None, (2 -> 1);
    /// Build a list of everything above the mark.
    List = 0x6c, "LIST", 0, None, (0 mark -> 1);
    /// Build a tuple of everything above the mark.
    Tuple = 0x74, "TUPLE", 0, None, (0 mark -> 1);
    /// Build a dict of the pairs above the mark.
    Dict = 0x64, "DICT", 0, None, (0 mark -> 1);
    /// Store value under key in the dict below them.
    Setitem = 0x73, "SETITEM", 0, None, (3 -> 1);
    /// Discard the top, which may be a mark.
    Pop = 0x30, "POP", 0, None, (1 -> 0);
    /// Push the top again.
    Dup = 0x32, "DUP", 0, None, (1 -> 2);
    /// Set a mark.
    Mark = 0x28, "MARK", 0, None, (0 -> mark);
    /// Push the memo entry of a text line.
    Get = 0x67, "GET", 0, DecimalLine, (0 -> 1);
    /// Store the top in the memo entry of a text line.
    Put = 0x70, "PUT", 0, DecimalLine, (0 -> 0);
    /// Import `module.name`, both given as text lines.
    Global = 0x63, "GLOBAL", 0, NameLines, (0 -> 1);
    /// Call the callable below the top with the tuple on top.
    Reduce = 0x52, "REDUCE", 0, None, (2 -> 1);
    /// Give the object below the top its state.
    Build = 0x62, "BUILD", 0, None, (2 -> 1);
    /// Import `module.name` and call it with everything above the mark.
    Inst = 0x69, "INST", 0, NameLines, (0 mark -> 1);
    /// End the stream; the top is its result.
    Stop = 0x2e, "STOP", 0, None, (1 -> 0);
    /// Ask the host for the persistent object named by a text line.
    Persid = 0x50, "PERSID", 0, NameLine, (0 -> 1);
    /// Push a signed four-byte integer.
    Binint = 0x4a, "BININT", 1, I32, (0 -> 1);
    /// Push a one-byte integer.
    Binint1 = 0x4b, "BININT1", 1, U8, (0 -> 1);
    /// Push a two-byte integer.
    Binint2 = 0x4d, "BININT2", 1, U16, (0 -> 1);
    /// Push a Python 2 string with a signed four-byte length.
    Binstring = 0x54, "BINSTRING", 1, SignedBytes4, (0 -> 1);
    /// Push a Python 2 string with a one-byte length.
    ShortBinstring = 0x55, "SHORT_BINSTRING", 1, Bytes1, (0 -> 1);
    /// Push UTF-8 text with a four-byte length.
    Binunicode = 0x58, "BINUNICODE", 1, Bytes4, (0 -> 1);
    /// Push an eight-byte big-endian float.
    Binfloat = 0x47, "BINFLOAT", 1, F64, (0 -> 1);
    /// Push a new list.
    EmptyList = 0x5d, "EMPTY_LIST", 1, None, (0 -> 1);
    /// Extend the list below the mark by everything above it.
    Appends = 0x65, "APPENDS", 1, None, (1 mark -> 1);
    /// Push the empty tuple.
    EmptyTuple = 0x29, "EMPTY_TUPLE", 1, None, (0 -> 1);
    /// Push a new dict.
    EmptyDict = 0x7d, "EMPTY_DICT", 1, None, (0 -> 1);
    /// Store the pairs above the mark in the dict below it.
    Setitems = 0x75, "SETITEMS", 1, None, (1 mark -> 1);
    /// Discard everything above the mark, and the mark.
    PopMark = 0x31, "POP_MARK", 1, None, (0 mark -> 0);
    /// Push a memo entry, one-byte index.
    Binget = 0x68, "BINGET", 1, U8, (0 -> 1);
    /// Push a memo entry, four-byte index.
    LongBinget = 0x6a, "LONG_BINGET", 1, U32, (0 -> 1);
    /// Store the top in a memo entry, one-byte index.
    Binput = 0x71, "BINPUT", 1, U8, (0 -> 0);
    /// Store the top in a memo entry, four-byte index.
    LongBinput = 0x72, "LONG_BINPUT", 1, U32, (0 -> 0);
    /// Call what lies just above the mark with everything above it.
    Obj = 0x6f, "OBJ", 1, None, (0 mark -> 1);
    /// Ask the host for the persistent object whose id is on top.
    Binpersid = 0x51, "BINPERSID", 1, None, (1 -> 1);
    /// Push a little-endian integer with a one-byte length.
    Long1 = 0x8a, "LONG1", 2, Bytes1, (0 -> 1);
    /// Push a little-endian integer with a signed four-byte length.
    Long4 = 0x8b, "LONG4", 2, SignedBytes4, (0 -> 1);
    /// Push `True`.
    Newtrue = 0x88, "NEWTRUE", 2, None, (0 -> 1);
    /// Push `False`.
    Newfalse = 0x89, "NEWFALSE", 2, None, (0 -> 1);
    /// Build a tuple of the top.
    Tuple1 = 0x85, "TUPLE1", 2, None, (1 -> 1);
    /// Build a tuple of the two topmost values.
    Tuple2 = 0x86, "TUPLE2", 2, None, (2 -> 1);
    /// Build a tuple of the three topmost values.
    Tuple3 = 0x87, "TUPLE3", 2, None, (3 -> 1);
    /// Import what is registered under a one-byte extension code.
    Ext1 = 0x82, "EXT1", 2, U8, (0 -> 1);
    /// Import what is registered under a two-byte extension code.
    Ext2 = 0x83, "EXT2", 2, U16, (0 -> 1);
    /// Import what is registered under a signed four-byte extension code.
    Ext4 = 0x84, "EXT4", 2, I32, (0 -> 1);
    /// Make an instance: `cls.__new__(cls, *args)`.
    Newobj = 0x81, "NEWOBJ", 2, None, (2 -> 1);
    /// Declare the protocol; it switches name mapping and dotted names.
    Proto = 0x80, "PROTO", 2, U8, (0 -> 0);
    /// Push bytes with a four-byte length.
    Binbytes = 0x42, "BINBYTES", 3, Bytes4, (0 -> 1);
    /// Push bytes with a one-byte length.
    ShortBinbytes = 0x43, "SHORT_BINBYTES", 3, Bytes1, (0 -> 1);
    /// Push bytes with an eight-byte length.
    Binbytes8 = 0x8e, "BINBYTES8", 4, Bytes8, (0 -> 1);
    /// Push UTF-8 text with a one-byte length.
    ShortBinunicode = 0x8c, "SHORT_BINUNICODE", 4, Bytes1, (0 -> 1);
    /// Push UTF-8 text with an eight-byte length.
    Binunicode8 = 0x8d, "BINUNICODE8", 4, Bytes8, (0 -> 1);
    /// Push a new set.
    EmptySet = 0x8f, "EMPTY_SET", 4, None, (0 -> 1);
    /// Add everything above the mark to the set below it.
    Additems = 0x90, "ADDITEMS", 4, None, (1 mark -> 1);
    /// Build a frozenset of everything above the mark.
    Frozenset = 0x91, "FROZENSET", 4, None, (0 mark -> 1);
    /// Store the top in the memo under the number of entries so far.
    Memoize = 0x94, "MEMOIZE", 4, None, (1 -> 1);
    /// Import `module.name`, both taken from the stack.
    StackGlobal = 0x93, "STACK_GLOBAL", 4, None, (2 -> 1);
    /// Make an instance: `cls.__new__(cls, *args, **kwargs)`.
    NewobjEx = 0x92, "NEWOBJ_EX", 4, None, (3 -> 1);
    /// Announce how many bytes follow as one frame.
    Frame = 0x95, "FRAME", 4, U64, (0 -> 0);
    /// Push a bytearray with an eight-byte length.
    Bytearray8 = 0x96, "BYTEARRAY8", 5, Bytes8, (0 -> 1);
    /// Push the next out-of-band buffer.
    NextBuffer = 0x97, "NEXT_BUFFER", 5, None, (0 -> 1);
    /// Make the buffer on top read-only.
    ReadonlyBuffer = 0x98, "READONLY_BUFFER", 5, None, (1 -> 1);
}

/// Opcode of each byte.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a panic is an error"
)]
const BY_BYTE: [Option<Opcode>; 256] = {
    let mut table = [None; 256];
    let mut index = 0;
    while index < ROWS.len() {
        table[ROWS[index].opcode as usize] = Some(ROWS[index].opcode);
        index += 1;
    }
    table
};

/// Row number of each byte; only read for bytes that are opcodes.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, where a panic is an error; there are 68 rows"
)]
const ROW_OF: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < ROWS.len() {
        table[ROWS[index].opcode as usize] = index as u8;
        index += 1;
    }
    table
};

impl Opcode {
    /// The opcode that `byte` stands for.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte always lies within a table of 256"
    )]
    pub fn from_byte(byte: u8) -> Option<Self> {
        BY_BYTE[byte as usize]
    }

    /// The opcode of that name, as `pickletools` spells it.
    pub fn from_name(name: &str) -> Option<Self> {
        ROWS.iter()
            .find(|row| row.name == name)
            .map(|row| row.opcode)
    }

    /// The byte in the stream.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// The name, as `pickletools` spells it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The protocol that introduced the opcode, 0 to 5.
    pub fn protocol(self) -> u8 {
        self.row().protocol
    }

    /// How the operand is encoded.
    #[inline]
    pub fn operand(self) -> OperandKind {
        self.row().operand
    }

    /// What it does to the stack.
    pub fn effect(self) -> Effect {
        self.row().effect
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "every opcode has a row, and rows number 68"
    )]
    fn row(self) -> &'static Row {
        &ROWS[ROW_OF[self as usize] as usize]
    }
}
