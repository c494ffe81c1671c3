//! The listing of `pickscan disasm`: one line an instruction, with what it does to stack and memo.
//!
//! ```text
//!       0  80 04               0  PROTO 4
//!       2  8c 026f73           1  SHORT_BINUNICODE 'os'
//!       6  94                  1  MEMOIZE                       # memo[0] = 'os'
//!       7  8c 0673797374…      2  SHORT_BINUNICODE 'system'
//!      15  93                  1  STACK_GLOBAL                  # os.system
//! ```
//!
//! It reads through a [`Source`] and holds places, not payloads, so a file of many gigabytes is
//! listed in bounded memory. It shows what is written; what it would do is the machine's business.

mod show;
mod track;

use std::fmt::Write as _;
use std::io;

use super::{DecodeError, DecodeErrorKind, Decoder, Instruction, Opcode, Operand, decode_at};
use crate::source::Source;
use show::Shower;
use track::{Effect, Track};

/// Column at which remarks start, counted from the instruction.
const REMARK_COLUMN: usize = 38;

/// Deepest indentation, in marks. What is nested deeper is listed at this depth.
const DEEPEST_INDENT: usize = 24;

/// Operand bytes of the raw column.
const RAW_BYTES: usize = 6;

/// Values, marks or memo entries that are followed, counted, at most 24 bytes each. Honest files
/// stay far below; past it the listing goes on without depths.
const MOST_FOLLOWED: usize = 4 << 20;

/// Lists every pickle from `offset` to the end of the source.
///
/// Broken data is listed as far as it goes, and a line says where and why it ends.
///
/// # Errors
/// Only what writing to `out` reports.
pub fn list(source: &dyn Source, offset: u64, out: &mut dyn io::Write) -> io::Result<()> {
    list_following(MOST_FOLLOWED, source, offset, out)
}

fn list_following(
    most: usize,
    source: &dyn Source,
    offset: u64,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut decoder = Decoder::new(source, offset);
    let mut shower = Shower::new(source);
    let mut number = 1u64;
    writeln!(out, "  offset  bytes           depth  instruction")?;
    loop {
        let start = decoder.position();
        if number > 1 {
            let no_opcode =
                matches!(decoder.peek_byte(), Ok(Some(byte)) if Opcode::from_byte(byte).is_none());
            let heading = if no_opcode {
                "after the last pickle:"
            } else {
                &format!("pickle {number} at offset {start}:")
            };
            writeln!(out, "\n{heading}")?;
        }
        if let Err(error) = list_pickle(most, &mut decoder, &mut shower, out)? {
            let line = explain(error, source, &mut shower);
            return writeln!(out, "{:>8}  {line}", error.offset);
        }
        if decoder.position() >= source.len() {
            return Ok(());
        }
        number += 1;
    }
}

/// Lists up to STOP, or up to what cannot be decoded.
fn list_pickle(
    most: usize,
    decoder: &mut Decoder<'_>,
    shower: &mut Shower<'_>,
    out: &mut dyn io::Write,
) -> io::Result<Result<(), DecodeError>> {
    let mut stack = Some(Track::new(most));
    let mut frame_end = None;
    loop {
        let instruction = match decoder.advance() {
            Ok(instruction) => instruction,
            Err(error) => return Ok(Err(error)),
        };
        let mut line = Line::new(instruction, shower);
        line.frame(instruction, &mut frame_end);
        if let Some(track) = &mut stack {
            let outer = track.marks();
            let effect = track.follow(instruction, shower.memo_index(instruction));
            line.depth = Some(track.depth());
            // A mark and what closes it stand at the same indentation.
            line.indent = outer.min(track.marks()).min(DEEPEST_INDENT);
            line.effect(effect, track, shower);
            if effect == Effect::TooLarge {
                stack = None;
            }
        }
        line.write(instruction, shower, out)?;
        if instruction.opcode == Opcode::Stop {
            return Ok(Ok(()));
        }
    }
}

/// One line while it is put together.
struct Line {
    depth: Option<usize>,
    indent: usize,
    remarks: Vec<String>,
}

impl Line {
    fn new(instruction: Instruction, shower: &mut Shower<'_>) -> Self {
        let remarks = shower.complaint(instruction).into_iter().collect();
        Self {
            depth: None,
            indent: 0,
            remarks,
        }
    }

