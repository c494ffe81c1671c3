//! From bytes to instructions.
//!
//! [`decode_at`] reads one instruction from a slice and is the whole grammar. [`Decoder`] applies
//! it to a sliding window and fetches more where the slice was too short. Long payloads are
//! skipped: an operand says where its payload is, not what it holds.

use std::{fmt, io};

use super::{Opcode, OperandKind, number};
use crate::source::{Chunk, Source, Window};

/// A byte range of the input.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte, counted from the start of the source.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

impl Span {
    /// The offset behind the last byte.
    pub fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// The operand of an instruction. Payloads and lines are places, not copies.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Operand {
    /// No operand.
    None,
    /// An integer of one, two or four bytes.
    Int(i64),
    /// The length of a frame.
    Size(u64),
    /// A binary float.
    Float(f64),
    /// A counted payload, or a text line without its newline.
    Span(Span),
    /// Two text lines without their newlines.
    Spans(Span, Span),
}

/// One instruction: where it stands, what it is, and where the next one stands.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Offset of the opcode byte in the source.
    pub offset: u64,
    /// Offset behind the operand.
    pub next: u64,
    /// The opcode.
    pub opcode: Opcode,
    /// Its operand.
    pub operand: Operand,
}

/// Why no instruction could be decoded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The byte is no opcode.
    UnknownOpcode(u8),
    /// The source ends inside an instruction, or where one should start.
    UnexpectedEof,
    /// A length field is negative.
    NegativeLength(i32),
    /// A text line is longer than a decoder will look for its end.
    LineTooLong,
    /// The source could not be read.
    Unreadable(io::ErrorKind),
}

/// A decoding error and where it happened.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset of the instruction that could not be decoded.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

impl std::error::Error for DecodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DecodeErrorKind::UnknownOpcode(byte) => write!(f, "byte 0x{byte:02x} is no opcode"),
            DecodeErrorKind::UnexpectedEof => f.write_str("the data ends inside the pickle"),
            DecodeErrorKind::NegativeLength(length) => write!(f, "length {length} is negative"),
            DecodeErrorKind::LineTooLong => f.write_str("a text line does not end"),
            DecodeErrorKind::Unreadable(kind) => write!(f, "the data cannot be read: {kind}"),
        }
    }
}

/// Why [`decode_at`] gave no instruction.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The slice is too short; the instruction needs at least so many bytes.
    Short(usize),
    /// More bytes would not help.
    Bad(DecodeErrorKind),
}

/// Decodes the instruction that starts at `bytes[0]`, which is at `offset` in the source.
///
/// Counted payloads need not be in the slice; only their length field must be.
///
/// # Errors
/// [`Refusal::Short`] where the slice ends too soon, [`Refusal::Bad`] for what is no instruction.
#[inline]
pub fn decode_at(bytes: &[u8], offset: u64) -> Result<Instruction, Refusal> {
    let Some((&byte, rest)) = bytes.split_first() else {
        return Err(Refusal::Short(1));
    };
    let Some(opcode) = Opcode::from_byte(byte) else {
        return Err(Refusal::Bad(DecodeErrorKind::UnknownOpcode(byte)));
    };
    decode_operand(opcode, opcode.operand(), rest, offset)
}

