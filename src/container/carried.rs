//! Pickles that another pickle carries as data: in bytes or text, as they are, packed, or written
//! as text in any of the usual encodings.
//!
//! Nothing in the outer pickle loads them, but the program that reads it may. Only what uses an
//! import is taken, and archives, which say what they are.

use std::{io, sync::Arc};

use super::{
    Member,
    carve::{self, Shortage},
    encoding,
    searched::hiding_places,
    text,
};
use crate::{
    limits::Limits,
    pickle::{Decoder, Instruction, Opcode, Operand, Span, decode_at, text as text_forms},
    source::{MemorySource, Part, Source, Window, bytes_at, read_range},
};

/// Bytes of an instruction in which its operand begins.
const BEGINNING: usize = 16;

/// Fewest bytes of an operand that is looked into.
pub const SHORTEST: u64 = 12;

/// Bytes at the start of a text of protocol 0 in which an escape makes it worth a closer look.
const ESCAPED: usize = 24;

/// Instructions after which work is accounted for.
const STEP: usize = 4096;

/// What a pickle carries.
#[derive(Debug, Default)]
pub struct Carried {
    /// What may be loaded.
    pub members: Vec<Member>,
    /// Why something was not looked into.
    pub left_out: Option<String>,
}

/// A pickle whose operands are looked through.
pub struct Carrier<'c> {
    /// Where the instructions stand that [`may_carry`] something.
    pub telling: &'c [u64],
    /// Whether more of them follow than are listed.
    pub cut: bool,
    /// Where the pickle ends.
    pub end: u64,
    /// Ranges inside it that are no instructions.
    pub between: &'c [(u64, u64)],
}

/// Bytes of an operand by which it is judged.
pub const HEAD: usize = encoding::HEAD;

/// Whether an operand of at least [`SHORTEST`] bytes that begins so is worth a closer look.
#[must_use]
pub fn may_carry(opcode: Opcode, head: &[u8]) -> bool {
    is_operand(opcode) && kind_of(opcode, head).is_some()
}

/// What a pickle carries. `member` and `source` are those of [`super::Look`].
///
/// # Errors
/// As [`Source::read_at`].
pub fn carried(
    member: &Member,
    source: &Arc<dyn Source>,
    carrier: &Carrier<'_>,
    limits: &Limits,
) -> io::Result<Carried> {
    let mut search = Search {
        member,
        source,
        limits,
        found: Carried::default(),
    };
    let mut decoder = Decoder::new(source.as_ref(), 0);
    for &at in carrier.telling {
        limits.deadline.spend(BEGINNING);
        if limits.deadline.has_passed() {
            return Ok(search.found);
        }
        decoder.jump(at);
        if let Ok(instruction) = decoder.advance() {
            search.instruction(&instruction)?;
        }
    }
    if carrier.cut {
        search.rest(carrier, decoder.position())?;
    }
    Ok(search.found)
}

/// Bytes behind the last pickle of a member that are searched, at their beginning and at their end.
const BEHIND: u64 = 256 << 10;

/// Pickles that use an import, in bytes behind the last pickle of a member. No reader of pickles
/// comes to them by itself, but a program that knows how long its records are does.
///
/// # Errors
/// As [`Source::read_at`].
pub fn behind(
    member: &Member,
    source: &Arc<dyn Source>,
    start: u64,
    limits: &Limits,
) -> io::Result<Carried> {
    let most = BEHIND.min(limits.searched);
    let middle = source.len().min(start.saturating_add(most));
    let last = source.len().saturating_sub(most).max(middle);
    let ranges = [(start, middle), (last, source.len())];
    searched(member, source, (ranges, Shortage::Passes), limits)
}

/// Pickles that use an import, in a member that seemed to be one without a header and is none.
///
/// # Errors
/// As [`Source::read_at`].
pub fn hidden(member: &Member, source: &Arc<dyn Source>, limits: &Limits) -> io::Result<Carried> {
    let with_end = member.path.is_empty() || source.contents().is_some();
    let ranges = hiding_places(source.as_ref(), member.start, with_end)?;
    searched(member, source, (ranges, Shortage::Ends), limits)
}

fn searched(
    member: &Member,
    source: &Arc<dyn Source>,
    (ranges, shortage): ([(u64, u64); 2], Shortage),
    limits: &Limits,
) -> io::Result<Carried> {
    let mut found = Carried::default();
    for range in ranges {
        let visit = &mut |at, stop| {
            let part = member.part(source, format!("@{at}"), (at, stop - at));
            found.members.push(part);
            found.members.len() < limits.members
        };
        if !carve::each(source.as_ref(), range, shortage, &limits.deadline, visit)? {
            found.left_out = Some("too much of it looks like pickles".to_owned());
        }
    }
    Ok(found)
}

