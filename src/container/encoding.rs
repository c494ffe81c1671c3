//! Texts that stand for bytes: base 64, hexadecimal, base 32, base 85, Ascii85, and what `spelled` adds.
//!
//! Which of them a text is in is decided by what its beginning stands for: only texts that decode
//! to the beginning of a pickle, of packed data or of code are decoded as a whole, and texts of
//! such texts.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

use super::spelled::{self, Spelling};

/// How a text stands for bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Base64,
    /// Base 64 without the digits `-` and `_`: decoders that do not know them pass over them.
    PlainBase64,
    Hexadecimal,
    Base32,
    Base85,
    Ascii85,
    /// Bytes that are spelled out.
    Spelled(Spelling),
}

impl Kind {
    /// Those that are known by their alphabet.
    const ALL: [Self; 6] = [
        Self::Hexadecimal,
        Self::Base64,
        Self::PlainBase64,
        Self::Base32,
        Self::Base85,
        Self::Ascii85,
    ];

    /// Whether it is base 64, however its digits are read.
    pub(super) fn is_base64(self) -> bool {
        matches!(self, Self::Base64 | Self::PlainBase64)
    }

    /// The name in the names of members.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Base64 | Self::PlainBase64 => "base64",
            Self::Hexadecimal => "hex",
            Self::Base32 => "base32",
            Self::Base85 => "base85",
            Self::Ascii85 => "ascii85",
            Self::Spelled(spelling) => spelling.name(),
        }
    }

    /// Whether a byte may stand in such a text.
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte always lies within a table of 256"
    )]
    pub(super) fn has(self, byte: u8) -> bool {
        ALPHABETS[byte as usize] & self.bit() != 0
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Base64 => 1,
            Self::PlainBase64 => 1 << 1,
            Self::Hexadecimal => 1 << 2,
            Self::Base32 => 1 << 3,
            Self::Base85 => 1 << 4,
            Self::Ascii85 => 1 << 5,
            Self::Spelled(_) => 1 << 6,
        }
    }

    const fn is_digit(self, byte: u8) -> bool {
        match self {
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
            }
            Self::PlainBase64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
            Self::Hexadecimal => byte.is_ascii_hexdigit(),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
            Self::Base85 => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'!' | b'#'..=b'&' | b'('..=b'+' | b'-' | b';'..=b'@')
                    || matches!(byte, b'^'..=b'`' | b'{'..=b'~')
            }
            Self::Ascii85 => matches!(byte, b'!'..=b'u' | b'z' | b'y' | b'~'),
            Self::Spelled(_) => true,
        }
    }

    /// The bytes that a text stands for. White space, line ends escaped as in JSON, and padding are
    /// left out, and so is what does not fill up a byte at the end.
    pub(super) fn decoded(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Base64 | Self::PlainBase64 => base64(self, text),
            Self::Hexadecimal => {
                let mut digits: Vec<u8> = digits(text, |byte| byte.is_ascii_hexdigit()).collect();
                digits.truncate(digits.len() / 2 * 2);
                data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()
            }
            Self::Base32 => {
                let mut digits: Vec<u8> = digits(text, |byte| Self::Base32.has(byte)).collect();
                // One, three or six digits more make no further byte.
                if matches!(digits.len() % 8, 1 | 3 | 6) {
                    digits.pop();
                }
                BASE_32.as_ref()?.decode(&digits).ok()
            }
            Self::Base85 => Some(base_85(text.iter().map_while(|&byte| {
                match value_85(byte) {
                    Some(value) => Some(Digit::Value(value)),
                    None => byte.is_ascii_whitespace().then_some(Digit::Nothing),
                }
            }))),
            Self::Ascii85 => {
                let text = text.trim_ascii();
                let text = text.strip_prefix(b"<~").unwrap_or(text);
                Some(base_85(text.iter().map_while(|&byte| match byte {
                    b'!'..=b'u' => Some(Digit::Value(byte - b'!')),
                    b'z' => Some(Digit::Zeros),
                    b'y' => Some(Digit::Spaces),
                    byte => is_space(byte).then_some(Digit::Nothing),
                })))
            }
            Self::Spelled(spelling) => Some(spelling.decoded(text)),
        }
    }
}

