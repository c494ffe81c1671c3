//! Pickles in bytes whose structure is not followed.
//!
//! Only what reads like a pickle up to the use of an import of a proper name is taken, behind a header
//! up to such an import: everything else that looks like a pickle by chance does nothing. A header,
//! or the first name of a pickle without one, may stand anywhere; older ones without a header are
//! text, so they are looked for where text begins.

use std::{borrow::Cow, io, sync::Arc};

use super::{Opening, ProblemKind, depths::Depths, encoding, trial::declares_protocol};
use crate::{
    limits::Deadline,
    pickle::{Instruction, Opcode, Operand, Span, decode_at},
    source::{Source, Window, bytes_at},
};

/// Bytes that are searched at once.
const STRIDE: usize = 64 << 10;

/// Bytes of one instruction that are looked at; longer payloads are passed over.
const LONGEST: usize = 4 << 10;

/// Instructions that are followed in one search to find the ends of pickles, besides one for each
/// byte.
const FOLLOWED: usize = 1 << 20;

/// Where a pickle without a header is looked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Where text begins.
    Begins,
    /// Anywhere: what stands before a value may be text, too.
    Anywhere,
}

/// What becomes of a pickle at an instruction that takes more values than stand on the stack.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// No reader goes on, so it was none.
    Ends,
    /// It is followed: it may have begun before the place where it was found.
    Passes,
}

/// Instructions that are followed of a single pickle.
const FOLLOWED_ALONE: usize = 1 << 16;

/// Searches `start .. end` of a container and emits each pickle as a member called `@offset`.
/// `false` means: stop.
pub(super) fn carve(opening: &mut Opening<'_>, range: (u64, u64), text: Text) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let deadline = opening.limits().deadline.clone();
    let mut room = true;
    let what = (text, Shortage::Passes);
    let complete = search(source.as_ref(), range, what, &deadline, &mut |at, stop| {
        let name = format!("@{at}");
        let member = opening.member.part(&source, name, (at, stop - at));
        room = opening.member(member);
        room
    })?;
    if !complete && room {
        opening.problem(ProblemKind::Limit, "too much of it looks like pickles");
    }
    Ok(complete)
}

/// Calls `visit` with the place and the end of each pickle in a range, wherever one without a
/// header may start, until it says `false`.
/// Returns whether all was searched.
pub(super) fn each(
    source: &dyn Source,
    range: (u64, u64),
    shortage: Shortage,
    deadline: &Deadline,
    visit: &mut dyn FnMut(u64, u64) -> bool,
) -> io::Result<bool> {
    search(source, range, (Text::Anywhere, shortage), deadline, visit)
}

fn search(
    source: &dyn Source,
    (start, end): (u64, u64),
    (text, shortage): (Text, Shortage),
    deadline: &Deadline,
    visit: &mut dyn FnMut(u64, u64) -> bool,
) -> io::Result<bool> {
    let mut search = Search {
        window: Window::new(source),
        chunk: Cow::default(),
        base: start,
        end: end.min(source.len()),
        left: FOLLOWED,
        shortage,
        acted: None,
    };
    let mut before = None;
    while search.base < search.end {
        if search.left == 0 || deadline.has_passed() {
            return Ok(false);
        }
        let room = usize::try_from(search.end - search.base).unwrap_or(STRIDE);
        search.chunk = bytes_at(source, search.base, room.min(STRIDE))?;
        deadline.spend(search.chunk.len());
        search.left = search.left.saturating_add(search.chunk.len());
        let mut next = search.base.saturating_add(search.chunk.len() as u64);
        if next == search.base {
            break;
        }
        let mut behind = 0;
        while let Some(inside) = candidate(&search.chunk, behind, (before, text)) {
            behind = inside + 1;
            let at = search.base.saturating_add(inside as u64);
            let Some(stop) = search.extent(at)? else {
                continue;
            };
            let stop = search.adjoining(stop)?;
            if !visit(at, stop) {
                return Ok(false);
            }
            next = stop;
            break;
        }
        let last = bytes_at(source, next.saturating_sub(1), 1)?;
        before = last.first().copied();
        search.base = next;
    }
    Ok(true)
}

