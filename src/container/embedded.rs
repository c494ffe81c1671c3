//! Texts inside other text that stand for bytes: values of tables, of settings, of XML, of YAML, of
//! Python's sources.
//!
//! They are looked for by how the beginning of a pickle or of packed data looks in them, where a
//! word begins, and in rows of digits. A file is searched for them whatever else it is, if it is
//! text; what nobody else claims is searched, too, if all but few of its first bytes are text.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use regex::bytes::Regex;

use super::{
    Format, Head, Member, Opening, ProblemKind, carve,
    encoding::{self, Kind},
    framed, magic, msgpack, sniff,
    sniff::Sniffed,
    spelled,
    text::{BASE64, ENCODED, WIDE, decoded, runs},
    wrapper::{self, lzma, zlib},
};
use crate::{
    limits::Deadline,
    source::{MemorySource, Source, bytes_at, read_range},
};

/// It is not in the table of formats: only a search tells it.
pub(super) static FORMAT: Format = Format {
    name: "embedded-text",
    matches: |_| false,
    opener: open,
};

/// Whether such texts are in a source that has these readings.
pub(super) fn is_in(
    source: &dyn Source,
    head: &Head<'_>,
    readings: &[Sniffed],
    ranges: &[(u64, u64)],
) -> io::Result<bool> {
    let is_text = head.text.is_some() || !readings.iter().any(is_sure) && is_nearly_text(head);
    // What a pickle carries is looked at where it is followed.
    let is_pickle = |reading: &Sniffed| matches!(reading, Sniffed::Pickle(_));
    if !is_text || readings.iter().any(is_pickle) {
        return Ok(false);
    }
    let is_value = |reading: &Sniffed| match reading {
        Sniffed::Container(format) => **format == BASE64 || **format == ENCODED,
        _ => false,
    };
    // A text that begins with a value is read as that one by itself.
    let blank = { head.bytes.iter() }.take_while(|byte| byte.is_ascii_whitespace());
    let first = readings.iter().any(is_value).then(|| blank.count() as u64);
    for range in ranges {
        let mut found = false;
        let around = match head.text == Some(magic::JSON) {
            true => Around::Json,
            false => Around::Text,
        };
        let visit = &mut |at: u64, _: Vec<u8>, _: &str| {
            found |= first.is_none_or(|first| at > first + 1);
            !found
        };
        // What has so many texts that it is not searched to its end is opened, where that is noted.
        let bounds = (&Deadline::default(), MOST_TRIED);
        if !each(source, *range, around, bounds, visit)? || found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Formats that are not known by a signature, so that much else is taken for them.
const LOOSE: [&Format; 7] = [
    &BASE64,
    &ENCODED,
    &WIDE,
    &lzma::FORMAT,
    &zlib::FORMAT,
    &framed::FORMAT,
    &msgpack::FORMAT,
];

/// Whether a reading leaves no doubt about what a file is.
fn is_sure(reading: &Sniffed) -> bool {
    match reading {
        Sniffed::Container(format) => !LOOSE.contains(format),
        Sniffed::Pickle(_) => true,
        _ => false,
    }
}

/// Whether all but few of the first bytes are those of text: readers of tables take others as well.
fn is_nearly_text(head: &Head<'_>) -> bool {
    // Without a jump, so that many are compared at once.
    let odd =
        |byte: &u8| u16::from(!(b' '..=b'~').contains(byte) & !(b'\t'..=b'\r').contains(byte));
    let odd = usize::from(head.bytes.iter().map(odd).sum::<u16>());
    odd.saturating_mul(FEWEST_TEXT) <= head.bytes.len()
}

/// Of so many bytes one at most is none of text where data of no known kind is searched like text.
const FEWEST_TEXT: usize = 3;

/// How pickles and packed data begin in base 64: protocols, gzip, zlib, zip, bzip2, xz, zstd.
const BEGINNINGS: [&[u8]; 9] = [
    b"gA", b"H4sI", b"eJ", b"eN", b"eA", b"UEsD", b"Qlpo", b"/Td6", b"KLUv",
];

/// How bytes begin that are spelled out: escapes, signs, literals, uuencoded lines, numbers that stand
/// for a header or for packed data, which may follow others.
const SPELLED: [&[u8]; 11] = [
    b"\\x80", b"\\200", b"=80=0", b"%80%0", b"b'", b"b\"", b"128", b"0x80", b"120", b"31",
    b"begin ",
];

/// How numbers begin that stand for an older pickle, behind the bracket of a list.
const LISTED: [&[u8]; 4] = [b"99,", b"40,", b"93,", b"125,"];

/// All but lists at once: where lists are many, their brackets would stop a search for all.
static FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let all = BEGINNINGS.iter().chain(&SPELLED).copied();
    let all = all.map(|needle| regex::escape(&String::from_utf8_lossy(needle)));
    Regex::new(&all.collect::<Vec<_>>().join("|")).ok()
});