/// Of each byte, the encodings in which it may stand.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, where a panic is an error; there are 256 bytes"
)]
const ALPHABETS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut index = 0;
        while index < Kind::ALL.len() {
            if Kind::ALL[index].is_digit(byte as u8) {
                table[byte] |= Kind::ALL[index].bit();
            }
            index += 1;
        }
        byte += 1;
    }
    table
};

/// Bytes of a text that must stand in the alphabet of its encoding.
const FIRST: usize = 8;

/// The encodings in whose alphabets the first bytes of a text stand, in that of base 64 all but
/// two of twice as many. Readers of hexadecimal digits and of Ascii85 pass over white space.
#[expect(
    clippy::indexing_slicing,
    reason = "a byte always lies within a table of 256"
)]
fn alphabets(text: &[u8]) -> u8 {
    let text = text.strip_prefix(b"<~").unwrap_or(text);
    let first = text.get(..FIRST).unwrap_or(text);
    let fit = { first.iter() }.fold(u8::MAX, |all, byte| all & ALPHABETS[*byte as usize]);
    let more = text.get(..SHORTEST).unwrap_or(text);
    let others = more.iter().filter(|byte| !Kind::Base64.has(**byte));
    if is_little(others.count(), SHORTEST) {
        return fit | Kind::Base64.bit() | Kind::PlainBase64.bit();
    }
    if fit == 0 && first.iter().any(|byte| is_space(*byte)) {
        return spaced(more);
    }
    fit
}

/// The same for text that has white space among its first bytes.
#[expect(
    clippy::indexing_slicing,
    reason = "a byte always lies within a table of 256"
)]
fn spaced(more: &[u8]) -> u8 {
    let digits = more.iter().filter(|byte| !is_space(**byte));
    let fit = digits.fold(u8::MAX, |all, byte| all & ALPHABETS[*byte as usize]);
    fit & (Kind::Hexadecimal.bit() | Kind::Ascii85.bit())
}

/// Texts inside texts that are decoded.
pub(super) const MOST_LAYERS: usize = 4;

/// Bytes of a text that show what it is.
pub(super) const HEAD: usize = 96;

/// Fewest characters of a text that is decoded.
pub(super) const SHORTEST: usize = 16;

/// How a text stands for bytes that are worth a look; nothing where it does not seem to.
pub(super) fn guess(text: &[u8]) -> Option<Kind> {
    one_of(beginning(text)?, MOST_LAYERS)
}

/// Every way in which a text stands for bytes that are worth a look: the digits of base 64 are not
/// the same for all readers.
pub(super) fn guesses(text: &[u8]) -> Vec<Kind> {
    let Some(kind) = guess(text) else {
        return Vec::new();
    };
    let differs = || text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let mut kinds = vec![kind];
    if kind == Kind::Base64 && differs() {
        let promises = |head| promises(Kind::PlainBase64, head, MOST_LAYERS);
        kinds.extend(
            beginning(text)
                .filter(|head| promises(head))
                .map(|_| Kind::PlainBase64),
        );
    }
    kinds
}

/// Of so many bytes of a text one at least is a digit where digits are scattered in it.
const FEWEST: usize = 6;

/// The ways in which Python's reader of base 64, which passes over whatever is no digit, makes
/// something of a text with so many of those in it that it is none else.
pub(super) fn scattered(text: &[u8]) -> Vec<Kind> {
    let head = text.get(..HEAD).unwrap_or(text);
    let promises = |kind: &Kind| {
        let digits = || head.iter().filter(|byte| kind.has(**byte)).count();
        let is_scattered = || digits().saturating_mul(FEWEST) >= head.len();
        // Most texts show by their first two digits that they stand for nothing.
        first_byte(*kind, head).is_some_and(may_begin_alone)
            && is_scattered()
            && kind.decoded(head).is_some_and(|data| is_promising(&data))
    };
    let kinds = [Kind::Base64, Kind::PlainBase64].into_iter();
    let kinds: Vec<Kind> = kinds.filter(promises).collect();
    match kinds.is_empty() || guess(text).is_none() {
        true => kinds,
        false => Vec::new(),
    }
}