/// Bytes that are held against what a pickle may start with at once.
const BLOCK: usize = 32;

/// The first place from `start` on at which a pickle may start. Before the bytes stands another,
/// unless they are the first.
fn candidate(bytes: &[u8], start: usize, (before, text): (Option<u8>, Text)) -> Option<usize> {
    let mut start = start;
    loop {
        let rest = bytes.get(start..)?;
        let blocks = rest.as_chunks::<BLOCK>().0.iter();
        start += blocks.take_while(|block| !has_first(block)).count() * BLOCK;
        let mut rest = bytes.get(start..)?.iter();
        let at = start + rest.position(|byte| is_first(*byte) != 0)?;
        let begins = || {
            let previous = at
                .checked_sub(1)
                .map_or(before, |at| bytes.get(at).copied());
            text == Text::Anywhere || !previous.is_some_and(is_text)
        };
        let next = bytes.get(at + 1);
        let found = match bytes.get(at) {
            Some(0x80) => next.is_none_or(|next| *next <= 5),
            // A text, of which one that names a module or what is in it is short.
            Some(0x8c) => next.is_none_or(|next| (1..=0x7f).contains(next)),
            _ => begins(),
        };
        if found {
            return Some(at);
        }
        start = at + 1;
    }
}

/// Whether a pickle may start with a byte, without a jump and in the width of a byte, so that many
/// are compared at once.
fn is_first(byte: u8) -> u8 {
    let header = u8::from(byte == 0x80) | u8::from(byte == 0x8c);
    let value = u8::from(byte == b'(') | u8::from(byte == b']') | u8::from(byte == b'}');
    header | value | u8::from(byte == b'c')
}

/// The same of a whole block, whatever is found before its end.
fn has_first(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |found, byte| found | is_first(*byte)) != 0
}

fn is_text(byte: u8) -> bool {
    (0x20..0x7f).contains(&byte) || matches!(byte, b'\n' | b'\r' | b'\t')
}

/// Where a pickle at `start` ends that uses an import of a proper name; nothing where there is none.
/// One that is too long to be followed is taken to use one.
pub(super) fn extent(source: &dyn Source, (start, end): (u64, u64)) -> io::Result<Option<u64>> {
    let mut search = Search::alone(source, (start, end));
    let extent = search.extent(start)?;
    let cut = search.left == 0;
    Ok(extent.or(cut.then_some(search.end)))
}

/// Whether a pickle at the beginning imports something, or uses it, from a place on.
pub(super) fn acts_behind(source: &dyn Source, place: u64) -> io::Result<bool> {
    let mut search = Search::alone(source, (0, source.len()));
    search.extent(0)?;
    Ok(search.acted.is_some_and(|acted| acted >= place) || search.left == 0)
}

struct Search<'s> {
    window: Window<'s>,
    /// Some bytes, and where they stand.
    chunk: Cow<'s, [u8]>,
    base: u64,
    end: u64,
    /// Instructions that may still be followed.
    left: usize,
    shortage: Shortage,
    /// Where the last pickle that was followed last imported something, or used it.
    acted: Option<u64>,
}

impl<'s> Search<'s> {
    /// A search for a single pickle.
    fn alone(source: &'s dyn Source, (start, end): (u64, u64)) -> Self {
        Self {
            window: Window::new(source),
            chunk: Cow::default(),
            base: start,
            end: end.min(source.len()),
            left: FOLLOWED_ALONE,
            shortage: Shortage::Passes,
            acted: None,
        }
    }
}

