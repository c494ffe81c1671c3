//! `ast.literal_eval`: a Python literal to its value, with a stack of our own.

use super::{
    codecs,
    datum::{Datum, Kind, Run},
};
use crate::pickle::text as escapes;

/// How deep brackets may nest.
const DEPTH: usize = 64;

/// Values in one literal, at most.
const MOST_VALUES: usize = 1 << 16;

/// A bracket that is open.
struct Open {
    bracket: u8,
    items: Vec<Datum>,
    /// The key that waits for its value, in a dict.
    key: Option<Datum>,
    /// Whether a comma or a colon has been seen: `()`, `(1)`, `(1,)`, `{1}` and `{1: 2}` differ.
    comma: bool,
    colon: bool,
}

/// What the parser expects next.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Expect {
    /// A value, or the end of a bracket.
    Value,
    /// A comma, a colon or the end of a bracket.
    Behind,
}

/// The value of a literal; nothing where there is none or where it is not computed here (complex
/// numbers, integers beyond 64 bits, named characters).
pub(super) fn eval(run: &Run) -> Option<Datum> {
    let text = String::from_utf8(run.stored())
        .ok()
        .filter(|_| run.is_text())?;
    let mut rest = text.trim_start_matches([' ', '\t']).as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut expect = Expect::Value;
    let mut done = None;
    let mut values = 0usize;
    loop {
        rest = skip_space(rest, !open.is_empty());
        let Some((&byte, behind)) = rest.split_first() else {
            return done.filter(|_| open.is_empty());
        };
        values += 1;
        if values > MOST_VALUES || (done.is_some() && byte != b'\n' && byte != b'\r') {
            return None;
        }
        let value = match (byte, expect) {
            (b'\n' | b'\r', _) if done.is_some() => {
                rest = behind;
                continue;
            }
            (b'(' | b'[' | b'{', Expect::Value) if open.len() < DEPTH => {
                open.push(Open {
                    bracket: byte,
                    items: Vec::new(),
                    key: None,
                    comma: false,
                    colon: false,
                });
                rest = behind;
                continue;
            }
            (b',', Expect::Behind) => {
                let bracket = open.last_mut()?;
                if bracket.key.is_some() {
                    return None;
                }
                bracket.comma = true;
                (expect, rest) = (Expect::Value, behind);
                continue;
            }
            (b':', Expect::Behind) => {
                begin_value(open.last_mut()?)?;
                (expect, rest) = (Expect::Value, behind);
                continue;
            }
            (b')' | b']' | b'}', _) => {
                rest = behind;
                close(open.pop()?, byte, expect)?
            }
            (_, Expect::Value) => {
                let (value, behind) = scalar(rest, !open.is_empty())?;
                rest = behind;
                value
            }
            _ => return None,
        };
        expect = Expect::Behind;
        match open.last_mut() {
            None => done = Some(value),
            Some(bracket) => add(bracket, value)?,
        }
    }
}

/// Skips blanks and, inside brackets, line ends and comments.
fn skip_space(text: &[u8], inside: bool) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [b' ' | b'\t' | 0x0c, behind @ ..] => behind,
            [b'\n' | b'\r', behind @ ..] if inside => behind,
            [b'#', ..] => {
                let end = rest.iter().position(|&byte| byte == b'\n');
                rest.get(end.unwrap_or(rest.len())..).unwrap_or_default()
            }
            _ => return rest,
        };
    }
}

/// A colon: what stands before it is a key.
fn begin_value(open: &mut Open) -> Option<()> {
    let fits = open.bracket == b'{' && open.key.is_none();
    open.colon = true;
    open.key = Some(open.items.pop().filter(|_| fits)?);
    Some(())
}

fn add(open: &mut Open, value: Datum) -> Option<()> {
    match open.key.take() {
        Some(key) => open.items.extend([key, value]),
        // In a dict, what comes next must be a key: it waits as a single item for its colon.
        None => {
            if open.bracket != b'{' && !open.comma && !open.items.is_empty() {
                return None;
            }
            open.items.push(value);
        }
    }
    Some(())
}

fn close(open: Open, bracket: u8, expect: Expect) -> Option<Datum> {
    // A comma needs something before it.
    if (open.comma && open.items.is_empty()) || open.key.is_some() {
        return None;
    }
    let single = open.items.len() == 1 && !open.comma && expect == Expect::Behind;
    match (open.bracket, bracket) {
        (b'(', b')') if single => open.items.into_iter().next(),
        (b'(', b')') => Some(Datum::Tuple(open.items)),
        (b'[', b']') => Some(Datum::List(open.items)),
        (b'{', b'}') if open.colon || open.items.is_empty() => pairs(open.items),
        (b'{', b'}') => Some(Datum::Set(open.items)),
        _ => None,
    }
}

fn pairs(items: Vec<Datum>) -> Option<Datum> {
    let mut items = items.into_iter();
    let mut pairs = Vec::new();
    while let Some(key) = items.next() {
        pairs.push((key, items.next()?));
    }
    Some(Datum::Dict(pairs))
}

/// A name, a number or text, and what follows it.
fn scalar(text: &[u8], inside: bool) -> Option<(Datum, &[u8])> {
    if let Some(found) = string(text, inside) {
        return found;
    }
    let word_length = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | 0x80..));
    let (word, rest) = text.split_at_checked(word_length.count())?;
    match word {
        b"None" => Some((Datum::None, rest)),
        b"True" => Some((Datum::Bool(true), rest)),
        b"False" => Some((Datum::Bool(false), rest)),
        b"set" => {
            let rest = skip_space(rest, false).strip_prefix(b"(")?;
            let rest = skip_space(rest, true).strip_prefix(b")")?;
            Some((Datum::Set(Vec::new()), rest))
        }
        _ => signed_number(text),
    }
}