/// The first byte that a text in base 64 stands for.
fn first_byte(kind: Kind, text: &[u8]) -> Option<u8> {
    let mut digits = digits(text, |byte| kind.has(byte)).map(|digit| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    });
    Some(digits.next()? << 2 | digits.next()? >> 4)
}

/// The bytes of a text that it is judged by.
fn beginning(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    let head = text.get(..HEAD).unwrap_or(text);
    (head.len() >= SHORTEST).then_some(head)
}

/// The first encoding in which a text promises something.
fn one_of(head: &[u8], layers: usize) -> Option<Kind> {
    if let Some(spelling) = spelled::spelling(head) {
        let data = spelling.decoded(head);
        let inner = || layers > 0 && data.len() >= SHORTEST && one_of(&data, layers - 1).is_some();
        if is_promising(&data) || inner() {
            return Some(Kind::Spelled(spelling));
        }
    }
    let fit = alphabets(head);
    if fit == 0 {
        return None;
    }
    let mut kinds = Kind::ALL.into_iter().filter(|kind| fit & kind.bit() != 0);
    kinds.find(|kind| promises(*kind, head, layers))
}

/// Whether the beginning of a text, whose first bytes stand in the alphabet, stands for the
/// beginning of what is looked for.
fn promises(kind: Kind, head: &[u8], layers: usize) -> bool {
    // What follows the text may be in none of these alphabets; base 64 passes over what is not.
    let is_whole = kind.is_base64() && is_little(foreign(kind, head), head.len());
    let text = |most: usize| {
        let most = head.get(..most).unwrap_or(head);
        let end = most
            .iter()
            .position(|byte| !is_whole && !belongs(kind, *byte));
        end.and_then(|end| most.get(..end)).unwrap_or(most)
    };
    // Most texts show by their first characters that they stand for nothing. Twice as many are
    // enough for a whole one where some do not belong.
    let (start, is_marked) = match head.strip_prefix(b"<~") {
        Some(start) => (start.get(..SHORTEST).unwrap_or(start), true),
        None => (text(SHORTEST << u8::from(is_whole)), false),
    };
    let text_of_text = |begun: &[u8]| layers > 0 && alphabets(begun) != 0;
    let may_promise = |begun: &Vec<u8>| {
        let first = begun.first().copied();
        let goes_on = || is_marked || may_be_promising(begun) || text_of_text(begun);
        first.is_some_and(may_begin) && goes_on()
    };
    if !kind.decoded(start).as_ref().is_some_and(may_promise) {
        return false;
    }
    let Some(data) = kind.decoded(text(head.len())) else {
        return false;
    };
    let inner = layers > 0 && data.len() >= SHORTEST;
    is_promising(&data) || inner && one_of(&data, layers - 1).is_some()
}

/// Whether a byte may stand in a text, white space, escapes and padding included.
fn belongs(kind: Kind, byte: u8) -> bool {
    let is_spelled = matches!(kind, Kind::Spelled(_));
    is_spelled || kind.has(byte) || is_space(byte) || matches!(byte, b'\\' | b'=')
}

/// How many bytes of a text do not belong to it.
pub(super) fn foreign(kind: Kind, text: &[u8]) -> usize {
    let others = text.iter().filter(|byte| !belongs(kind, **byte));
    others.count()
}

/// Whether so many bytes of a text are few enough for it still to be one: one in eight.
pub(super) fn is_little(others: usize, length: usize) -> bool {
    others.saturating_mul(8) <= length
}