impl Search<'_> {
    /// Where the pickle at `start` ends: behind STOP or where no reader goes on. Nothing where it
    /// does not use an import of a proper name; behind a header, that it imports
    /// something and goes on is enough.
    fn extent(&mut self, start: u64) -> io::Result<Option<u64>> {
        let (mut position, mut named, mut imports, mut used) = (start, false, false, false);
        let end = self.end;
        let declared = declares_protocol(self.held(start)?);
        let (shortage, mut depths) = (self.shortage, Depths::default());
        let mut followed = false;
        while self.left > 0 {
            self.left -= 1;
            let held = self.held(position)?;
            let instruction = match decode_at(held, position) {
                Ok(instruction) if instruction.next <= end => instruction,
                _ => break,
            };
            followed |= imports;
            let is_stop = instruction.opcode == Opcode::Stop;
            let is_short = !is_stop && depths.apply(instruction.opcode).is_none();
            if is_short && shortage == Shortage::Ends {
                break;
            }
            match instruction.opcode {
                Opcode::Global | Opcode::Inst if is_proper(&instruction, held) => {
                    imports = true;
                    used |= instruction.opcode == Opcode::Inst;
                }
                Opcode::Global | Opcode::Inst => break,
                Opcode::StackGlobal => imports |= named,
                Opcode::Stop => return Ok(imports.then_some(instruction.next)),
                opcode if is_string(opcode) => named |= is_name(&instruction, held),
                opcode => used |= imports && uses(opcode),
            }
            if imports && (uses(instruction.opcode) || is_import(instruction.opcode)) {
                self.acted = Some(position);
            }
            position = instruction.next;
        }
        // Bytes that end behind an import may be an example of a pickle; those that go on are one.
        let goes_on = declared && imports && (followed || position < end);
        Ok((used || goes_on).then_some(position))
    }

    /// The end of the pickles that follow at once: they may use what the first one put into the
    /// memo, as those of ZODB do.
    fn adjoining(&mut self, stop: u64) -> io::Result<u64> {
        let (mut behind, mut position) = (stop, stop);
        while self.left > 0 {
            self.left -= 1;
            let held = self.held(position)?;
            if position == behind && !matches!(held, [0x80, 0..=5, ..]) {
                break;
            }
            match decode_at(held, position) {
                Ok(instruction) if instruction.next <= self.end => {
                    position = instruction.next;
                    if instruction.opcode == Opcode::Stop {
                        behind = position;
                    }
                }
                _ => break,
            }
        }
        Ok(behind)
    }

    /// The beginning of what stands at `position`.
    fn held(&mut self, position: u64) -> io::Result<&[u8]> {
        let room = usize::try_from(self.end.saturating_sub(position)).unwrap_or(LONGEST);
        let wanted = room.min(LONGEST);
        let inside = position.checked_sub(self.base);
        let inside = inside.and_then(|inside| usize::try_from(inside).ok());
        let held = inside.and_then(|inside| self.chunk.get(inside..)?.get(..wanted));
        if let Some(held) = held {
            return Ok(held);
        }
        let held = self.window.at(position, wanted)?;
        Ok(held.get(..wanted).unwrap_or(held))
    }
}

fn is_string(opcode: Opcode) -> bool {
    use Opcode as Op;
    matches!(
        opcode,
        Op::ShortBinunicode
            | Op::Binunicode
            | Op::Binunicode8
            | Op::Unicode
            | Op::String
            | Op::Binstring
            | Op::ShortBinstring
    )
}

/// Whether an instruction does something with what was imported.
fn uses(opcode: Opcode) -> bool {
    use Opcode as Op;
    matches!(
        opcode,
        Op::Reduce | Op::Newobj | Op::NewobjEx | Op::Obj | Op::Build
    )
}

fn is_import(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Global | Opcode::Inst | Opcode::StackGlobal)
}

/// Fewest characters of a module and a name together. Shorter ones occur in random numbers.
const SHORTEST: usize = 6;

/// Whether both lines are names that Python could import.
fn is_proper(instruction: &Instruction, held: &[u8]) -> bool {
    let Operand::Spans(module, name) = instruction.operand else {
        return false;
    };
    let lines = [module, name].map(|span| bytes(instruction, span, held));
    let all: usize = lines.iter().map(|line| line.len()).sum();
    all >= SHORTEST && lines.iter().all(|line| line.len() > 1 && is_dotted(line))
}

