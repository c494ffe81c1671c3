//! Bytes that a text spells out one by one: Python's literals with escapes, rows of numbers,
//! quoted-printable and percent signs, uuencoded lines.

use super::{encoding, literal::escape};

/// How bytes are spelled out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// A literal of Python's, as `repr` writes bytes, with its prefix and quote or without.
    Literal,
    /// Two hexadecimal digits behind a sign: `=80=04`, `%80%04`.
    Signs,
    /// Numbers, as `list` makes them of bytes: with commas or white space, or as items of YAML.
    Numbers,
    /// Lines that `uuencode` wrote.
    Uuencoded,
}

/// Fewest numbers that are taken for bytes.
const FEWEST: usize = 8;

/// How a text that begins so may spell out bytes.
pub(super) fn spelling(head: &[u8]) -> Option<Spelling> {
    let is_sign = |head: &[u8]| matches!(head, [b'=' | b'%', one, _, b'=' | b'%' | b'\r' | b'\n', ..] if one.is_ascii_hexdigit());
    match head.first()? {
        b'\\' => Some(Spelling::Literal),
        b'b' | b'B' if quote(head).is_some() => Some(Spelling::Literal),
        b'b' if is_uuencoded(head) => Some(Spelling::Uuencoded),
        b'=' | b'%' if is_sign(head) => Some(Spelling::Signs),
        b'[' | b'(' | b'{' | b'-' | b'0'..=b'9' => {
            // Most rows of numbers show by their first one that they stand for nothing.
            let may_begin = |first: &u8| encoding::may_begin(*first);
            let begins = numbers(head, 1).0.first().is_some_and(may_begin);
            (begins && numbers(head, FEWEST).0.len() == FEWEST).then_some(Spelling::Numbers)
        }
        _ => None,
    }
}

impl Spelling {
    /// The name in the names of members.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Signs => "quoted",
            Self::Numbers => "numbers",
            Self::Uuencoded => "uuencoded",
        }
    }

    /// The bytes that a text spells out.
    pub(super) fn decoded(self, text: &[u8]) -> Vec<u8> {
        self.read(text).0
    }

    /// The bytes that a text spells out, and how long the text is.
    pub(super) fn read(self, text: &[u8]) -> (Vec<u8>, usize) {
        match self {
            Self::Literal => literal(text),
            Self::Signs => signs(text),
            Self::Numbers => numbers(text, usize::MAX),
            Self::Uuencoded => uuencoded(text),
        }
    }
}

/// The quote of a literal of bytes, and where its text begins. In a table the quotes may be
/// doubled.
fn quote(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'b' | b'B', quote @ (b'\'' | b'"'), next, ..] if next == quote => Some((*quote, 3)),
        [b'b' | b'B', quote @ (b'\'' | b'"'), ..] => Some((*quote, 2)),
        _ => None,
    }
}

/// Ends at its quote, or where a line does.
fn literal(text: &[u8]) -> (Vec<u8>, usize) {
    let (quote, start) = quote(text).map_or((None, 0), |(quote, start)| (Some(quote), start));
    let mut rest = text.get(start..).unwrap_or_default();
    let mut data = Vec::new();
    while let Some((&byte, behind)) = rest.split_first() {
        if byte == b'\\' {
            // A line that goes on in the next one, or an escape that is none.
            let goes_on = behind.strip_prefix(b"\n").or(behind.strip_prefix(b"\r\n"));
            match goes_on.or_else(|| escape(behind, &mut data)) {
                Some(next) => rest = next,
                None => break,
            }
            continue;
        }
        if Some(byte) == quote {
            // Literals that follow one another are one.
            let next = behind.trim_ascii_start();
            match self::quote(next).filter(|next| Some(next.0) == quote) {
                Some((_, start)) => rest = next.get(start..).unwrap_or_default(),
                None => break,
            }
            continue;
        }
        if byte == b'\n' {
            break;
        }
        data.push(byte);
        rest = behind;
    }
    (data, text.len() - rest.len())
}

fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

fn signs(text: &[u8]) -> (Vec<u8>, usize) {
    let Some((&sign, _)) = text.split_first() else {
        return (Vec::new(), 0);
    };
    let mut rest = text;
    let mut data = Vec::new();
    while let Some((&byte, behind)) = rest.split_first() {
        let hexadecimal = |one: u8, other: u8| Some(digit(one)? << 4 | digit(other)?);
        rest = match behind {
            _ if byte != sign => {
                data.push(byte);
                behind
            }
            // A line that goes on in the next one.
            [b'\r', b'\n', next @ ..] | [b'\n', next @ ..] if sign == b'=' => next,
            [one, other, next @ ..] => match hexadecimal(*one, *other) {
                Some(value) => {
                    data.push(value);
                    next
                }
                None => break,
            },
            _ => break,
        };
    }
    (data, text.len() - rest.len())
}