/// Whether what is looked for may begin with a byte. That spares most data a closer look.
pub(super) fn may_begin(byte: u8) -> bool {
    byte.is_ascii_graphic()
        || byte.is_ascii_whitespace()
        || matches!(
            byte,
            0x80 | 0x1f | 0xfd | 0x04 | 0x93 | 0x89 | 0xe3 | 0x95 | 0x8c
        )
}

/// The first bytes of what [`is_promising`], besides those of [`MAGICS`]: pickles, code, zlib.
const FIRST_BYTES: &[u8] = b"\x80\x95\x8cc(]}\xe3\x78";

/// Whether what [`is_promising`] may begin with a byte.
fn may_begin_alone(byte: u8) -> bool {
    FIRST_BYTES.contains(&byte) || MAGICS.iter().any(|magic| magic.first() == Some(&byte))
}

/// Whether bytes begin like a pickle, packed data or code.
pub(super) fn is_promising(data: &[u8]) -> bool {
    is_packed(data) || is_code(data) || begins_pickle(data)
}

/// Whether bytes of which more follow may turn out to be promising.
fn may_be_promising(begun: &[u8]) -> bool {
    let magic = MAGICS.iter().any(|magic| magic.starts_with(begun));
    let code = matches!(begun.first(), Some(0x63 | 0xe3)) && {
        begun.get(2..).unwrap_or_default().iter().take(3)
    }
    .all(|&byte| byte == 0);
    magic || code || is_packed(begun) || begins_pickle(begun) || begun.len() < 4
}

/// How what is opened begins, but for zlib.
const MAGICS: [&[u8]; 10] = [
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x5d\0\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"\x93NUMPY",
    b"7z\xbc\xaf\x27\x1c",
    b"\x89HDF\r\n\x1a\n",
];

/// Whether bytes begin like something that is opened.
pub(super) fn is_packed(data: &[u8]) -> bool {
    let zlib = matches!(data, [0x78, flags, ..] if (0x7800 | u16::from(*flags)) % 31 == 0);
    let first = data.first();
    zlib || MAGICS
        .iter()
        .any(|magic| magic.first() == first && data.starts_with(magic))
}

/// Whether bytes are a marshalled code object: its type, with or without the mark of a reference,
/// and small counts of arguments.
pub(super) fn is_code(data: &[u8]) -> bool {
    let kind = matches!(data.first(), Some(0x63 | 0xe3));
    kind && data.len() > 40 && data.get(2..5) == Some(&[0, 0, 0])
}

/// Whether bytes begin like a pickle: with a header, or with an import, or as older protocols do.
pub(super) fn begins_pickle(data: &[u8]) -> bool {
    let name = |rest: &[u8]| {
        let end = rest.iter().position(|&byte| !is_dotted(byte));
        rest.len() > 2 && end.is_none_or(|end| end > 1 && rest.get(end) == Some(&b'\n'))
    };
    match data {
        [0x80, 0..=5, ..] => true,
        // Without a header: a frame that is not huge, or a name.
        [0x95, _, _, _, 0, 0, 0, 0, ..] => true,
        [0x8c, 1..=64, name @ ..] => {
            name.len() > 2 && name.iter().take(3).all(|byte| is_dotted(*byte))
        }
        [b'c', rest @ ..] => name(rest),
        [b'(' | b']' | b'}', next, ..] => b"(]})cidltqprSVIJKMLFNXUT\x88\x89".contains(next),
        _ => false,
    }
}

/// White space as Python has it, which a vertical tab belongs to.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

pub(super) fn is_dotted(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.".contains(&byte)
}

/// The characters of a text that count.
fn digits(text: &[u8], counts: impl Fn(u8) -> bool) -> impl Iterator<Item = u8> {
    let mut bytes = text.iter().copied();
    std::iter::from_fn(move || {
        loop {
            match bytes.next()? {
                // `\n` and `\r`, and `\/`, which some writers make of a slash.
                b'\\' => {
                    if let Some(b'/') = bytes.next() {
                        return Some(b'/');
                    }
                }
                byte if counts(byte) => return Some(byte),
                _ => {}
            }
        }
    })
}