/// Whether a string may be part of a name.
fn is_name(instruction: &Instruction, held: &[u8]) -> bool {
    let Operand::Span(span) = instruction.operand else {
        return false;
    };
    let text = bytes(instruction, span, held);
    let quoted = |quote: u8| text.strip_prefix(&[quote])?.strip_suffix(&[quote]);
    let text = quoted(b'\'').or_else(|| quoted(b'"')).unwrap_or(text);
    text.len() > 2 && is_dotted(text)
}

/// Whether a text is a row of names between dots, none of them empty.
fn is_dotted(text: &[u8]) -> bool {
    let is_between = |pair: &[u8]| pair == b"..";
    text.iter().all(|byte| encoding::is_dotted(*byte))
        && !text.starts_with(b".")
        && !text.ends_with(b".")
        && !text.windows(2).any(is_between)
}

/// The bytes of an operand, as far as they are held; nothing where they are not.
fn bytes<'h>(instruction: &Instruction, span: Span, held: &'h [u8]) -> &'h [u8] {
    let start = usize::try_from(span.start.saturating_sub(instruction.offset)).ok();
    let length = usize::try_from(span.length).unwrap_or(usize::MAX);
    let bytes = start.and_then(|start| held.get(start..)?.get(..length));
    bytes.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        container::{Budget, Member, Opened},
        limits::Limits,
        source::MemorySource,
    };

    fn carved(bytes: &[u8]) -> Vec<(Vec<u8>, u64)> {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let member = Member::input(Arc::clone(&source));
        let mut found = Vec::new();
        let mut opening = Opening {
            member: &member,
            source: &source,
            budget: &mut Budget::new(&Limits::default()),
            emit: &mut |opened| {
                if let Opened::Member(member) = opened {
                    let name = member.name().unwrap().bytes().to_vec();
                    let look = crate::container::look(
                        &member,
                        &mut Budget::new(&Limits::default()),
                        &mut |_| (),
                    );
                    found.push((name, look.unwrap().source.len()));
                }
            },
        };
        carve(&mut opening, (0, bytes.len() as u64), Text::Begins).unwrap();
        found
    }

    #[test]
    fn pickles_are_found_between_other_bytes_and_end_where_they_end() {
        let mut bytes = vec![0; STRIDE - 3];
        bytes.extend_from_slice(b"\x80\x04\x8c\x02os\x8c\x06getpid\x93)R.");
        bytes.extend_from_slice(b"\0\0cos\ngetpid\n(tR.more");
        let found = carved(&bytes);
        assert_eq!(found, [(b"@65533".to_vec(), 18), (b"@65553".to_vec(), 15)]);
    }

    #[test]
    fn what_imports_nothing_or_stands_in_text_is_left() {
        assert_eq!(carved(b"\0\x80\x04K\x01."), []);
        assert_eq!(carved(b"csome\nname\n."), [(b"@0".to_vec(), 12)]);
        assert_eq!(carved(b"the csome\nname\n."), []);
        assert_eq!(carved(b"\0csome\nname\n\xff"), []);
    }

    /// Found in the weights of a model of normally distributed numbers.
    #[test]
    fn random_numbers_are_no_pickles() {
        let mut state: u64 = 7;
        let numbers = (0..1 << 20).flat_map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 24).to_le_bytes()
        });
        assert_eq!(carved(&numbers.collect::<Vec<u8>>()), []);
        assert_eq!(
            carved(b"\0\x80\x02\x83\xa9\xbe\x8c\x01x\x8c\x01y\x93R."),
            []
        );
    }

    #[test]
    fn a_broken_pickle_that_uses_an_import_is_found() {
        let found = carved(b"\0\0\x80\x02cos\ngetpid\n)R\xff");
        assert_eq!(found, [(b"@2".to_vec(), 15)]);
    }
}