    /// Remarks on framing: C readers fetch whole frames, and an instruction that crosses the end of
    /// one is read differently by different readers.
    fn frame(&mut self, instruction: Instruction, frame_end: &mut Option<u64>) {
        if let Some(end) = *frame_end {
            if instruction.offset < end && instruction.next > end {
                self.remarks
                    .push(format!("crosses the end of the frame at {end}"));
            }
            if instruction.next >= end {
                *frame_end = None;
            }
        }
        if let (Opcode::Frame, Operand::Size(length)) = (instruction.opcode, instruction.operand) {
            let end = instruction.next.saturating_add(length);
            self.remarks.push(format!("to {end}"));
            *frame_end = Some(end);
        }
    }

    fn effect(&mut self, effect: Effect, track: &Track, shower: &mut Shower<'_>) {
        let remark = match effect {
            Effect::Plain => return,
            Effect::Underflow => "too few values on the stack: loaders raise here".into(),
            Effect::NoMark => "no mark is set: loaders raise here".into(),
            Effect::PopsMark => "pops the mark".into(),
            Effect::TooLarge => {
                "too deep to follow: depth and memo are not shown from here on".into()
            }
            Effect::Stored { index, item, again } => {
                let again = if again { ", again" } else { "" };
                format!("memo[{index}] = {}{again}", shower.item(item, track))
            }
            Effect::Fetched {
                index,
                item: Some(item),
            } => {
                format!("memo[{index}]: {}", shower.item(item, track))
            }
            Effect::Fetched { index, item: None } => {
                format!("memo[{index}] was never stored: loaders raise here")
            }
            Effect::BadIndex => "no memo index: loaders raise here".into(),
            Effect::Imports(item) => shower.item(item, track),
            Effect::Calls(item) => format!("calls {}", shower.item(item, track)),
        };
        self.remarks.push(remark);
    }

    fn write(
        self,
        instruction: Instruction,
        shower: &mut Shower<'_>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let mut text = " ".repeat(self.indent * 2);
        text.push_str(instruction.opcode.name());
        let operand = shower.operand(instruction);
        if !operand.is_empty() {
            text.push(' ');
            text.push_str(&operand);
        }
        if !self.remarks.is_empty() {
            let padding = REMARK_COLUMN.saturating_sub(text.chars().count());
            // Writing to a string cannot fail.
            let _ = write!(text, "{:padding$}  # {}", "", self.remarks.join("; "));
        }
        let depth = self.depth.map_or("?".into(), |depth| depth.to_string());
        let raw = shower.raw(instruction.offset, instruction.next, RAW_BYTES);
        writeln!(
            out,
            "{:>8}  {raw:<16}{depth:>5}  {text}",
            instruction.offset
        )
    }
}

/// Where and why the listing ends.
fn explain(error: DecodeError, source: &dyn Source, shower: &mut Shower<'_>) -> String {
    let left = source.len().saturating_sub(error.offset);
    let raw = shower.raw(error.offset, error.offset.saturating_add(left), RAW_BYTES);
    match error.kind {
        DecodeErrorKind::UnexpectedEof if left == 0 => "the data ends here without STOP".into(),
        DecodeErrorKind::UnexpectedEof => {
            match decode_at(shower.near(error.offset), error.offset) {
                Ok(instruction) => {
                    let name = instruction.opcode.name();
                    let missing = instruction.next.saturating_sub(source.len());
                    format!(
                        "{raw:<16}       the data ends inside {name}: {missing} bytes are missing"
                    )
                }
                Err(_) => format!("{raw:<16}       the data ends inside this instruction"),
            }
        }
        _ => format!("{raw:<16}       {error}: {left} bytes from here on are not decoded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    #[test]
    fn what_is_too_deep_is_listed_without_depths() {
        for bytes in [&b"NNNNN."[..], b"(((((N.", b"Nq\0q\x01q\x02q\x03q\x04."] {
            let mut out = Vec::new();
            list_following(3, &MemorySource::new(bytes), 0, &mut out).unwrap();
            let listed = String::from_utf8(out).unwrap();
            assert_eq!(listed.matches("too deep to follow").count(), 1, "{listed}");
            let last = listed.lines().last().unwrap();
            assert!(last.ends_with("?  STOP"), "{listed}");
        }
    }
}