/// The first numbers that fit into a byte, negative ones included, up to something else. Between two
/// of them stands something.
fn numbers(text: &[u8], most: usize) -> (Vec<u8>, usize) {
    let is_between = |byte: &&u8| byte.is_ascii_whitespace() || b",;[({-".contains(byte);
    let mut data = Vec::new();
    let mut end = 0;
    while data.len() < most {
        let rest = text.get(end..).unwrap_or_default();
        let between = rest.iter().take_while(is_between).count();
        if between == 0 && !data.is_empty() {
            break;
        }
        let is_negative = rest.get(..between).is_some_and(|text| text.ends_with(b"-"));
        let rest = rest.get(between..).unwrap_or_default();
        let Some((value, length)) = number(rest) else {
            break;
        };
        let value = match is_negative {
            true if value > 128 => break,
            true => value.wrapping_neg(),
            false => value,
        };
        data.push(value);
        end += between + length;
    }
    (data, end)
}

/// A number of one byte at the beginning of a text, and its length.
fn number(text: &[u8]) -> Option<(u8, usize)> {
    let (radix, start) = match text {
        [b'0', b'x' | b'X', ..] => (16, 2),
        _ => (10, 0),
    };
    let digits = text.get(start..)?;
    let length = { digits.iter() }
        .take(4)
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    let digits = std::str::from_utf8(digits.get(..length)?).ok()?;
    let value = u8::from_str_radix(digits, radix).ok()?;
    Some((value, start + length))
}

/// Whether a text begins with the first line of `uuencode`: a mode and a name.
fn is_uuencoded(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"begin ") else {
        return false;
    };
    let mode = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'7'));
    matches!(mode.count(), 3 | 4)
}

fn uuencoded(text: &[u8]) -> (Vec<u8>, usize) {
    let mut data = Vec::new();
    let mut end = 0;
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let value = |byte: &u8| byte.wrapping_sub(b' ') & 0x3f;
        if number > 0 {
            let Some((count, digits)) = content.split_first().filter(|_| content != b"end") else {
                break;
            };
            let count = usize::from(value(count));
            let triple = |group: &[u8]| {
                let padded = group.iter().chain(std::iter::repeat(&b' ')).take(4);
                let number =
                    padded.fold(0_u32, |number, byte| number << 6 | u32::from(value(byte)));
                number.to_be_bytes().into_iter().skip(1)
            };
            data.extend(digits.chunks(4).flat_map(triple).take(count));
        }
        end += line.len();
    }
    (data, end)
}

#[cfg(test)]
mod tests {
    use super::{super::encoding::guess, *};
    use crate::container::encoding::Kind;

    const PICKLE: &[u8] = b"\x80\x04\x8c\x05posix\x94\x8c\x06getcwd\x94\x93\x94)R.";

    /// As `repr`, `quopri`, `urllib.parse`, `json` and `binascii` write it.
    #[test]
    fn every_spelling_is_recognised_and_read() {
        let list: Vec<String> = PICKLE.iter().map(u8::to_string).collect();
        let signed: Vec<String> = { PICKLE.iter() }
            .map(|byte| i8::from_le_bytes([*byte]).to_string())
            .collect();
        let texts = [
            (
                Spelling::Literal,
                r"b'\x80\x04\x8c\x05posix\x94\x8c\x06getcwd\x94\x93\x94)R.' and more".to_owned(),
            ),
            (
                Spelling::Literal,
                r"\200\004\214\005posix\224\214\006getcwd\224\223\224)R.".to_owned(),
            ),
            (
                Spelling::Signs,
                "=80=04=8C=05posix=94=8C=06=\ngetcwd=94=93=94)R.".to_owned(),
            ),
            (
                Spelling::Signs,
                "%80%04%8C%05posix%94%8C%06getcwd%94%93%94%29R.".to_owned(),
            ),
            (Spelling::Numbers, format!("[{}]", list.join(", "))),
            (Spelling::Numbers, format!("- {}\n", list.join("\n- "))),
            (Spelling::Numbers, signed.join(";")),
            (
                Spelling::Uuencoded,
                "begin 666 <data>\n8@ 2,!7!O<VEXE(P&9V5T8W=DE).4*5(N\n \nend\n".to_owned(),
            ),
        ];
        for (spelling, text) in texts {
            assert_eq!(
                guess(text.as_bytes()),
                Some(Kind::Spelled(spelling)),
                "{text}"
            );
            assert_eq!(spelling.decoded(text.as_bytes()), PICKLE, "{text}");
        }
    }

    #[test]
    fn what_spells_out_nothing_of_interest() {
        let texts = [
            r"\begin{document} and so on, with words",
            "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]",
            "begin 644 of them, or more, or less",
            "b'just some words in a literal of bytes'",
            "128.5, 4.25, 149.0, 30.1, 12.5, 9.75",
            "2026-11-28 12:00:00,1,2,3,4,5",
        ];
        for text in texts {
            assert_eq!(guess(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_text_ends_where_its_spelling_does() {
        assert_eq!(numbers(b"[1, 2, 300]", 9), (vec![1, 2], 5));
        assert_eq!(literal(br"b'a\n'b"), (b"a\n".to_vec(), 5));
        assert_eq!(literal(b"b'a'\n  b'b' b\"c\""), (b"ab".to_vec(), 10));
        assert_eq!(signs(b"=41=4"), (b"A".to_vec(), 3));
    }
}
