//! From bytes to text.

use std::fmt::Write as _;

use super::read::encode_long;
use crate::pickle::{Instruction, Opcode, Operand, Span, decode_at};

/// Bytes of one `RAW` line.
const RAW_LINE: usize = 32;

/// Writes any bytes as assembly. What follows a STOP is read as the next pickle; from the first
/// byte on that starts no instruction, the rest is `RAW`.
pub fn disassemble(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((line, behind)) = instruction(rest) else {
            raw(rest, &mut out);
            break;
        };
        out.push_str(&line);
        out.push('\n');
        if rest.first() == Some(&Opcode::Stop.byte()) && !behind.is_empty() {
            out.push('\n');
        }
        rest = behind;
    }
    out
}

fn raw(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(RAW_LINE) {
        out.push_str("RAW ");
        quote(chunk, out);
        out.push('\n');
    }
}

/// The line of the first instruction, and the bytes behind it.
fn instruction(bytes: &[u8]) -> Option<(String, &[u8])> {
    let instruction = decode_at(bytes, 0).ok()?;
    let mut line = String::from(instruction.opcode.name());
    match instruction.operand {
        Operand::None => {}
        Operand::Int(value) => push(&mut line, format_args!(" {value}")),
        Operand::Size(value) => push(&mut line, format_args!(" {value}")),
        Operand::Float(value) if value.is_nan() => {
            push(&mut line, format_args!(" bits {:#x}", value.to_bits()));
        }
        Operand::Float(value) => push(&mut line, format_args!(" {value:?}")),
        Operand::Span(span) => payload(bytes, instruction, span, &mut line)?,
        Operand::Spans(first, second) => {
            for span in [first, second] {
                line.push(' ');
                quote(cut(bytes, span)?, &mut line);
            }
        }
    }
    let next = usize::try_from(instruction.next)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    Some((line, bytes.get(next..)?))
}

fn payload(bytes: &[u8], instruction: Instruction, span: Span, line: &mut String) -> Option<()> {
    let there = cut(bytes, span)?;
    if (there.len() as u64) < span.length {
        push(line, format_args!(" length={:#x}", span.length));
    } else if matches!(instruction.opcode, Opcode::Long1 | Opcode::Long4) {
        let shortest = decode_long(there).filter(|&value| encode_long(value) == there);
        if let Some(value) = shortest {
            push(line, format_args!(" {value}"));
            return Some(());
        }
    }
    line.push(' ');
    quote(there, line);
    Some(())
}

/// The bytes of a span, as many as there are.
fn cut(bytes: &[u8], span: Span) -> Option<&[u8]> {
    let start = usize::try_from(span.start).ok()?;
    let end = usize::try_from(span.end())
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    bytes.get(start..end)
}

/// Two's complement, little-endian, of at most 128 bits.
pub(crate) fn decode_long(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut extended = [if negative { 0xff } else { 0 }; 16];
    extended.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i128::from_le_bytes(extended))
}

/// Writes a string as [`super::assemble`] reads it.
fn quote(bytes: &[u8], out: &mut String) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b'"' => out.push_str("\\\""),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => push(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push('"');
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(arguments);
}