/// The bytes or text of an instruction, if they are long enough.
fn operand(instruction: &Instruction) -> Option<Span> {
    let text = is_operand(instruction.opcode);
    match instruction.operand {
        Operand::Span(span) if text && span.length >= SHORTEST => Some(span),
        _ => None,
    }
}

/// Whether the operand of an instruction is bytes or text.
fn is_operand(opcode: Opcode) -> bool {
    use Opcode as Op;
    matches!(
        opcode,
        Op::ShortBinbytes
            | Op::Binbytes
            | Op::Binbytes8
            | Op::Bytearray8
            | Op::ShortBinstring
            | Op::Binstring
            | Op::ShortBinunicode
            | Op::Binunicode
            | Op::Binunicode8
            | Op::String
            | Op::Unicode
    )
}

/// What the beginning of an operand makes of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Guess {
    /// A line of protocol 0 that may be anything.
    Line,
    /// Bytes that stand in text, one character a byte.
    Characters,
    /// Packed data or a pickle, as it is.
    Plain,
    /// Text that stands for bytes, or holds such texts.
    Text,
}

/// What an operand that begins so may be that is worth a closer look.
fn kind_of(opcode: Opcode, head: &[u8]) -> Option<Guess> {
    let begins = |first: &u8| encoding::may_begin(*first) || *first == 0xc2;
    if !head.first().is_some_and(begins) {
        return None;
    }
    if matches!(opcode, Opcode::String | Opcode::Unicode) {
        let start = match opcode {
            Opcode::String => head.get(1..).unwrap_or_default(),
            _ => head,
        };
        // An escape near the start may be anything.
        let telling = encoding::is_promising(start)
            || start.iter().take(ESCAPED).any(|byte| *byte == b'\\')
            || encoding::guess(start).is_some()
            || is_json(start);
        return telling.then_some(Guess::Line);
    }
    if is_text(opcode) && is_written_as_text(head) {
        return Some(Guess::Characters);
    }
    // Text that reads like a pickle of protocol 0 is text.
    if encoding::is_packed(head) || encoding::begins_pickle(head) && !is_text(opcode) {
        return Some(Guess::Plain);
    }
    (encoding::guess(head).is_some() || is_json(head)).then_some(Guess::Text)
}

struct Search<'s> {
    member: &'s Member,
    source: &'s Arc<dyn Source>,
    limits: &'s Limits,
    found: Carried,
}