/// Bytes that are searched at once, and what more is read to see the beginning of a text whole.
const STRIDE: usize = 1 << 20;

/// Texts that are decoded before a file is opened.
const MOST_TRIED: usize = 4096;

/// What stands around the texts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// Other text.
    Text,
    /// JSON, whose strings are looked at anyway.
    Json,
    /// Others of their kind, at once: in columns of tables.
    Others,
}

/// How headers of pickles begin in hexadecimal digits.
const HEADERS: [&[u8]; 4] = [b"8002", b"8003", b"8004", b"8005"];

/// Where the texts of a piece of text begin.
fn places(text: &[u8], around: Around) -> Vec<usize> {
    let head = |place: usize| {
        let head = text.get(place..).unwrap_or_default();
        head.get(..encoding::HEAD).unwrap_or(head)
    };
    let before = |place: &usize| place.checked_sub(1).and_then(|before| text.get(before));
    let is_quoted = |place: &usize| around == Around::Json && before(place) == Some(&b'"');
    let begins = |place: &usize| {
        let is_inside = |byte: &u8| {
            around != Around::Others && Kind::Base64.has(*byte) && !b"/-_".contains(byte)
        };
        !is_quoted(place)
            && !before(place).is_some_and(is_inside)
            && (encoding::guess(head(*place)).is_some()
                || encoding::guess(digits(head(*place))).is_some()
                || !encoding::scattered(head(*place)).is_empty())
    };
    let spells = |place: &usize| {
        let is_inside = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        !before(place).is_some_and(is_inside)
            && spelled::spelling(head(*place)).is_some()
            && matches!(encoding::guess(head(*place)), Some(Kind::Spelled(_)))
    };
    let is_first = |place: &usize| {
        let rest = text.get(*place..).unwrap_or_default();
        match BEGINNINGS.iter().any(|needle| rest.starts_with(needle)) {
            true => begins(place),
            false => spells(place),
        }
    };
    let first = FIRST.iter().flat_map(|first| first.find_iter(text));
    let first = first.map(|found| found.start()).filter(is_first);
    let lists = memchr::memchr2_iter(b'[', b'(', text).filter(|place| {
        let listed = text.get(place + 1..).unwrap_or_default();
        LISTED.iter().any(|number| listed.starts_with(number)) && spells(place)
    });
    let rows = rows(text).filter_map(|place| {
        let guess = |place: usize| encoding::guess(digits(head(place)));
        let behind = || Some(place + prefix(head(place))?);
        match guess(place) {
            Some(_) => Some(place),
            None => behind().filter(|place| guess(*place) == Some(Kind::Hexadecimal)),
        }
    });
    // The first digit of a header in base 64, and behind it what is none.
    let lone = memchr::memchr_iter(b'g', text).filter(|place| {
        let is_none = |byte: &u8| !Kind::Base64.has(*byte) && !byte.is_ascii_whitespace();
        text.get(place + 1).is_some_and(is_none) && begins(place)
    });
    let mut found: Vec<usize> = first
        .chain(lists)
        .chain(lone)
        .chain(rows.filter(|place| !is_quoted(place)))
        .collect();
    if around == Around::Others {
        let is_hexadecimal =
            |place: &usize| encoding::guess(head(*place)) == Some(Kind::Hexadecimal);
        let headers = HEADERS.iter();
        let headers = headers.flat_map(|header| memchr::memmem::find_iter(text, header));
        found.extend(headers.filter(is_hexadecimal));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Where rows of digits begin. Only every so many bytes one is looked at, for shorter rows are none.
fn rows(text: &[u8]) -> impl Iterator<Item = usize> {
    const STEP: usize = encoding::SHORTEST;
    let is_digit = |place: usize| {
        let byte = text.get(place);
        byte.is_some_and(|byte| Kind::Base64.has(*byte))
    };
    let mut place = STEP - 1;
    let next = move || {
        while place < text.len() {
            let step = place + 1 - STEP..place + 1;
            place += STEP;
            if !is_digit(step.end - 1) {
                continue;
            }
            let start = step.clone().rev().find(|place| !is_digit(*place));
            let start = start.map_or(step.start, |before| before + 1);
            let goes_on = start == step.start && start > 0 && is_digit(start - 1);
            if !goes_on && (start..start + STEP).all(is_digit) {
                return Some(start);
            }
        }
        None
    };
    std::iter::from_fn(next)
}

/// How long the prefix of hexadecimal digits is that a row begins with.
fn prefix(row: &[u8]) -> Option<usize> {
    match row {
        [b'0', b'x' | b'X', ..] => Some(2),
        [b'x' | b'X', ..] => Some(1),
        _ => None,
    }
}

/// A text to its end: to its padding, or to the end of the last line that holds nothing else.
fn value(text: &[u8]) -> &[u8] {
    if let Some(Kind::Spelled(spelling)) = encoding::guess(text) {
        return text.get(..spelling.read(text).1).unwrap_or(text);
    }
    digits(text)
}

/// The same of a text whose bytes are not spelled out.
fn digits(text: &[u8]) -> &[u8] {
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

/// What a text stands for that a loader would run, and the encodings of each.
type Loaded = Vec<(Vec<u8>, String)>;

/// Bytes of a text that are decoded to see whether the rest is worth it.
const BEGINNING: usize = 16 << 10;

/// Everything that a loader would run of a text that begins at a place, and how long the text is;
/// nothing where that is nothing.
fn found(
    source: &dyn Source,
    (at, around): (u64, Around),
    deadline: &Deadline,
) -> io::Result<Option<(u64, Loaded)>> {
    let may_act = |data: &dyn Source| Ok(carve::may_act(data)?.then_some(0));
    let text = read_range(source, at, BEGINNING)?;
    deadline.spend(text.len());
    if text.len() == BEGINNING && loaded(&text, around, may_act)?.is_empty() {
        return Ok(None);
    }
    let text = match text.len() == BEGINNING {
        true => read_range(source, at, STRIDE)?,
        false => text,
    };
    deadline.spend(text.len());
    let found = loaded(&text, around, |data| carve::whole(data))?;
    Ok((!found.is_empty()).then(|| (value(&text).len() as u64, found)))
}

/// Where a pickle ends that does something; nothing where it does nothing.
type Acts = fn(&dyn Source) -> io::Result<Option<u64>>;

/// What the text at the beginning of some text stands for, if it is packed and some loader would
/// run it, or a pickle of which `acts` says so, or one that breaks off.
///
/// Python's reader of base 64 passes over whatever is no digit, so a text may go on behind that; and
/// what comes out of the text behind it does not matter, for it stands behind the pickle.
fn loaded(text: &[u8], around: Around, acts: Acts) -> io::Result<Loaded> {
    let mut found = Vec::new();
    for (text, is_exact) in [(value(text), around != Around::Others), (text, false)] {
        for (mut data, names) in decoded(text) {
            let source = MemorySource::new(data.as_slice());
            if encoding::is_packed(&data) {
                if is_packed(data.as_slice())? {
                    found.push((data, names));
                }
                continue;
            }
            let end = acts(&source)?;
            let cut = end.is_none() && is_exact && carve::breaks_off(&source)?;
            if !is_exact && let Some(end) = end {
                data.truncate(usize::try_from(end).unwrap_or(usize::MAX));
            }
            if end.is_some() || cut {
                found.push((data, names));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    // A backslash is an escape for some readers, and nothing for others.
    let bare: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\\').collect();
    let mut kinds = encoding::scattered(&bare);
    if bare.len() < text.len() {
        kinds.extend(encoding::guesses(&bare));
    }
    for kind in kinds {
        let mut data = kind.decoded(&bare).unwrap_or_default();
        if let Some(end) = acts(&MemorySource::new(data.as_slice()))? {
            data.truncate(usize::try_from(end).unwrap_or(usize::MAX));
            found.push((data, kind.name().to_owned()));
        }
    }
    Ok(found)
}

/// Whether packed data is whole and holds what some loader would run. Among numbers, much begins like
/// packed data.
fn is_packed(data: &[u8]) -> io::Result<bool> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let mut whole = false;
    for reading in sniff::at_sight(source.as_ref())? {
        if let Sniffed::Container(format) = reading {
            whole |= wrapper::is_whole(&source, format);
        }
    }
    Ok(whole && runs(source.as_ref())?)
}

/// Calls `visit` with each text in a range that holds what a loader would run: its place, what it
/// stands for and how, until it says `false`. Returns whether all was searched.
fn each(
    source: &dyn Source,
    (start, end): (u64, u64),
    around: Around,
    (deadline, most): (&Deadline, usize),
    visit: &mut dyn FnMut(u64, Vec<u8>, &str) -> bool,
) -> io::Result<bool> {
    let (mut position, mut behind, mut tried) = (start, start, 0);
    while position < end {
        let room = usize::try_from(end - position).unwrap_or(usize::MAX);
        let piece = bytes_at(source, position, room.min(STRIDE + encoding::HEAD))?;
        deadline.spend(piece.len());
        if deadline.has_passed() {
            return Ok(false);
        }
        let places = places(&piece, around).into_iter();
        for place in places.take_while(|place| *place < STRIDE) {
            let at = position + place as u64;
            if at < behind {
                continue;
            }
            if deadline.has_passed() || tried > most {
                return Ok(false);
            }
            tried += 1;
            let found = found(source, (at, around), deadline)?;
            let Some((length, found)) = found else {
                continue;
            };
            behind = at + length;
            for (data, names) in found {
                if !visit(at, data, &names) {
                    return Ok(true);
                }
            }
        }
        position += STRIDE as u64;
    }
    Ok(true)
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let end = opening.searched(opening.source.len());
    let around = match sniff::text(opening.source.as_ref())? == Some(magic::JSON) {
        true => Around::Json,
        false => Around::Text,
    };
    search(opening, (0, end), around).map(|_| ())
}

/// Searches a range and emits what texts in it stand for. `false` means: stop.
pub(super) fn search(
    opening: &mut Opening<'_>,
    range: (u64, u64),
    around: Around,
) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let deadline = opening.limits().deadline.clone();
    let mut room = true;
    let visit = &mut |at, data, names: &str| {
        let path = opening.member.inside(format!("{names}@{at}"));
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(data));
        room = opening.member(Member::found(path, source, None));
        room
    };
    let complete = each(
        source.as_ref(),
        range,
        around,
        (&deadline, usize::MAX),
        visit,
    )?;
    if !complete {
        opening.problem(ProblemKind::Limit, "it took too long to search it");
    }
    Ok(complete && room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &[u8], around: Around) -> bool {
        let mut found = false;
        let visit = &mut |_, _, _: &str| {
            found = true;
            true
        };
        let range = (0, text.len() as u64);
        let deadline = Deadline::default();
        each(
            &MemorySource::new(text),
            range,
            around,
            (&deadline, 100),
            visit,
        )
        .unwrap();
        found
    }

    #[test]
    fn texts_are_found_where_a_word_begins() {
        let pickle = b"\x80\x04\x8c\x02os\x8c\x06getcwd\x93)R.";
        let text = data_encoding::BASE64.encode(pickle);
        let around = [("a,b\n1,", "\n"), ("<a>", "</a>"), ("data:x;base64,", "")];
        for (before, after) in around {
            let text = format!("{before}{text}{after}");
            assert!(holds(text.as_bytes(), Around::Json), "{before}");
        }
        assert!(!holds(format!("x{text}").as_bytes(), Around::Text));
        let quoted = format!("\"{text}\"");
        assert!(holds(quoted.as_bytes(), Around::Text) && !holds(quoted.as_bytes(), Around::Json));
        let twice = format!("{text}{text}");
        assert!(holds(twice.get(1..).unwrap().as_bytes(), Around::Others));
        let token = b"gAAAAABh_token_of_Fernet_that_holds_nothing eJust words here and there";
        assert!(!holds(token, Around::Text));
    }

    #[test]
    fn other_bytes_in_a_text_are_passed_over() {
        let text = "id,model\n1,gA\u{10}SVFAAA;AAAAAACMBXBvc2l4lIwGZ2V0Y3dklJOUKVIu\n2,x\n";
        assert!(holds(text.as_bytes(), Around::Text));
    }

    #[test]
    fn every_way_to_write_bytes_is_found_in_text() {
        let pickle = b"\x80\x04\x8c\x05posix\x8c\x06getcwd\x93)R.";
        let old = b"cposix\ngetcwd\n(tR.";
        let numbers: Vec<String> = pickle.iter().map(u8::to_string).collect();
        let escaped: String = pickle.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let texts = [
            data_encoding::HEXLOWER.encode(pickle),
            format!("0x{}", data_encoding::HEXUPPER.encode(pickle)),
            format!("\\x{}", data_encoding::HEXLOWER.encode(old)),
            data_encoding::BASE64.encode(old),
            format!("b'{escaped}'"),
            r"b'cposix\ngetcwd\n(tR.'".to_owned(),
            format!("[{}]", numbers.join(", ")),
            format!("\n- {}\n", numbers.join("\n- ")),
            numbers.join(" "),
            "=80=04=8C=05posix=8C=06getcwd=93)R.".to_owned(),
        ];
        let words = "some words, and more of them, ";
        for text in texts {
            for around in 0..20 {
                let before = words.get(..around).unwrap();
                let text = format!("{before}\n1,{text}\n{words}");
                assert!(holds(text.as_bytes(), Around::Text), "{text}");
            }
        }
    }

    #[test]
    fn a_value_goes_on_in_lines_that_hold_nothing_else() {
        assert_eq!(value(b"gASV\n  Zm9v\n</a>"), b"gASV\n  Zm9v\n");
        assert_eq!(value(b"gASV\n2,Zm9v"), b"gASV\n");
        assert_eq!(value(b"gASVZg==\nZm9v"), b"gASVZg==\n");
        assert_eq!(value(b"gASV</a>"), b"gASV");
    }
}
