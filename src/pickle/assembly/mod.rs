//! Pickles as text that people can write and review.
//!
//! One instruction a line: the name of the opcode as `pickletools` spells it, then its operand.
//! `#` starts a comment, blank lines are skipped.
//!
//! ```text
//! # Runs `id`. Every sample in `corpus/` is built from a text like this one.
//! PROTO 4
//! FRAME auto                      # the length up to the next FRAME, or to STOP inclusive
//! SHORT_BINUNICODE "os"
//! SHORT_BINUNICODE "system"
//! STACK_GLOBAL
//! SHORT_BINUNICODE "id"
//! TUPLE1
//! REDUCE
//! STOP
//! ```
//!
//! | operand | is written as |
//! |---|---|
//! | integer | decimal or `0x` hexadecimal, with `-` where the field is signed |
//! | text, bytes | `"…"` of printable ASCII with `\n \r \t \\ \" \xNN`: the bytes themselves, never decoded |
//! | a long run | `"\x00" * 131072` |
//! | text lines | INT, LONG, FLOAT, GET, PUT, STRING (with its Python quotes), UNICODE and PERSID take one string, GLOBAL and INST two: the lines without their newlines |
//! | LONG1, LONG4 | an integer, or a string of its little-endian bytes |
//! | BINFLOAT | a decimal, `inf`, `-inf`, or `bits 0x…` for one NaN of many |
//! | FRAME | an integer, or `auto` |
//!
//! For malformed streams: `length=0x100` before a string writes a false length, `RAW "…"` writes
//! bytes as they are, `REPEAT 1000 {` … `}` writes the lines between a thousand times.
//!
//! [`disassemble`] writes this form for any bytes at all, and [`assemble`] gives them back exactly.

mod read;
mod write;

pub use read::assemble;
pub(super) use write::decode_long;
pub use write::disassemble;

/// Why a text could not be assembled. The fault is the author's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct AssemblyError {
    /// Line number, counted from one.
    pub line: usize,
    /// What is wrong and what was expected.
    pub message: String,
}