/// A number with at most one sign; more signs are for people who write riddles.
fn signed_number(text: &[u8]) -> Option<(Datum, &[u8])> {
    let (negative, body) = match text {
        [b'-', body @ ..] => (true, skip_space(body, false)),
        [b'+', body @ ..] => (false, skip_space(body, false)),
        _ => (false, text),
    };
    let exponent = |place: usize| {
        let before = place.checked_sub(1).and_then(|before| body.get(before));
        let hexadecimal = body.starts_with(b"0x") || body.starts_with(b"0X");
        matches!(before, Some(b'e' | b'E')) && !hexadecimal
    };
    let mut length = 0;
    while let Some(&byte) = body.get(length) {
        let sign = matches!(byte, b'+' | b'-') && exponent(length);
        if !sign && !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'.') {
            break;
        }
        length += 1;
    }
    let (digits, rest) = body.split_at_checked(length)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let number = match number(digits)? {
        Datum::Int(int) if negative => Datum::Int(int.checked_neg()?),
        Datum::Float(float) if negative => Datum::Float(-float),
        number => number,
    };
    Some((number, rest))
}

fn number(digits: &str) -> Option<Datum> {
    let begins = digits
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
    let separated = !digits.contains("__") && !digits.ends_with('_');
    if !begins || !separated {
        return None;
    }
    let plain = digits.replace('_', "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok().map(Datum::Int);
        }
    }
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        let zero_led = plain.starts_with('0') && plain.bytes().any(|byte| byte != b'0');
        return (!zero_led)
            .then(|| plain.parse().ok())
            .flatten()
            .map(Datum::Int);
    }
    // What Rust reads beyond Python's floats (`inf`) does not begin with a digit. An underscore
    // beside a point or an exponent is none of Python's.
    let float = plain.len() == digits.len() && plain != ".";
    float
        .then(|| plain.parse().ok())
        .flatten()
        .map(Datum::Float)
}

/// Text or bytes, with those that follow directly; nothing where no quote begins here.
#[allow(
    clippy::option_option,
    reason = "no text begins here is another answer than a text that is not valid"
)]
fn string(text: &[u8], inside: bool) -> Option<Option<(Datum, &[u8])>> {
    prefix(text)?;
    let mut rest = text;
    let mut whole: Option<Run> = None;
    while let Some((raw, kind, behind)) = prefix(rest) {
        let Some((part, behind)) = quoted(behind, raw, kind) else {
            return Some(None);
        };
        whole = match whole {
            None => Some(part),
            Some(mut whole) if whole.kind == part.kind => {
                whole.units.extend(part.units);
                Some(whole)
            }
            Some(_) => return Some(None),
        };
        rest = behind;
        let next = skip_space(rest, inside);
        if prefix(next).is_some() {
            rest = next;
        }
    }
    Some(whole.map(|run| (Datum::Run(run), rest)))
}

/// The letters before a quote: whether escapes stay as they are, what kind it is, and the rest
/// from the quote on.
fn prefix(text: &[u8]) -> Option<(bool, Kind, &[u8])> {
    let length = text.iter().position(|byte| matches!(byte, b'\'' | b'"'))?;
    let (letters, rest) = text.split_at_checked(length).filter(|_| length <= 2)?;
    let (raw, kind) = match letters.to_ascii_lowercase().as_slice() {
        b"" | b"u" => (false, Kind::Text),
        b"r" => (true, Kind::Text),
        b"b" => (false, Kind::Bytes),
        b"br" | b"rb" => (true, Kind::Bytes),
        _ => return None,
    };
    Some((raw, kind, rest))
}

fn quoted(text: &[u8], raw: bool, kind: Kind) -> Option<(Run, &[u8])> {
    let (&quote, _) = text.split_first()?;
    let triple = text
        .get(..3)
        .is_some_and(|start| start.iter().all(|&byte| byte == quote));
    let width = if triple { 3 } else { 1 };
    let body = text.get(width..)?;
    let mut length = 0;
    loop {
        let rest = body.get(length..)?;
        let (&byte, _) = rest.split_first()?;
        let end = rest
            .get(..width)
            .is_some_and(|end| end.iter().all(|&byte| byte == quote));
        match byte {
            _ if end => break,
            b'\\' => length += 2,
            b'\n' | b'\r' if !triple => return None,
            // The parser makes one line end of both kinds.
            b'\r' => return None,
            _ => length += 1,
        }
    }
    let (body, rest) = body.split_at_checked(length)?;
    let rest = rest.get(width..)?;
    let run = match (kind, raw) {
        (Kind::Text, true) => Run::from_wtf8(body)?,
        (Kind::Text, false) => unescaped(body)?,
        (_, _) if !body.is_ascii() => return None,
        (_, true) => Run::bytes(body),
        (_, false) => Run::bytes(&unescaped_bytes(body)?),
    };
    Some((run, rest))
}

/// The escapes of text over UTF-8.
fn unescaped(body: &[u8]) -> Option<Run> {
    if body.is_ascii() {
        return codecs::unicode_escape(body);
    }
    if body.contains(&b'\\') {
        return None;
    }
    Run::from_wtf8(body)
}

pub(super) fn unescaped_bytes(body: &[u8]) -> Option<Vec<u8>> {
    // A line that continues is the one escape that pickles do not know as Python does.
    if body.windows(2).any(|pair| pair == b"\\\n") {
        return None;
    }
    escapes::string(&[b"'", body, b"'"].concat()).ok()
}