fn base64(kind: Kind, text: &[u8]) -> Option<Vec<u8>> {
    let digits = digits(text, |byte| kind.has(byte)).map(|digit| match digit {
        b'-' => b'+',
        b'_' => b'/',
        digit => digit,
    });
    let mut digits: Vec<u8> = digits.collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    if digits.len() < SHORTEST {
        return None;
    }
    BASE_64.as_ref()?.decode(&digits).ok()
}

static BASE_64: LazyLock<Option<Encoding>> =
    LazyLock::new(|| lenient("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"));
static BASE_32: LazyLock<Option<Encoding>> =
    LazyLock::new(|| lenient("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));

/// Trailing bits need not be zero for Python.
fn lenient(symbols: &str) -> Option<Encoding> {
    let mut decoder = Specification::new();
    decoder.symbols.push_str(symbols);
    decoder.check_trailing_bits = false;
    decoder.encoding().ok()
}

/// The value of a digit of `base64.b85encode`.
fn value_85(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        _ => {
            let place = b"!#$%&()*+-;<=>?@^_`{|}~"
                .iter()
                .position(|known| *known == byte);
            62 + u8::try_from(place?).ok()?
        }
    })
}

/// One character of a text in base 85.
enum Digit {
    Value(u8),
    /// Four zero bytes, or four spaces.
    Zeros,
    Spaces,
    Nothing,
}

