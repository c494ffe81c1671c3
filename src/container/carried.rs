//! Pickles that another pickle carries as data: in bytes or text, as they are or in base 64.
//!
//! Nothing in the outer pickle loads them, but the program that reads it may. Only what uses an
//! import is taken, and archives, which say what they are.

use std::{io, sync::Arc};

use super::{Member, carve, text};
use crate::{
    pickle::{Instruction, Opcode, Operand, Span, decode_at},
    source::{MemorySource, Source, Window, read_range},
};

/// Instructions that are looked through; a pickle of more is a table of numbers.
const MOST: usize = 1 << 20;

/// Bytes of an instruction in which its operand begins.
const BEGINNING: usize = 16;

/// Fewest bytes of an operand that is looked into.
pub const SHORTEST: u64 = 12;

/// Longest text that is decoded, in bytes.
const LONGEST_TEXT: u64 = 16 << 20;

/// What the pickle at `start .. end` carries. `member` and `source` are those of [`super::Look`].
///
/// # Errors
/// As [`Source::read_at`].
pub fn carried(
    member: &Member,
    source: &Arc<dyn Source>,
    (start, end): (u64, u64),
) -> io::Result<Vec<Member>> {
    let mut window = Window::new(source.as_ref());
    let mut position = start;
    let mut members = Vec::new();
    for _ in 0..MOST {
        if position >= end {
            break;
        }
        let held = window.at(position, BEGINNING)?;
        let Ok(instruction) = decode_at(held, position) else {
            break;
        };
        if let Some(span) = operand(&instruction) {
            let inside = usize::try_from(span.start - position).unwrap_or(usize::MAX);
            let head = held.get(inside..).unwrap_or_default();
            if is_telling(head) {
                let found = match instruction.opcode {
                    Opcode::ShortBinunicode | Opcode::Binunicode | Opcode::Binunicode8 => {
                        inner_text(member, source, span)?
                    }
                    _ => inner(member, source, span)?,
                };
                members.extend(found);
            }
        }
        position = instruction.next;
    }
    Ok(members)
}

/// The counted bytes or text of an instruction, if they are long enough.
fn operand(instruction: &Instruction) -> Option<Span> {
    use Opcode as Op;
    let counted = matches!(
        instruction.opcode,
        Op::ShortBinbytes
            | Op::Binbytes
            | Op::Binbytes8
            | Op::Bytearray8
            | Op::ShortBinstring
            | Op::Binstring
            | Op::ShortBinunicode
            | Op::Binunicode
            | Op::Binunicode8
    );
    match instruction.operand {
        Operand::Span(span) if counted && span.length >= SHORTEST => Some(span),
        _ => None,
    }
}

fn is_telling(head: &[u8]) -> bool {
    let written_as_text = matches!(head, [0xc2, 0x80, 0..=5, ..] | [0x1f, 0xc2, 0x8b, 8, ..]);
    let pickle = matches!(head, [0x80, 0..=5, ..]);
    pickle || written_as_text || is_archive(head) || is_base64(head)
}

fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"\x1f\x8b\x08")
}

/// A pickle with a header, or gzip.
fn is_base64(head: &[u8]) -> bool {
    head.starts_with(b"gA") || head.starts_with(b"H4sI")
}

/// Below protocol 3 bytes are written as text, one character a byte, for `_codecs.encode` to turn
/// back.
fn inner_text(member: &Member, source: &Arc<dyn Source>, span: Span) -> io::Result<Option<Member>> {
    if span.length > LONGEST_TEXT {
        return inner(member, source, span);
    }
    let length = usize::try_from(span.length).unwrap_or(0);
    let held = read_range(source.as_ref(), span.start, length)?;
    let Some(bytes) = latin_1(&held).filter(|bytes| bytes.len() < held.len()) else {
        return inner(member, source, span);
    };
    let decoded: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let whole = (0, decoded.len());
    let head = read_range(decoded.as_ref(), 0, 4)?;
    let wanted = is_archive(&head) || carve::extent(decoded.as_ref(), whole)?.is_some();
    let path = member.inside(format!("bytes@{}", span.start));
    Ok(wanted.then(|| Member::found(path, decoded, None)))
}

/// The characters of a text as bytes, where each of them is one.
fn latin_1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

fn inner(member: &Member, source: &Arc<dyn Source>, span: Span) -> io::Result<Option<Member>> {
    let head = read_range(source.as_ref(), span.start, 4)?;
    let name = |kind: &str| format!("{kind}@{}", span.start);
    if is_base64(&head) {
        if span.length > LONGEST_TEXT {
            return Ok(None);
        }
        let length = usize::try_from(span.length).unwrap_or(0);
        let Some(data) = text::decoded(&read_range(source.as_ref(), span.start, length)?) else {
            return Ok(None);
        };
        let decoded: Arc<dyn Source> = Arc::new(MemorySource::new(data));
        let wanted = is_archive(&read_range(decoded.as_ref(), 0, 4)?)
            || carve::extent(decoded.as_ref(), (0, decoded.len()))?.is_some();
        let path = member.inside(name("base64"));
        return Ok(wanted.then(|| Member::found(path, decoded, None)));
    }
    let wanted =
        is_archive(&head) || carve::extent(source.as_ref(), (span.start, span.end()))?.is_some();
    Ok(wanted.then(|| member.part(source, name("bytes"), (span.start, span.length))))
}
