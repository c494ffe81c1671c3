//! Texts: pickles and code objects written as text, whole files of it or strings inside JSON, and
//! the names that JSON and YAML make their readers import.
//!
//! stable-baselines3 keeps pickles in the JSON of its archives, Spark in its parameters, Keras the
//! code of Lambda layers in the configuration of a model.

use std::{borrow::Cow, io, sync::Arc};

use super::{
    Format, Head, Member, Opening, ProblemKind, carve,
    encoding::{self, Kind},
    magic, named,
    sniff::{Sniffed, at_sight},
    trial, wide, wrapper,
};
use crate::source::{MemorySource, Source, bytes_at, read_range};

pub(super) const JSON: Format = Format {
    name: "json",
    matches: |head| head.text == Some(magic::JSON),
    opener: |opening| {
        let end = opening.searched(opening.source.len());
        search(opening, end)?;
        named::json(opening, end)
    },
};

pub(super) const YAML: Format = Format {
    name: "yaml",
    matches: |head| head.text == Some(magic::TEXT) && named::is_yaml(head),
    opener: |opening| {
        let end = opening.searched(opening.source.len());
        named::yaml(opening, end, &[])
    },
};

pub(super) const BASE64: Format = Format {
    name: "base64",
    // What follows a text may be no text: Python's decoder stops at its padding.
    matches: |head| match head.text {
        _ if !encoding::scattered(head.bytes).is_empty() => true,
        Some(_) => is_all(head, Kind::is_base64),
        None => encoding::guess(head.bytes).is_some_and(Kind::is_base64),
    },
    opener: open_text,
};

pub(super) const ENCODED: Format = Format {
    name: "encoded-text",
    matches: |head| head.text.is_some() && is_all(head, |kind| !kind.is_base64()),
    opener: open_text,
};

/// Text of two or four bytes a character, as readers of JSON and YAML take it.
pub(super) const WIDE: Format = Format {
    name: "utf-16",
    matches: |head| {
        let text = wide::width(head.bytes).map(|width| wide::decoded(head.bytes, width));
        text.is_some_and(|text| magic::text(text.as_bytes(), true).is_some())
    },
    opener: open_wide,
};

fn open_wide(opening: &mut Opening<'_>) -> io::Result<()> {
    let most = opening.limits().payload;
    if opening.source.len() > most as u64 {
        let message = format!("only its first {most} bytes were decoded");
        opening.problem(ProblemKind::Limit, message);
    }
    let bytes = read_range(opening.source.as_ref(), 0, most)?;
    opening.limits().deadline.spend(bytes.len());
    let text = wide::width(&bytes).map(|width| wide::decoded(&bytes, width));
    let source = Arc::new(MemorySource::new(text.unwrap_or_default().into_bytes()));
    let path = opening.member.inside("text");
    opening.member(Member::found(path, source, None));
    Ok(())
}

/// Whether a text is nothing but something in one of these encodings.
fn is_all(head: &Head<'_>, wanted: fn(Kind) -> bool) -> bool {
    // The cheaper question first: most data is answered by its first bytes.
    let Some(kind) = encoding::guess(head.bytes).filter(|kind| wanted(*kind)) else {
        return false;
    };
    let others = encoding::foreign(kind, head.bytes);
    // Python's decoder passes over whatever is not base 64.
    match kind.is_base64() {
        true => encoding::is_little(others, head.bytes.len()),
        false => others == 0,
    }
}

/// Bytes that are searched at once.
const STRIDE: usize = 1 << 20;

fn open_text(opening: &mut Opening<'_>) -> io::Result<()> {
    let most = opening.limits().payload;
    let length = opening.source.len();
    if length > most as u64 {
        let message = format!("only its first {most} bytes were decoded");
        opening.problem(ProblemKind::Limit, message);
    }
    let text = read_range(opening.source.as_ref(), 0, most)?;
    for kind in encoding::scattered(&text) {
        let data = kind.decoded(&text).unwrap_or_default();
        // Among so much else, a beginning alone says nothing.
        if tells_more(&data, &[]) && !run(opening, 0, (data, kind.name()))? {
            return Ok(());
        }
    }
    found(opening, 0, &text).map(|_| ())
}