impl Search<'_> {
    /// Looks through what follows, instruction by instruction.
    fn rest(&mut self, carrier: &Carrier<'_>, start: u64) -> io::Result<()> {
        let mut window = Window::new(self.source.as_ref());
        let mut position = start;
        let mut between = carrier.between.iter().copied().peekable();
        let mut steps = 0;
        while position < carrier.end {
            while let Some((start, behind)) = between.next_if(|(start, _)| *start <= position) {
                if start == position {
                    position = behind.max(position);
                }
            }
            steps += 1;
            if steps % STEP == 0 {
                self.limits.deadline.spend(STEP);
                if self.limits.deadline.has_passed() {
                    break;
                }
            }
            let held = window.at(position, BEGINNING)?;
            let instruction = match decode_at(held, position) {
                Ok(instruction) => instruction,
                // A line may be longer than what the window holds.
                Err(_) => match Decoder::new(self.source.as_ref(), position).advance() {
                    Ok(instruction) => instruction,
                    Err(_) => break,
                },
            };
            self.instruction(&instruction)?;
            position = instruction.next;
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction) -> io::Result<()> {
        let Some(span) = operand(instruction) else {
            return Ok(());
        };
        let head = bytes_at(self.source.as_ref(), span.start, HEAD)?;
        let length = usize::try_from(span.length).unwrap_or(usize::MAX);
        let head = head.get(..length).unwrap_or(&head);
        match kind_of(instruction.opcode, head) {
            Some(Guess::Line) => self.look_into_line(instruction.opcode, span),
            Some(Guess::Characters) => self.look_into_characters(span),
            Some(Guess::Plain) => {
                let part = Part::new(Arc::clone(self.source), span.start, span.length);
                if is_loaded(&part)? {
                    let name = format!("bytes@{}", span.start);
                    let range = (span.start, span.length);
                    let member = self.member.part(self.source, name, range);
                    self.found.members.push(member);
                }
                Ok(())
            }
            Some(Guess::Text) => match self.text(span)? {
                Some(text) => self.look_into_text(&text, span),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn look_into_characters(&mut self, span: Span) -> io::Result<()> {
        let Some(text) = self.text(span)? else {
            return Ok(());
        };
        self.take_loaded(latin_1(&text).unwrap_or(text), span)
    }

    /// Takes bytes that stood in a text, where a loader would run something of them.
    fn take_loaded(&mut self, data: Vec<u8>, span: Span) -> io::Result<()> {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
        if is_loaded(source.as_ref())? {
            self.push("text", span, source);
        }
        Ok(())
    }

    /// Text of protocol 0, in which some characters are escaped.
    fn look_into_line(&mut self, opcode: Opcode, span: Span) -> io::Result<()> {
        let plain = |text: &[u8]| match opcode {
            Opcode::String => text_forms::string(text).ok(),
            _ => text_forms::unicode(text).ok(),
        };
        let Some(text) = self.text(span)?.and_then(|text| plain(&text)) else {
            return Ok(());
        };
        let head = text.get(..encoding::HEAD).unwrap_or(&text);
        if opcode == Opcode::String && encoding::is_promising(head) {
            return self.take_loaded(text, span);
        }
        self.look_into_text(&text, span)
    }

    fn look_into_text(&mut self, text: &[u8], span: Span) -> io::Result<()> {
        self.limits.deadline.spend(text.len());
        let head = text.get(..encoding::HEAD).unwrap_or(text);
        if encoding::guess(head).is_none() {
            if is_json(head) && holds_texts(text) {
                self.push("text", span, Arc::new(MemorySource::new(text)));
            }
            return Ok(());
        }
        for (data, kinds) in text::decoded(text) {
            let decoded: Arc<dyn Source> = Arc::new(MemorySource::new(data));
            if text::runs(decoded.as_ref())? {
                self.push(&kinds, span, decoded);
            }
        }
        Ok(())
    }

    /// A whole text; says so where it is too long to be decoded.
    fn text(&mut self, span: Span) -> io::Result<Option<Vec<u8>>> {
        let most = self.limits.payload;
        let length = usize::try_from(span.length).unwrap_or(usize::MAX);
        if length > most {
            let message = format!("a text of more than {most} bytes inside it was not decoded");
            self.found.left_out.get_or_insert(message);
            return Ok(None);
        }
        read_range(self.source.as_ref(), span.start, length).map(Some)
    }

    fn push(&mut self, kind: &str, span: Span, source: Arc<dyn Source>) {
        let path = self.member.inside(format!("{kind}@{}", span.start));
        self.found.members.push(Member::found(path, source, None));
    }
}

/// Whether a text begins like bytes that stand in it one character a byte, as they are written
/// below protocol 3 for `_codecs.encode` to turn back.
fn is_written_as_text(head: &[u8]) -> bool {
    encoding::is_packed(head) || matches!(head, [0xc2, 0x80, ..] | [0x1f, 0xc2, 0x8b, 8, ..])
}

/// The characters of a text as bytes, where each of them is one.
fn latin_1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

fn is_json(head: &[u8]) -> bool {
    matches!(head.trim_ascii_start(), [b'{' | b'[', ..])
}

/// Whether a string of a JSON text seems to stand for bytes, or a key for something to import.
fn holds_texts(text: &[u8]) -> bool {
    let mut quotes = memchr::memchr_iter(b'"', text);
    quotes.any(|quote| {
        let rest = text.get(quote + 1..).unwrap_or_default();
        let head = rest.get(..encoding::HEAD).unwrap_or(rest);
        encoding::guess(head).is_some() || head.starts_with(b"py/") || head.starts_with(b"_target_")
    })
}

/// Whether an instruction is text, which is never unpickled as it is.
fn is_text(opcode: Opcode) -> bool {
    use Opcode as Op;
    matches!(
        opcode,
        Op::ShortBinunicode | Op::Binunicode | Op::Binunicode8 | Op::Unicode
    )
}

/// Whether bytes are a pickle that uses an import, or are packed and hold something.
fn is_loaded(data: &dyn Source) -> io::Result<bool> {
    let head = read_range(data, 0, encoding::HEAD)?;
    if encoding::is_packed(&head) {
        return text::runs(data);
    }
    Ok(carve::extent(data, (0, data.len()))?.is_some())
}