/// Five digits are four bytes; fewer at the end are fewer bytes.
fn base_85(digits: impl Iterator<Item = Digit>) -> Vec<u8> {
    let mut data = Vec::new();
    let mut group: Vec<u8> = Vec::with_capacity(5);
    let number = |group: &[u8]| {
        let padded = group.iter().chain(std::iter::repeat(&84)).take(5);
        padded.fold(0_u32, |number, digit| {
            number.wrapping_mul(85).wrapping_add(u32::from(*digit))
        })
    };
    for digit in digits {
        match digit {
            Digit::Value(value) => group.push(value),
            Digit::Zeros => data.extend([0; 4]),
            Digit::Spaces => data.extend([b' '; 4]),
            Digit::Nothing => {}
        }
        if group.len() == 5 {
            data.extend(number(&group).to_be_bytes());
            group.clear();
        }
    }
    let left = group.len().saturating_sub(1);
    data.extend(number(&group).to_be_bytes().into_iter().take(left));
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKLE: &[u8] =
        b"\x80\x04\x95\x16\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06getcwd\x94\x93\x94)R.";

    /// As Python's `base64` and `binascii` write it.
    #[test]
    fn every_encoding_is_recognised_and_decoded() {
        let texts = [
            (Kind::Base64, "gASVFgAAAAAAAACMBXBvc2l4lIwGZ2V0Y3dklJOUKVIu"),
            (
                Kind::Hexadecimal,
                "80049516000000000000008c05706f736978948c066765746377649493942952 2e",
            ),
            (
                Kind::Base32,
                "QACJKFQAAAAAAAAAACGAK4DPONUXRFEMAZTWK5DDO5SJJE4UFFJC4===",
            ),
            (Kind::Base85, "fCQBm000000001t1#oY3X?T>324`h-V|Qeflawh^E&"),
            (Kind::Ascii85, "J-;,Qz!!!\"X\"`SC$Bm>l$#%qLh@s;IJPE[Lo/c"),
        ];
        for (kind, text) in texts {
            assert_eq!(guess(text.as_bytes()), Some(kind), "{text}");
            assert_eq!(
                kind.decoded(text.as_bytes()).as_deref(),
                Some(PICKLE),
                "{text}"
            );
        }
        let zeros = Kind::Ascii85.decoded(b"<~z87cURD]i,\"Ebo80~>").unwrap();
        assert_eq!(zeros, b"\0\0\0\0Hello World!");
        let odd = Kind::Base85.decoded(b"NM&qnZy;B1a%^NFAp").unwrap();
        assert_eq!(odd, b"Hello World!!");
    }

    #[test]
    fn a_text_of_a_text_is_recognised() {
        let inner = data_encoding::BASE64.encode(PICKLE);
        let outer = data_encoding::HEXUPPER.encode(inner.as_bytes());
        assert_eq!(guess(outer.as_bytes()), Some(Kind::Hexadecimal));
        assert_eq!(guess(b"The quick brown fox jumps over the lazy dog"), None);
        assert_eq!(guess(b"understandings of abbreviations"), None);
    }

    #[test]
    fn base64_is_decoded_as_python_does_it() {
        let plain = b"cos\ngetpid\n(tR.more";
        let text = data_encoding::BASE64.encode(plain);
        let broken = [&text.as_bytes()[..8], b"\\n", &text.as_bytes()[8..]].concat();
        assert_eq!(
            base64(Kind::Base64, text.as_bytes()).as_deref(),
            Some(&plain[..])
        );
        assert_eq!(base64(Kind::Base64, &broken).as_deref(), Some(&plain[..]));
        assert_eq!(base64(Kind::Base64, b"short"), None);
        // Whatever is not base 64 is passed over.
        let odd = [
            b"!",
            text.as_bytes().get(..5).unwrap(),
            b"\xba",
            &text.as_bytes()[5..],
        ]
        .concat();
        assert_eq!(base64(Kind::Base64, &odd).as_deref(), Some(&plain[..]));
        assert_eq!(guess(&odd), Some(Kind::Base64));
    }

    /// Decoders know `-` and `_` as digits or pass over them, and of everything else they pass over.
    #[test]
    fn what_is_a_digit_depends_on_the_reader() {
        let text = data_encoding::BASE64.encode(PICKLE).into_bytes();
        let mut odd = text.clone();
        odd.insert(30, b'_');
        assert_eq!(guesses(&text), [Kind::Base64]);
        assert_eq!(guesses(&odd), [Kind::Base64, Kind::PlainBase64]);
        let plain = Kind::PlainBase64.decoded(&odd);
        assert_eq!(plain.as_deref(), Some(PICKLE));
        let spread: Vec<u8> = text.iter().flat_map(|byte| [*byte, b'!']).collect();
        assert_eq!((guess(&spread), scattered(&text)), (None, Vec::new()));
        assert_eq!(scattered(&spread), [Kind::Base64, Kind::PlainBase64]);
        assert_eq!(scattered(b"a.b!c,d;e-f/g(h)i=j k\"l'm#n"), []);
    }

    #[test]
    fn white_space_may_stand_in_hexadecimal_digits_and_ascii85() {
        let pairs = [
            &b"80 04 95 16 00 00 00 00 00 00 00 8c"[..],
            b"<~J -;,Qz!!!\x0b\"X\"`SC$",
        ];
        for (text, kind) in pairs.into_iter().zip([Kind::Hexadecimal, Kind::Ascii85]) {
            assert_eq!(guess(text), Some(kind));
        }
    }

    #[test]
    fn whatever_is_promising_passes_by_its_first_byte() {
        let code = [&b"\x01\0\0\0"[..], &[0; 60]].concat();
        let tails = [
            &b"os\nsystem\n"[..],
            b"\x04N.",
            b"(cos\n",
            b"\x9c",
            b"\x02osab",
            &code,
        ];
        let magics = MAGICS.map(|magic| magic[1..].to_vec());
        let tails = tails.into_iter().map(<[u8]>::to_vec).chain(magics);
        let mut promising = 0;
        for tail in tails.chain([vec![20, 0, 0, 0, 0, 0, 0, 0]]) {
            for first in 0..=u8::MAX {
                let data = [&[first][..], &tail].concat();
                promising += usize::from(is_promising(&data));
                assert!(!is_promising(&data) || may_begin_alone(first), "{data:?}");
            }
        }
        assert!(promising > 20);
    }

    #[test]
    fn code_is_told_from_other_bytes() {
        let code = [&b"\xe3\x01\0\0\0"[..], &[0; 60]].concat();
        assert!(is_code(&code));
        assert!(!is_code(b"\x80\x04N."));
    }
}