/// Searches the first `end` bytes of a source for quoted strings that stand for bytes.
pub(super) fn search(opening: &mut Opening<'_>, end: u64) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let (mut position, mut behind) = (0, 0);
    while position < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(());
        }
        let chunk = bytes_at(source.as_ref(), position, STRIDE)?;
        opening.limits().deadline.spend(chunk.len());
        let mut next = position + chunk.len() as u64;
        let mut quotes = memchr::memchr_iter(b'"', &chunk).peekable();
        while let Some(quote) = quotes.next() {
            // Most strings are names, and too short to stand for anything.
            let is_escaped = |quote: usize| chunk.get(quote - 1) == Some(&b'\\');
            let closes = |next: &usize| next - quote <= encoding::SHORTEST && !is_escaped(*next);
            if quotes.peek().is_some_and(closes) {
                continue;
            }
            let at = position + quote as u64 + 1;
            let rest = chunk.get(quote + 1..).unwrap_or_default();
            if rest.len() < encoding::HEAD && next < source.len() && quote > 0 {
                // Looked at again with what follows.
                next = at - 1;
                break;
            }
            if at < behind || is_short(rest) {
                continue;
            }
            let head = quoted(rest);
            let is_plain = trial::declares_pickle(&head);
            if !is_plain && encoding::guess(&head).is_none() {
                continue;
            }
            let string = string(source.as_ref(), at, opening.limits().payload)?;
            behind = at + string.len() as u64;
            let string = unescaped(&string);
            let goes_on = match is_plain {
                // One character a byte.
                true => run(opening, at, (string, "text"))?,
                false => found(opening, at, &string)?,
            };
            if !goes_on {
                return Ok(());
            }
        }
        if next == position {
            break;
        }
        position = next;
    }
    Ok(())
}

/// Whether a string is too short to be decoded, or begins with words.
fn is_short(rest: &[u8]) -> bool {
    let beginning = rest.get(..encoding::SHORTEST).unwrap_or(rest);
    let word = beginning.get(..8).unwrap_or_default();
    let starts = word.first().is_some_and(|byte| !byte.is_ascii_whitespace());
    let words = starts && word.contains(&b' ') && !word.contains(&b'\\');
    words || closing(beginning).is_some()
}

/// The beginning of a string, up to its quote.
fn quoted(rest: &[u8]) -> Vec<u8> {
    let head = rest.get(..encoding::HEAD).unwrap_or(rest);
    let end = closing(head).unwrap_or(head.len());
    unescaped(head.get(..end).unwrap_or(head))
}

/// Where a string ends: at the first quote that is not escaped.
fn closing(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'"', text).find(|&quote| {
        let before = text.get(..quote).unwrap_or_default();
        let escapes = before.iter().rev().take_while(|byte| **byte == b'\\');
        escapes.count() % 2 == 0
    })
}

/// A string of JSON without its escapes. Characters beyond Latin-1 are left out: no text that
/// stands for bytes has any.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.next()).flatten();
        match escaped {
            Some(b'n' | b'r' | b't') => plain.push(b'\n'),
            Some(b'u') => {
                let digits: Vec<u8> = bytes.by_ref().take(4).collect();
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                plain.extend(u8::from_str_radix(digits, 16).ok());
            }
            Some(escaped) => plain.push(escaped),
            None => plain.push(byte),
        }
    }
    plain
}

/// The string that starts at `at`, up to its quote or to so many bytes, as it stands there.
fn string(source: &dyn Source, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut string = Vec::new();
    let mut size = 4 << 10;
    loop {
        let piece = read_range(source, at + string.len() as u64, size)?;
        let is_last = piece.len() < size;
        let from = string.len().saturating_sub(1);
        string.extend_from_slice(&piece);
        // An escape may have begun before this piece: the quote is looked for in all of it.
        let has_quote = memchr::memchr(b'"', string.get(from..).unwrap_or_default()).is_some();
        let end = has_quote.then(|| closing(&string)).flatten();
        if let Some(end) = end {
            string.truncate(end);
            return Ok(string);
        }
        if is_last || string.len() >= most {
            return Ok(string);
        }
        size = (size * 2).min(STRIDE);
    }
}

