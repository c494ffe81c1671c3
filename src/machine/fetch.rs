//! Decodes a literal again, at the place that its value remembers.

use super::{
    Machine,
    value::{Tag, Value},
};
use crate::{
    pickle::{Decoder, Instruction, Opcode, Operand, Span, number, text},
    source::{Source, read_range},
};

/// How strings of Python 2 become text: the `encoding` that a loader's caller chooses. ASCII, the
/// default, refuses what these two read differently.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strings {
    Utf8,
    Latin1,
}

/// Reads literals wherever they stand, without moving the main decoder.
pub(crate) struct Lookup<'s> {
    decoder: Decoder<'s>,
}

impl<'s> Lookup<'s> {
    pub(crate) fn new(source: &'s dyn Source) -> Self {
        Self {
            decoder: Decoder::new(source, 0),
        }
    }

    /// The instruction at an offset.
    pub(crate) fn instruction(&mut self, offset: u64) -> Option<Instruction> {
        self.decoder.jump(offset);
        self.decoder.advance().ok()
    }

    /// The bytes of a span; nothing where it is longer than `most` or cannot be read.
    pub(crate) fn bytes(&self, span: Span, most: usize) -> Option<Vec<u8>> {
        let length = usize::try_from(span.length)
            .ok()
            .filter(|&length| length <= most)?;
        let bytes = read_range(self.decoder.source(), span.start, length).ok()?;
        (bytes.len() == length).then_some(bytes)
    }
}

impl Machine<'_, '_> {
    /// The contents of text, as UTF-8 with surrogates allowed; nothing where the value is no text
    /// or longer than `most` bytes.
    pub(crate) fn text(&mut self, value: Value, most: usize) -> Option<Vec<u8>> {
        if !value.is_text() {
            return None;
        }
        let text = self.contents(value, most)?;
        self.met_strings |= value.tag() == Tag::StringAt && !text.is_ascii();
        Some(text)
    }

    /// The contents of text or bytes; nothing where the value is neither, or longer than `most`.
    pub(crate) fn contents(&mut self, value: Value, most: usize) -> Option<Vec<u8>> {
        match value.tag() {
            Tag::OwnedText | Tag::OwnedBytes | Tag::OwnedByteArray => {
                let owned = self.heap.owned(value)?;
                (owned.len() <= most).then(|| owned.to_vec())
            }
            Tag::TextAt | Tag::StringAt | Tag::BytesAt | Tag::ByteArrayAt => {
                let instruction = self.lookup.instruction(value.payload())?;
                let Operand::Span(span) = instruction.operand else {
                    return None;
                };
                let bytes = self.lookup.bytes(span, most)?;
                let bytes = match instruction.opcode {
                    Opcode::String => text::string(&bytes).ok()?,
                    Opcode::Unicode => text::unicode(&bytes).ok()?,
                    _ => bytes,
                };
                match (value.tag(), self.strings) {
                    (Tag::StringAt, Strings::Latin1) => Some(utf8_of_latin1(&bytes)),
                    _ => Some(bytes),
                }
            }
            _ => None,
        }
    }

    /// The value of an integer; nothing where it is none or does not fit.
    pub(crate) fn integer(&mut self, value: Value) -> Option<i64> {
        match value.tag() {
            Tag::Int => Some(value.small_int()),
            Tag::False => Some(0),
            Tag::True => Some(1),
            Tag::IntAt => match self.number(value)? {
                number::Number::Int(number) => Some(number),
                number::Number::Bool(boolean) => Some(i64::from(boolean)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number that a place holds.
    pub(crate) fn number(&mut self, value: Value) -> Option<number::Number> {
        let instruction = self.lookup.instruction(value.payload())?;
        match (instruction.opcode, instruction.operand) {
            (_, Operand::Float(float)) => Some(number::Number::Float(float)),
            (_, Operand::Int(int)) => Some(number::Number::Int(int)),
            (opcode, Operand::Span(span)) => {
                let bytes = self.lookup.bytes(span, self.limits.text)?;
                match opcode {
                    Opcode::Int => number::int(&bytes).value(),
                    Opcode::Long => number::long(&bytes).value(),
                    Opcode::Float => number::float(&bytes).value(),
                    _ => Some(little_endian(&bytes)),
                }
            }
            _ => None,
        }
    }
}

fn utf8_of_latin1(bytes: &[u8]) -> Vec<u8> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    text.into_bytes()
}

/// The integer of LONG1 and LONG4: two's complement, little-endian, of any length.
fn little_endian(bytes: &[u8]) -> number::Number {
    let negative = bytes.last().is_some_and(|&last| last >= 0x80);
    let filler = if negative { 0xff } else { 0 };
    let (low, high) = bytes.split_at(bytes.len().min(8));
    let mut word = [filler; 8];
    for (slot, &byte) in word.iter_mut().zip(low) {
        *slot = byte;
    }
    let value = i64::from_le_bytes(word);
    let fits = high.iter().all(|&byte| byte == filler) && (value < 0) == negative;
    if fits {
        number::Number::Int(value)
    } else {
        number::Number::Big
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_endian_integers_of_any_length() {
        let cases: [(&[u8], number::Number); 7] = [
            (b"", number::Number::Int(0)),
            (b"\x01", number::Number::Int(1)),
            (b"\xff", number::Number::Int(-1)),
            (b"\xff\x00", number::Number::Int(255)),
            (
                b"\xff\xff\xff\xff\xff\xff\xff\x7f",
                number::Number::Int(i64::MAX),
            ),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\x00", number::Number::Big),
            (
                b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                number::Number::Int(-1),
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(little_endian(bytes), expected, "{bytes:?}");
        }
    }
}
