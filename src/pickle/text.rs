//! Text operands: the escapes of STRING and UNICODE, and how byte strings are shown to people.
//!
//! Text is kept as UTF-8 in which lone surrogates are allowed (three bytes each, as Python's
//! `surrogatepass` writes them). A Rust `String` could not hold every name that Python accepts.

use std::fmt::Write as _;

/// Why a text operand cannot be read. Every loader raises on these.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// A STRING is not between two equal quotes.
    Unquoted,
    /// A STRING ends in a backslash.
    TrailingBackslash,
    /// `\x` is not followed by two hexadecimal digits.
    BadHexEscape,
    /// `\u` or `\U` is not followed by four or eight hexadecimal digits.
    BadUnicodeEscape,
    /// `\U` names a code point above U+10FFFF.
    OutOfRange,
}

/// The bytes that the line of a STRING stands for, as `load_string` and `codecs.escape_decode`
/// read it. What text they are depends on the encoding that the caller of the loader chose.
///
/// # Errors
/// A [`TextError`] where all loaders raise.
pub fn string(line: &[u8]) -> Result<Vec<u8>, TextError> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(TextError::Unquoted),
    };
    let mut decoded = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'\\' {
            rest = escape(rest, &mut decoded)?;
        } else {
            decoded.push(byte);
        }
    }
    Ok(decoded)
}

/// Decodes what follows a backslash and returns what follows the escape.
fn escape<'a>(text: &'a [u8], decoded: &mut Vec<u8>) -> Result<&'a [u8], TextError> {
    let (&letter, rest) = text.split_first().ok_or(TextError::TrailingBackslash)?;
    decoded.push(match letter {
        b'\\' | b'\'' | b'"' => letter,
        b'b' => 8,
        b'f' => 12,
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'v' => 11,
        b'a' => 7,
        b'0'..=b'7' => {
            let more = rest
                .iter()
                .take(2)
                .take_while(|digit| (b'0'..=b'7').contains(digit));
            let length = 1 + more.count();
            let (digits, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
            // Three digits reach 511; C keeps the low byte, and so does `escape_decode`.
            decoded.push(digits.iter().fold(0u8, |value, digit| {
                value.wrapping_mul(8).wrapping_add(digit - b'0')
            }));
            return Ok(rest);
        }
        b'x' => {
            let (value, rest) = hexadecimal(rest, 2).ok_or(TextError::BadHexEscape)?;
            decoded.push(u8::try_from(value).map_err(|_| TextError::BadHexEscape)?);
            return Ok(rest);
        }
        // Unknown escapes keep their backslash.
        _ => {
            decoded.push(b'\\');
            return Ok(text);
        }
    });
    Ok(rest)
}

/// The text of the line of a UNICODE, as Python's `raw-unicode-escape` decodes it: `\uXXXX` and
/// `\UXXXXXXXX` are code points, every other byte is the code point of the same number. Two
/// escapes that name a surrogate pair stay two surrogates.
///
/// # Errors
/// A [`TextError`] where all loaders raise.
pub fn unicode(line: &[u8]) -> Result<Vec<u8>, TextError> {
    let mut decoded = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            push_code_point(u32::from(byte), &mut decoded);
            continue;
        }
        let Some((&letter, behind)) = rest.split_first() else {
            decoded.push(b'\\');
            break;
        };
        rest = behind;
        let digits = match letter {
            b'u' => 4,
            b'U' => 8,
            _ => {
                decoded.push(b'\\');
                push_code_point(u32::from(letter), &mut decoded);
                continue;
            }
        };
        let (value, behind) = hexadecimal(rest, digits).ok_or(TextError::BadUnicodeEscape)?;
        if value > u32::from(char::MAX) {
            return Err(TextError::OutOfRange);
        }
        push_code_point(value, &mut decoded);
        rest = behind;
    }
    Ok(decoded)
}

/// Exactly `count` hexadecimal digits and what follows them; at most eight.
fn hexadecimal(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let value = digits.iter().try_fold(0u32, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })?;
    Some((value, rest))
}

/// Appends a code point as UTF-8, a surrogate as the three bytes it would have.
pub(crate) fn push_code_point(value: u32, out: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(value) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let byte = |bits: u32, marker: u8| u8::try_from(bits & 0x3f).unwrap_or(0) | marker;
        out.push(byte(value >> 12, 0xe0));
        out.push(byte(value >> 6, 0x80));
        out.push(byte(value, 0x80));
    }
}

/// Whether bytes are text to Python's UTF-8 decoder with `surrogatepass`, which is how the
/// payloads of BINUNICODE are read. Loaders raise where this is false.
pub fn is_text(bytes: &[u8]) -> bool {
    Pieces { rest: bytes }.all(|piece| !matches!(piece, Piece::Invalid(_)))
}

/// A run of bytes that is shown in one way.
enum Piece<'a> {
    /// Valid UTF-8.
    Text(&'a str),
    /// A lone surrogate.
    Surrogate(u32),
    /// A byte that is no text.
    Invalid(u8),
}