/// Decodes the operand of the instruction at `offset` from the bytes behind its opcode.
///
/// # Errors
/// As [`decode_at`].
#[inline(always)]
pub fn decode_operand(
    opcode: Opcode,
    kind: OperandKind,
    rest: &[u8],
    offset: u64,
) -> Result<Instruction, Refusal> {
    let start = offset + 1;
    let (operand, next) = match kind {
        OperandKind::None => (Operand::None, start),
        OperandKind::U8 => (
            Operand::Int(i64::from(u8::from_le_bytes(fixed(rest)?))),
            start + 1,
        ),
        OperandKind::U16 => (
            Operand::Int(i64::from(u16::from_le_bytes(fixed(rest)?))),
            start + 2,
        ),
        OperandKind::U32 => (
            Operand::Int(i64::from(u32::from_le_bytes(fixed(rest)?))),
            start + 4,
        ),
        OperandKind::I32 => (
            Operand::Int(i64::from(i32::from_le_bytes(fixed(rest)?))),
            start + 4,
        ),
        OperandKind::U64 => (Operand::Size(u64::from_le_bytes(fixed(rest)?)), start + 8),
        OperandKind::F64 => (Operand::Float(f64::from_be_bytes(fixed(rest)?)), start + 8),
        OperandKind::Bytes1 => payload(start + 1, u64::from(u8::from_le_bytes(fixed(rest)?))),
        OperandKind::Bytes4 => payload(start + 4, u64::from(u32::from_le_bytes(fixed(rest)?))),
        OperandKind::Bytes8 => payload(start + 8, u64::from_le_bytes(fixed(rest)?)),
        OperandKind::SignedBytes4 => {
            let length = i32::from_le_bytes(fixed(rest)?);
            let unsigned = u64::try_from(length)
                .map_err(|_| Refusal::Bad(DecodeErrorKind::NegativeLength(length)))?;
            payload(start + 4, unsigned)
        }
        OperandKind::NameLines => lines(rest, start)?,
        OperandKind::DecimalLine
        | OperandKind::LongLine
        | OperandKind::FloatLine
        | OperandKind::StringLine
        | OperandKind::UnicodeLine
        | OperandKind::NameLine => {
            let length = line_length(rest).ok_or(Refusal::Short(rest.len() + 2))?;
            (Operand::Span(Span { start, length }), start + length + 1)
        }
    };
    Ok(Instruction {
        offset,
        next,
        opcode,
        operand,
    })
}

#[inline(always)]
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Refusal> {
    bytes
        .first_chunk::<N>()
        .copied()
        .ok_or(Refusal::Short(1 + N))
}

#[inline(always)]
fn payload(start: u64, length: u64) -> (Operand, u64) {
    (
        Operand::Span(Span { start, length }),
        start.saturating_add(length),
    )
}

/// Bytes up to the newline. Most lines are a few bytes long, for which a call of `memchr` costs more
/// than it saves; so some words are looked at before that.
#[inline(always)]
fn line_length(bytes: &[u8]) -> Option<u64> {
    const WORDS: usize = 3;
    let (words, _) = bytes.as_chunks();
    for (word, before) in words.iter().take(WORDS).zip((0..).step_by(8)) {
        if let Some(place) = number::newline_in(u64::from_le_bytes(*word)) {
            return Some(before + u64::from(place));
        }
    }
    memchr::memchr(b'\n', bytes).map(|length| length as u64)
}

fn lines(bytes: &[u8], start: u64) -> Result<(Operand, u64), Refusal> {
    let short = Refusal::Short(bytes.len() + 2);
    let first = line_length(bytes).ok_or(short)?;
    let behind = usize::try_from(first + 1)
        .ok()
        .and_then(|behind| bytes.get(behind..));
    let second = line_length(behind.unwrap_or_default()).ok_or(short)?;
    let second = Span {
        start: start + first + 1,
        length: second,
    };
    Ok((
        Operand::Spans(
            Span {
                start,
                length: first,
            },
            second,
        ),
        second.end() + 1,
    ))
}

/// Longest run of bytes that is searched for the end of a text line. Python 2 wrote long strings
/// as one line, so this is generous.
const LONGEST_LINE: usize = 1 << 30;

/// Decodes the instructions of a source one after another.
pub struct Decoder<'s> {
    window: Window<'s>,
    position: u64,
    length: u64,
}

impl<'s> Decoder<'s> {
    /// Starts at `offset`. Nothing is read yet.
    pub fn new(source: &'s dyn Source, offset: u64) -> Self {
        Self {
            window: Window::new(source),
            position: offset,
            length: source.len(),
        }
    }

    /// Offset of the next instruction.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Continues at another offset, forwards or backwards.
    pub fn jump(&mut self, offset: u64) {
        self.position = offset;
    }

