//! Pickles and code objects in base 64: a text that is nothing else, or strings inside JSON.
//!
//! stable-baselines3 keeps pickles in the JSON of its archives, Spark in its parameters, Keras the
//! code of Lambda layers in the configuration of a model.

use std::{io, sync::Arc};

use data_encoding::BASE64_NOPAD;

use super::{Format, Member, Opening, ProblemKind, magic, sniff, sniff::Sniffed};
use crate::source::{MemorySource, Source, read_range};

pub(super) const JSON: Format = Format {
    name: "json",
    matches: |head| head.text == Some(magic::JSON),
    opener: |opening| {
        let end = opening.searched(opening.source.len());
        search(opening, end)
    },
};

pub(super) const BASE64: Format = Format {
    name: "base64",
    matches: |head| {
        let in_text = |byte: &u8| is_digit(*byte) || byte.is_ascii_whitespace() || *byte == b'=';
        head.bytes.len() >= SHORTEST
            && telling(head.bytes.trim_ascii_start())
            && head.bytes.iter().all(in_text)
    },
    opener: open_base64,
};

/// Fewest characters of a text that is decoded.
const SHORTEST: usize = 16;

/// Bytes that are searched at once.
const STRIDE: usize = 1 << 20;

/// Bytes of the longest beginning that is looked for.
const LONGEST_BEGINNING: usize = 4;

/// Whether a text begins as base 64 does of what is looked for: pickles with a header and without
/// one, gzip, zlib, marshalled code. Asked at every quote of every JSON file.
fn telling(text: &[u8]) -> bool {
    match text {
        [b'Y' | b'K', ..] | [b'g', b'A', ..] | [b'4', b'w', ..] => true,
        [b'e', second, ..] => matches!(second, b'J' | b'N' | b'A' | b'F'),
        [b'H', rest @ ..] => rest.starts_with(b"4sI"),
        _ => false,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn open_base64(opening: &mut Opening<'_>) -> io::Result<()> {
    let most = opening.limits().payload;
    let length = opening.source.len();
    if length > most as u64 {
        let message = format!("only its first {most} bytes were decoded");
        opening.problem(ProblemKind::Limit, message);
    }
    let text = read_range(opening.source.as_ref(), 0, most)?;
    found(opening, 0, &text).map(|_| ())
}

/// Searches the first `end` bytes of a source for quoted strings in base 64.
pub(super) fn search(opening: &mut Opening<'_>, end: u64) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let (mut position, mut behind) = (0, 0);
    while position < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(());
        }
        let chunk = read_range(source.as_ref(), position, STRIDE)?;
        let mut next = position + chunk.len() as u64;
        for quote in memchr::memchr_iter(b'"', &chunk) {
            let at = position + quote as u64 + 1;
            let rest = chunk.get(quote + 1..).unwrap_or_default();
            if rest.len() < LONGEST_BEGINNING && next < source.len() {
                // Looked at again with what follows.
                next = at - 1;
                break;
            }
            if at < behind || !telling(rest) {
                continue;
            }
            let string = string(source.as_ref(), at, opening.limits().payload)?;
            behind = at + string.len() as u64;
            if !found(opening, at, &string)? {
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

/// The string that starts at `at`, up to its quote, to what is no base 64, or to so many bytes.
fn string(source: &dyn Source, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut string = Vec::new();
    let mut size = 4 << 10;
    loop {
        let piece = read_range(source, at + string.len() as u64, size)?;
        let in_string = |byte: &u8| is_digit(*byte) || matches!(byte, b'=' | b'\\');
        let length = piece.iter().take_while(|byte| in_string(byte)).count();
        string.extend_from_slice(piece.get(..length).unwrap_or_default());
        if length < size || string.len() >= most {
            return Ok(string);
        }
        size = (size * 2).min(STRIDE);
    }
}

/// Decodes a text and emits what it holds, if it is something that a loader would run. `false`
/// means: stop.
fn found(opening: &mut Opening<'_>, at: u64, text: &[u8]) -> io::Result<bool> {
    let Some(data) = decoded(text) else {
        return Ok(true);
    };
    if is_code(&data) {
        opening.code(at, data);
        return Ok(true);
    }
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let readings = sniff(source.as_ref())?;
    let runs = |reading: &Sniffed| matches!(reading, Sniffed::Pickle(_) | Sniffed::Container(_));
    if !readings.iter().any(runs) {
        return Ok(true);
    }
    let path = opening.member.inside(format!("base64@{at}"));
    Ok(opening.member(Member::found(path, source, None)))
}

/// The bytes that a text stands for. Line ends, also escaped as in JSON, and padding are left out,
/// and so is what does not fill up a byte at the end.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            // `\n` and `\r`, and `\/`, which some writers make of a slash.
            b'\\' => digits.extend(bytes.next().filter(|byte| *byte == b'/')),
            b'-' => digits.push(b'+'),
            b'_' => digits.push(b'/'),
            byte if is_digit(byte) => digits.push(byte),
            _ => {}
        }
    }
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    if digits.len() < SHORTEST {
        return None;
    }
    // Trailing bits need not be zero for Python.
    let mut decoder = data_encoding::Specification::new();
    decoder.symbols.push_str(SYMBOLS);
    decoder.check_trailing_bits = false;
    let decoder = decoder.encoding();
    decoder
        .ok()
        .and_then(|decoder| decoder.decode(&digits).ok())
        .or_else(|| BASE64_NOPAD.decode(&digits).ok())
}

const SYMBOLS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Whether bytes are a marshalled code object: its type, with or without the mark of a reference,
/// and small counts of arguments.
fn is_code(data: &[u8]) -> bool {
    let kind = matches!(data.first(), Some(0x63 | 0xe3));
    kind && data.len() > 40 && data.get(2..5) == Some(&[0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_as_python_does_it() {
        let plain = b"cos\ngetpid\n(tR.more";
        let text = data_encoding::BASE64.encode(plain);
        let broken = text.replacen("LgQ", "LgQ\\n", 1).into_bytes();
        assert_eq!(decoded(text.as_bytes()).as_deref(), Some(&plain[..]));
        assert_eq!(
            decoded(&[&broken[..8], b"\\n", &broken[8..]].concat()).as_deref(),
            Some(&plain[..])
        );
        assert_eq!(decoded(b"short"), None);
    }

    #[test]
    fn code_is_told_from_other_bytes() {
        let code = [&b"\xe3\x01\0\0\0"[..], &[0; 60]].concat();
        assert!(is_code(&code));
        assert!(!is_code(b"\x80\x04N."));
    }
}