/// Cuts bytes into [`Piece`]s.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let valid = match std::str::from_utf8(self.rest) {
            Ok(text) => text,
            Err(error) => {
                let (valid, _) = self.rest.split_at_checked(error.valid_up_to())?;
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        if !valid.is_empty() {
            self.rest = self.rest.get(valid.len()..)?;
            return Some(Piece::Text(valid));
        }
        let (piece, rest) = match self.rest {
            [0xed, middle @ 0xa0..=0xbf, last @ 0x80..=0xbf, rest @ ..] => {
                let low = (u32::from(*middle) & 0x3f) << 6 | u32::from(*last) & 0x3f;
                (Piece::Surrogate(0xd000 | low), rest)
            }
            [byte, rest @ ..] => (Piece::Invalid(*byte), rest),
            [] => return None,
        };
        self.rest = rest;
        Some(piece)
    }
}

/// Bytes as Python would write them, at most `limit` of them: `b'ab\x00'`. What is left out is
/// counted behind the closing quote, where it cannot be mistaken for contents.
pub fn show_bytes(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.get(..limit).unwrap_or(bytes);
    let quote = quote_for(shown);
    let mut out = format!("b{quote}");
    for &byte in shown {
        push_byte(byte, quote, &mut out);
    }
    out.push(quote);
    count_hidden((bytes.len() - shown.len()) as u64, &mut out);
    out
}

/// Text as Python would write it, at most `limit` bytes of it: `'a\n\ud800'`. Characters that
/// print are kept; bytes that are no text appear as `\xNN`.
pub fn show_text(text: &[u8], limit: usize) -> String {
    let shown = shorten(text, limit);
    let quote = quote_for(shown);
    let mut out = String::from(quote);
    push_text(shown, Some(quote), &mut out);
    out.push(quote);
    count_hidden((text.len() - shown.len()) as u64, &mut out);
    out
}

/// A module or a qualified name without quotes: nothing in it can reach the terminal as a control
/// character, and a space or a newline in a name is seen to be part of it.
pub fn show_name(name: &[u8], limit: usize) -> String {
    let shown = shorten(name, limit);
    let mut out = String::with_capacity(shown.len());
    push_text(shown, None, &mut out);
    count_hidden((name.len() - shown.len()) as u64, &mut out);
    out
}

/// Python prefers single quotes and changes to double ones where that saves escapes.
fn quote_for(bytes: &[u8]) -> char {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    }
}

/// The first `limit` bytes, or up to three fewer so that no character is cut.
pub(super) fn shorten(text: &[u8], limit: usize) -> &[u8] {
    if text.len() <= limit {
        return text;
    }
    let continued = |end: usize| {
        text.get(end)
            .is_some_and(|byte| (0x80..0xc0).contains(byte))
    };
    let end = (limit.saturating_sub(3)..=limit)
        .rev()
        .find(|&end| !continued(end));
    text.get(..end.unwrap_or(limit)).unwrap_or_default()
}

fn push_text(text: &[u8], quote: Option<char>, out: &mut String) {
    for piece in (Pieces { rest: text }) {
        match piece {
            Piece::Text(text) => text
                .chars()
                .for_each(|character| push_char(character, quote, out)),
            Piece::Surrogate(value) => push_escape('u', 4, value, out),
            Piece::Invalid(byte) => push_escape('x', 2, u32::from(byte), out),
        }
    }
}

fn push_char(character: char, quote: Option<char>, out: &mut String) {
    match u8::try_from(character) {
        Ok(b' ') if quote.is_none() => out.push_str("\\x20"),
        Ok(byte) if byte.is_ascii() => push_byte(byte, quote.unwrap_or('\0'), out),
        // Rust escapes what Python's `str.isprintable` refuses (controls, format characters such
        // as the ones that reverse the direction of writing, separators, surrogates, unassigned
        // ones) and combining marks besides; a character that prints is escaped to itself.
        _ if character.escape_debug().len() == 1 => out.push(character),
        _ => match u32::from(character) {
            value @ ..=0xff => push_escape('x', 2, value, out),
            value @ 0x100..=0xffff => push_escape('u', 4, value, out),
            value => push_escape('U', 8, value, out),
        },
    }
}

fn push_byte(byte: u8, quote: char, out: &mut String) {
    match byte {
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        b'\\' => out.push_str("\\\\"),
        b'\'' | b'"' if char::from(byte) == quote => out.extend(['\\', quote]),
        b' '..=b'~' => out.push(char::from(byte)),
        _ => push_escape('x', 2, u32::from(byte), out),
    }
}

fn push_escape(letter: char, width: usize, value: u32, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\\{letter}{value:0width$x}");
}

/// Says how many bytes are not shown, where there are any.
pub(super) fn count_hidden(hidden: u64, out: &mut String) {
    if hidden > 0 {
        let _ = write!(out, "… ({hidden} more bytes)");
    }
}