    /// The source that is decoded.
    pub fn source(&self) -> &'s dyn Source {
        self.window.source()
    }

    /// Decodes the next instruction and moves behind it.
    ///
    /// # Errors
    /// A [`DecodeError`]; the decoder stays where it is.
    #[inline]
    pub fn advance(&mut self) -> Result<Instruction, DecodeError> {
        match decode_at(self.window.peek(self.position), self.position) {
            Ok(instruction) if instruction.next <= self.length => {
                self.position = instruction.next;
                Ok(instruction)
            }
            _ => self.advance_slowly(),
        }
    }

    /// The bytes that the window holds from the current position on, without reading any.
    pub fn held_chunk(&self) -> Chunk<'s> {
        self.window.chunk(self.position)
    }

    /// Length of the source.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of a span, where the window holds them: those of the last instruction mostly.
    #[inline]
    pub fn held(&self, span: Span) -> Option<&[u8]> {
        self.beginning(span, usize::try_from(span.length).ok()?)
    }

    /// The first `length` bytes of a span, where the window holds them.
    #[inline]
    pub fn beginning(&self, span: Span, length: usize) -> Option<&[u8]> {
        self.window.peek(span.start).get(..length)
    }

    /// The byte at the current position, or nothing at the end of the source.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Unreadable`].
    pub fn peek_byte(&mut self) -> Result<Option<u8>, DecodeError> {
        let offset = self.position;
        Ok(self
            .fetch(1)?
            .first()
            .copied()
            .filter(|_| offset < self.length))
    }

    #[cold]
    fn advance_slowly(&mut self) -> Result<Instruction, DecodeError> {
        let mut needed = 1;
        loop {
            let offset = self.position;
            let held = self.fetch(needed)?;
            let instruction = match decode_at(held, offset) {
                Ok(instruction) => instruction,
                Err(Refusal::Bad(kind)) => return Err(DecodeError { offset, kind }),
                Err(Refusal::Short(_)) if held.len() < needed => {
                    last_line(held, offset).ok_or(DecodeError::eof(offset))?
                }
                Err(Refusal::Short(_)) if held.len() > LONGEST_LINE => {
                    return Err(DecodeError {
                        offset,
                        kind: DecodeErrorKind::LineTooLong,
                    });
                }
                Err(Refusal::Short(more)) => {
                    // Doubling keeps the search for the end of a long line linear.
                    needed = more.max(held.len().saturating_mul(2).min(LONGEST_LINE));
                    continue;
                }
            };
            if instruction.next > self.length {
                return Err(DecodeError::eof(offset));
            }
            self.position = instruction.next;
            return Ok(instruction);
        }
    }

    fn fetch(&mut self, needed: usize) -> Result<&[u8], DecodeError> {
        let offset = self.position;
        self.window.at(offset, needed).map_err(|error| DecodeError {
            offset,
            kind: DecodeErrorKind::Unreadable(error.kind()),
        })
    }
}

impl DecodeError {
    fn eof(offset: u64) -> Self {
        Self {
            offset,
            kind: DecodeErrorKind::UnexpectedEof,
        }
    }
}