/// Everything that a text stands for that seems to hold something, and the encodings of each,
/// outermost first.
pub(super) fn decoded(text: &[u8]) -> Vec<(Vec<u8>, String)> {
    let mut found = Vec::new();
    let mut texts = vec![(Cow::Borrowed(text), String::new(), 0)];
    while let Some((text, names, layers)) = texts.pop() {
        let mut first: Option<Vec<u8>> = None;
        for kind in encoding::guesses(&text) {
            let Some(data) = kind.decoded(&text) else {
                continue;
            };
            if first
                .as_ref()
                .is_some_and(|first| !tells_more(&data, first))
            {
                continue;
            }
            first.get_or_insert_with(|| data.clone());
            let names = match names.as_str() {
                "" => kind.name().to_owned(),
                names => format!("{names}-{}", kind.name()),
            };
            let is_text = !encoding::is_promising(&data) && encoding::guess(&data).is_some();
            match is_text && layers < encoding::MOST_LAYERS {
                true => texts.push((Cow::Owned(data), names, layers + 1)),
                false => found.push((data, names)),
            }
        }
    }
    found
}

/// Whether a second reading of a text says something that the first one does not: packed data that
/// is whole, a pickle that does something behind the place where they part.
fn tells_more(data: &[u8], first: &[u8]) -> bool {
    let parted = data
        .iter()
        .zip(first)
        .take_while(|(one, other)| one == other)
        .count();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let formats = at_sight(source.as_ref()).unwrap_or_default();
    let mut formats = formats.iter().filter_map(|reading| match reading {
        Sniffed::Container(format) => Some(format),
        _ => None,
    });
    match encoding::is_packed(data) {
        true => formats.any(|format| wrapper::is_whole(&source, format)),
        false => carve::acts_behind(source.as_ref(), parted as u64).unwrap_or(true),
    }
}

/// Decodes a text and emits what it holds, if it is something that a loader would run. `false`
/// means: stop.
fn found(opening: &mut Opening<'_>, at: u64, text: &[u8]) -> io::Result<bool> {
    opening.limits().deadline.spend(text.len());
    for (data, names) in decoded(text) {
        if !run(opening, at, (data, &names))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Emits what a text stood for, if it is something that a loader would run. `false` means: stop.
fn run(opening: &mut Opening<'_>, at: u64, (data, names): (Vec<u8>, &str)) -> io::Result<bool> {
    if encoding::is_code(&data) {
        opening.code(at, data);
        return Ok(true);
    }
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    if !runs(source.as_ref())? {
        return Ok(true);
    }
    let path = opening.member.inside(format!("{names}@{at}"));
    Ok(opening.member(Member::found(path, source, None)))
}

/// Whether some loader would run something of data that nothing but its beginning speaks for. Of
/// packed data, what comes out first has to say so: many a row of bytes begins like an archive.
pub(super) fn runs(data: &dyn Source) -> io::Result<bool> {
    for reading in at_sight(data)? {
        match reading {
            Sniffed::Pickle(_) => return Ok(true),
            Sniffed::Container(format) => match wrapper::beginning(data, format)? {
                Some(beginning) if is_nothing(&beginning)? => {}
                _ => return Ok(true),
            },
            Sniffed::PerhapsPickle if carve::extent(data, (0, data.len()))?.is_some() => {
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

fn is_nothing(beginning: &[u8]) -> io::Result<bool> {
    let readings = at_sight(&MemorySource::new(beginning))?;
    let nothing = |reading: &Sniffed| matches!(reading, Sniffed::NoPickle(_) | Sniffed::Empty);
    Ok(readings.iter().all(nothing))
}
