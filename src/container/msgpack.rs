//! msgpack: values of bytes, text and extension types may be pickles.
//!
//! msgpack-numpy keeps arrays of objects so and unpickles them. The structure is followed from
//! value to value; of a value no more than the beginning is read.

use std::{io, sync::Arc};

use super::{
    Format, Head, Opening, ProblemKind,
    encoding::{begins_pickle, is_packed},
    magic,
    trial::declares_pickle,
};
use crate::source::{Buffered, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "msgpack",
    matches,
    opener: open,
};

/// What one value begins with.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Token {
    /// Bytes before the payload.
    head: u64,
    /// Bytes of the payload.
    payload: u64,
    /// Values inside, which follow.
    inside: u64,
    what: What,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum What {
    Text,
    /// Bytes, those of extension types too.
    Bytes,
    Map,
    Array,
    Other,
}

/// Bytes that show what the longest token is: a type, a length and the number of an extension.
const LONGEST: usize = 6;

impl Token {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let number = |width: usize| {
            let digits = rest.get(..width)?;
            let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            Some(digits.iter().fold(0, fold))
        };
        let plain = |payload| Self::new((1, payload), 0, What::Other);
        let sized = |width: usize, extra: u64, what| {
            let head = 1 + width as u64 + extra;
            Some(Self::new((head, number(width)?), 0, what))
        };
        let counted = |width: usize, each: u64, what| {
            let head = 1 + width as u64;
            Some(Self::new((head, 0), number(width)? * each, what))
        };
        let low = |mask: u8| u64::from(first & mask);
        Some(match first {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => plain(0),
            0x80..=0x8f => Self::new((1, 0), low(0x0f) * 2, What::Map),
            0x90..=0x9f => Self::new((1, 0), low(0x0f), What::Array),
            0xa0..=0xbf => Self::new((1, low(0x1f)), 0, What::Text),
            0xc4..=0xc6 => return sized(1 << (first - 0xc4), 0, What::Bytes),
            0xc7..=0xc9 => return sized(1 << (first - 0xc7), 1, What::Bytes),
            0xca | 0xce | 0xd2 => plain(4),
            0xcb | 0xcf | 0xd3 => plain(8),
            0xcc | 0xd0 => plain(1),
            0xcd | 0xd1 => plain(2),
            0xd4..=0xd8 => Self::new((2, 1 << (first - 0xd4)), 0, What::Bytes),
            0xd9..=0xdb => return sized(1 << (first - 0xd9), 0, What::Text),
            0xdc | 0xdd => return counted(2 << (first - 0xdc), 1, What::Array),
            0xde | 0xdf => return counted(2 << (first - 0xde), 2, What::Map),
            0xc1 => return None,
        })
    }

    /// Whether it is a text of printable characters, as keys are.
    fn is_word(self, bytes: &[u8]) -> bool {
        let start = usize::try_from(self.head).unwrap_or(usize::MAX);
        let length = usize::try_from(self.payload).unwrap_or(usize::MAX);
        let word = bytes.get(start..).and_then(|rest| rest.get(..length));
        let is_text = matches!(self.what, What::Text | What::Bytes);
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        is_text && word.is_some_and(|word| !word.is_empty() && word.iter().all(printable))
    }

    /// Whether it is a pickle that declares its protocol, as far as it is held.
    fn is_pickle(self, bytes: &[u8]) -> bool {
        let start = usize::try_from(self.head).unwrap_or(usize::MAX);
        let length = usize::try_from(self.payload).unwrap_or(usize::MAX);
        let held = bytes.get(start..).unwrap_or_default();
        let ends = match held.get(length.saturating_sub(1)) {
            Some(last) => *last == b'.',
            // How picklers go on; whatever it is of older protocols.
            None => matches!(held.get(2), Some(0x95 | b'c' | b'}' | b']' | b'(')),
        };
        self.what == What::Bytes && declares_pickle(held) && ends
    }

    fn new((head, payload): (u64, u64), inside: u64, what: What) -> Self {
        Self {
            head,
            payload,
            inside,
            what,
        }
    }
}

/// Tokens in a row that are no accident.
const CONVINCING: usize = 6;

/// Tokens that are held against the beginning of a pickle where nothing else tells of the format.
const NEAR: usize = 64;

/// Numbers and short texts before the first map or array of a file that are passed over. Readers
/// hand out one value behind the other.
const SCALARS: usize = 4;

/// Where the first map or array of a file may begin.
fn behind_scalars(head: &Head<'_>) -> u64 {
    let mut at = 0;
    // Text is made of numbers, for msgpack, and many a magic number begins with some.
    let is_other = head.text.is_some()
        || is_packed(head.bytes)
        || magic::recognise(head.bytes, head.length).is_some();
    let most = if is_other { 0 } else { SCALARS };
    for _ in 0..most {
        let rest = usize::try_from(at).ok().and_then(|at| head.bytes.get(at..));
        match rest.and_then(Token::read) {
            Some(token) if token.inside == 0 && token.what != What::Bytes => {
                at += token.head + token.payload;
            }
            _ => break,
        }
    }
    at
}