/// The instruction that a missing last newline leaves. The `readline` of `pickle.py` returns what
/// is left at the end of the data, and the loader cuts off its last byte as if it were the newline:
/// `cos\nsystem` without a newline asks for `os.syste`, and `cos` for nothing in the module `o`.
fn last_line(held: &[u8], offset: u64) -> Option<Instruction> {
    let (&byte, rest) = held.split_first()?;
    let opcode = Opcode::from_byte(byte)?;
    let next = offset + held.len() as u64;
    let start = offset + 1;
    let operand = match opcode.operand() {
        OperandKind::NameLines => {
            let left = rest.len() as u64;
            let length = line_length(rest).unwrap_or(left.saturating_sub(1));
            let name = left.min(length + 1);
            Operand::Spans(
                Span { start, length },
                Span {
                    start: start + name,
                    length: (left - name).saturating_sub(1),
                },
            )
        }
        OperandKind::DecimalLine
        | OperandKind::LongLine
        | OperandKind::FloatLine
        | OperandKind::StringLine
        | OperandKind::UnicodeLine
        | OperandKind::NameLine => Operand::Span(Span {
            start,
            length: (rest.len() as u64).saturating_sub(1),
        }),
        _ => return None,
    };
    Some(Instruction {
        offset,
        next,
        opcode,
        operand,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    fn first(bytes: &[u8]) -> Result<Instruction, DecodeErrorKind> {
        let source = MemorySource::new(bytes);
        Decoder::new(&source, 0)
            .advance()
            .map_err(|error| error.kind)
    }

    fn encodings() -> Vec<Vec<u8>> {
        super::super::ALL
            .iter()
            .map(|opcode| {
                let mut bytes = vec![opcode.byte()];
                bytes.extend_from_slice(match opcode.operand() {
                    OperandKind::None => b"",
                    OperandKind::U8 => b"\x07",
                    OperandKind::U16 => b"\x07\x08",
                    OperandKind::U32 | OperandKind::I32 => b"\x07\x08\x09\x0a",
                    OperandKind::U64 | OperandKind::F64 => b"\x07\x08\x09\x0a\x0b\x0c\x0d\x0e",
                    OperandKind::Bytes1 => b"\x03abc",
                    OperandKind::Bytes4 | OperandKind::SignedBytes4 => b"\x03\0\0\0abc",
                    OperandKind::Bytes8 => b"\x03\0\0\0\0\0\0\0abc",
                    OperandKind::NameLines => b"os\nsystem\n",
                    _ => b"12\n",
                });
                bytes
            })
            .collect()
    }

    #[test]
    fn every_encoding_is_read_to_its_end() {
        for bytes in encodings() {
            assert_eq!(first(&bytes).unwrap().next, bytes.len() as u64, "{bytes:?}");
        }
    }

    #[test]
    fn every_strict_prefix_ends_unexpectedly_or_lacks_only_its_newline() {
        for bytes in encodings() {
            for end in 0..bytes.len() {
                let outcome = first(&bytes[..end]);
                let text_line = matches!(bytes.last(), Some(b'\n'));
                match outcome {
                    Err(kind) => assert_eq!(kind, DecodeErrorKind::UnexpectedEof, "{bytes:?}"),
                    Ok(read) => assert!(text_line && read.next == end as u64, "{bytes:?} to {end}"),
                }
            }
        }
    }

    #[test]
    fn a_payload_is_a_place() {
        let read = first(b"\x8c\x02ossystem").unwrap();
        assert_eq!(
            read.operand,
            Operand::Span(Span {
                start: 2,
                length: 2
            })
        );
        assert_eq!(read.next, 4);
    }

    #[test]
    fn a_missing_last_newline_costs_the_last_byte() {
        let read = first(b"cos\nsystem").unwrap();
        let expected = Operand::Spans(
            Span {
                start: 1,
                length: 2,
            },
            Span {
                start: 4,
                length: 5,
            },
        );
        assert_eq!(read.operand, expected);
    }

    #[test]
    fn a_missing_name_is_empty() {
        // `pickle._Unpickler` of CPython 3.8 to 3.13 asks for `o.` and `os.`; found by the corpus.
        let module = |length| Span { start: 1, length };
        let empty = |start| Span { start, length: 0 };
        for (bytes, operand) in [
            (&b"cos"[..], Operand::Spans(module(1), empty(3))),
            (b"cos\n", Operand::Spans(module(2), empty(4))),
            (b"c", Operand::Spans(module(0), empty(1))),
            (b"P", Operand::Span(module(0))),
        ] {
            assert_eq!(first(bytes).unwrap().operand, operand, "{bytes:?}");
        }
    }

    #[test]
    fn a_negative_length_is_refused() {
        assert_eq!(
            first(b"T\xff\xff\xff\xff"),
            Err(DecodeErrorKind::NegativeLength(-1))
        );
    }

    #[test]
    fn an_overlong_payload_is_truncated_not_allocated() {
        let bytes = b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(first(bytes), Err(DecodeErrorKind::UnexpectedEof));
    }
}
