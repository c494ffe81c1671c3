//! Texts in base 64 inside other text: values of tables, of settings, of XML, of YAML.
//!
//! They are looked for by what base 64 makes of the beginning of a pickle or of packed data, where
//! a word begins.

use std::{io, sync::Arc};

use super::{
    Format, Head, Member, Opening, ProblemKind,
    encoding::{self, Kind},
    magic, sniff,
    text::{BASE64, decoded, runs},
    zip,
};
use crate::source::{MemorySource, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "embedded-text",
    matches: |head| {
        let quoted = head.text == Some(magic::JSON);
        let holds = || holds(head.bytes, quoted) || is_in_tail(head, quoted);
        is_text(head) && !(BASE64.matches)(head) && holds()
    },
    opener: open,
};

/// Whether all but few of the first bytes are those of text: readers of tables take others as well.
/// So begins a zip with a stored text, too, whose members are looked at anyway.
fn is_text(head: &Head<'_>) -> bool {
    let odd = |byte: &&u8| !byte.is_ascii_graphic() && !byte.is_ascii_whitespace();
    let others = || head.bytes.iter().filter(odd).count();
    let is_table = || encoding::is_little(others(), head.bytes.len());
    head.text.is_some() || is_table() && !(zip::FORMAT.matches)(head)
}

/// How pickles and packed data begin in base 64: protocols, gzip, zlib, zip, bzip2, xz, zstd.
const BEGINNINGS: [&[u8]; 9] = [
    b"gA", b"H4sI", b"eJ", b"eN", b"eA", b"UEsD", b"Qlpo", b"/Td6", b"KLUv",
];

/// Bytes that are searched at once, and what more is read to see the beginning of a text whole.
const STRIDE: usize = 1 << 20;

/// Where the texts of a piece of text begin. Those in quotes are found in JSON anyway.
fn places(text: &[u8], quoted: bool) -> Vec<usize> {
    let begins = |place: &usize| {
        let before = place.checked_sub(1).and_then(|before| text.get(before));
        let head = text.get(*place..).unwrap_or_default();
        let is_quoted = quoted && before == Some(&b'"');
        let is_inside = |byte: &u8| Kind::Base64.has(*byte) && !b"/-_".contains(byte);
        !is_quoted
            && !before.is_some_and(is_inside)
            && encoding::guess(value(head.get(..encoding::HEAD).unwrap_or(head))).is_some()
    };
    let mut places: Vec<usize> = { BEGINNINGS.iter() }
        .flat_map(|needle| memchr::memmem::find_iter(text, needle))
        .filter(begins)
        .collect();
    places.sort_unstable();
    places
}

/// A text to its end: to its padding, or to the end of the last line that holds nothing else.
fn value(text: &[u8]) -> &[u8] {
    let is_digit = |byte: &u8| Kind::Base64.has(*byte) || b"\\=".contains(byte);
    let mut end = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let digits = line.trim_ascii();
        let held = digits.iter().take_while(|byte| is_digit(byte)).count();
        let is_all = held == digits.len() && held > 0;
        if end > 0 && !is_all {
            break;
        }
        let start = line.len() - line.trim_ascii_start().len();
        end += if is_all { line.len() } else { start + held };
        if !is_all || digits.ends_with(b"=") {
            break;
        }
    }
    text.get(..end).unwrap_or(text)
}

/// Everything that a loader would run of a text that begins here.
fn loaded(text: &[u8]) -> io::Result<Vec<(Vec<u8>, String)>> {
    let mut found = Vec::new();
    for (data, names) in decoded(value(text)) {
        if runs(&MemorySource::new(data.as_slice()))? {
            found.push((data, names));
        }
    }
    Ok(found)
}

/// Whether some text in these bytes holds what a loader would run.
fn holds(text: &[u8], quoted: bool) -> bool {
    let is_loaded = |place: &usize| {
        let text = text.get(*place..).unwrap_or_default();
        loaded(text).is_ok_and(|found| !found.is_empty())
    };
    places(text, quoted).iter().any(is_loaded)
}

fn is_in_tail(head: &Head<'_>, quoted: bool) -> bool {
    head.tail.len() > head.bytes.len() && holds(head.tail, quoted)
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let end = opening.searched(source.len());
    let quoted = sniff::text(source.as_ref())? == Some(magic::JSON);
    let (mut position, mut behind) = (0, 0);
    while position < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(());
        }
        let piece = read_range(source.as_ref(), position, STRIDE + encoding::HEAD)?;
        opening.limits().deadline.spend(piece.len());
        for place in places(&piece, quoted)
            .into_iter()
            .take_while(|place| *place < STRIDE)
        {
            let at = position + place as u64;
            if at < behind {
                continue;
            }
            let text = read_range(source.as_ref(), at, opening.limits().payload.min(STRIDE))?;
            behind = at + value(&text).len() as u64;
            opening.limits().deadline.spend(text.len());
            for (data, names) in loaded(&text)? {
                let path = opening.member.inside(format!("{names}@{at}"));
                let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
                if !opening.member(Member::found(path, source, None)) {
                    return Ok(());
                }
            }
        }
        position += STRIDE as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_a_word_begins() {
        let pickle = b"\x80\x04\x8c\x02os\x8c\x06getcwd\x93)R.";
        let text = data_encoding::BASE64.encode(pickle);
        let around = [("a,b\n1,", "\n"), ("<a>", "</a>"), ("data:x;base64,", "")];
        for (before, after) in around {
            let text = format!("{before}{text}{after}");
            assert!(holds(text.as_bytes(), true), "{before}");
        }
        assert!(!holds(format!("x{text}").as_bytes(), false));
        let quoted = format!("\"{text}\"");
        assert!(holds(quoted.as_bytes(), false) && !holds(quoted.as_bytes(), true));
        let token = b"gAAAAABh_token_of_Fernet_that_holds_nothing eJust words here and there";
        assert!(!holds(token, false));
    }

    #[test]
    fn a_value_goes_on_in_lines_that_hold_nothing_else() {
        assert_eq!(value(b"gASV\n  Zm9v\n</a>"), b"gASV\n  Zm9v\n");
        assert_eq!(value(b"gASV\n2,Zm9v"), b"gASV\n");
        assert_eq!(value(b"gASVZg==\nZm9v"), b"gASVZg==\n");
        assert_eq!(value(b"gASV</a>"), b"gASV");
    }
}