/// Whether a file begins with a map of texts, or an array with such a map in it, and goes on so; or
/// whether a value near its beginning begins like a pickle.
fn matches(head: &Head<'_>) -> bool {
    let start = behind_scalars(head);
    let first = usize::try_from(start)
        .ok()
        .and_then(|start| head.bytes.get(start));
    if !matches!(
        first,
        Some(0x81..=0x9f | 0xc4..=0xc9 | 0xd4..=0xd8 | 0xdc..=0xdf)
    ) {
        return false;
    }
    let (mut at, mut left, mut tokens, mut keyed) = (start, 1_u64, 0_usize, false);
    let (mut is_key, mut is_odd, mut is_whole) = (false, false, false);
    loop {
        let rest = head.from(usize::try_from(at).unwrap_or(usize::MAX));
        let Some(token) = Token::read(rest) else {
            // What is held ends, inside a token or at its end, or it is no msgpack.
            let goes_on = left > 0 && rest.len() < LONGEST && tokens >= CONVINCING;
            return keyed && !is_odd && (is_whole || goes_on);
        };
        if token.is_pickle(rest) {
            return true;
        }
        // Nothing else can tell of the format any more.
        if (is_odd || left == 0) && tokens >= NEAR {
            return keyed && !is_odd && is_whole;
        }
        at = at.saturating_add(token.head).saturating_add(token.payload);
        tokens += 1;
        // Behind the first value may stand others. They tell nothing of the format.
        if left == 0 {
            continue;
        }
        // The first key of a map tells a format apart from the bytes of any other.
        is_odd |= is_key && !token.is_word(rest);
        keyed |= is_key;
        is_key = token.what == What::Map && token.inside > 0;
        left = (left - 1).saturating_add(token.inside);
        let is_end = at == head.length || at < head.length && tokens >= CONVINCING - 1;
        is_whole |= left == 0 && is_end;
    }
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source: Arc<dyn Source> = Arc::new(Buffered::new(Arc::clone(opening.source)));
    let (mut at, mut left) = (0, 0_u64);
    while at < source.len() {
        opening.limits().deadline.spend(LONGEST);
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to follow its values");
            return Ok(());
        }
        let Some(token) = Token::read(&read_range(source.as_ref(), at, LONGEST)?) else {
            opening.problem(
                ProblemKind::Damaged,
                format!("no value begins at byte {at}"),
            );
            return Ok(());
        };
        let start = at.saturating_add(token.head);
        at = start.saturating_add(token.payload);
        left = left.max(1) - 1 + token.inside;
        if matches!(token.what, What::Text | What::Bytes) && start < source.len() {
            let beginning = read_range(source.as_ref(), start, BEGINNING)?;
            let length = token.payload.min(source.len() - start);
            let is_short = length < beginning.len() as u64;
            if !is_short && (begins_pickle(&beginning) || is_packed(&beginning)) {
                let member =
                    opening
                        .member
                        .part(opening.source, format!("@{start}"), (start, length));
                if !opening.member(member) {
                    return Ok(());
                }
            }
        }
    }
    if at > source.len() || left > 0 {
        opening.problem(ProblemKind::Truncated, "its last value is not whole");
    }
    Ok(())
}

/// Bytes of a value that show whether it may be a pickle, which is no shorter.
const BEGINNING: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_msgpack(bytes: &[u8], length: u64) -> bool {
        matches(&Head {
            bytes,
            tail: &[],
            length,
            places: &[],
            text: None,
        })
    }

    #[test]
    fn maps_with_words_for_keys_are_msgpack() {
        let map = b"\x82\xa1a\x01\xa1b\x92\xc0\xcb\0\0\0\0\0\0\0\0";
        assert!(is_msgpack(map, map.len() as u64));
        assert!(is_msgpack(map, 1 << 20));
        assert!(!is_msgpack(&map[..9], 9));
        assert!(!is_msgpack(b"\x81\x01\xa1b", 4));
        let behind = [&b"\x80\x07\xa2ab"[..], map].concat();
        assert!(is_msgpack(&behind, behind.len() as u64));
        assert!(is_msgpack(b"\x81\x01\xc4\x04\x80\x04N.", 8));
        assert!(is_msgpack(b"\x91\xc4\x04\x80\x04N.\xc1", 8));
        assert!(is_msgpack(b"\x81\xa1a\x01\xc4\x04\x80\x04N.", 10));
        assert!(!is_msgpack(b"\x91\xc4\x04\x80\x04NN", 7));
        assert!(!is_msgpack(b"\x93NUMPY", 6));
        assert!(!is_msgpack(b"\x89PNG\r\n\x1a\n", 8));
    }

    #[test]
    fn tokens_say_where_the_next_one_is() {
        let token = |bytes: &[u8]| {
            Token::read(bytes).map(|token| (token.head, token.payload, token.inside))
        };
        assert_eq!(token(b"\xc4\x05"), Some((2, 5, 0)));
        assert_eq!(token(b"\xc8\x01\0\x09"), Some((4, 256, 0)));
        assert_eq!(token(b"\xd8\x01"), Some((2, 16, 0)));
        assert_eq!(token(b"\xde\0\x03"), Some((3, 0, 6)));
        assert_eq!(token(b"\xdd\0\0\0\x03"), Some((5, 0, 3)));
        assert_eq!(token(b"\xc6\0"), None);
        assert_eq!(token(b"\xc1"), None);
    }
}
