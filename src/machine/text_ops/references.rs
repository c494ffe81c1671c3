//! Characters written as references: `html.unescape` and `urllib.parse.unquote`.

use super::datum::{Datum, Kind, Run};

/// Entities of HTML 5 that stand for ASCII, which is what names are spelled with.
const ENTITIES: &[(&str, char)] = &[
    ("AMP", '&'),
    ("DiacriticalGrave", '`'),
    ("GT", '>'),
    ("Hat", '^'),
    ("LT", '<'),
    ("NewLine", '\n'),
    ("QUOT", '"'),
    ("Tab", '\t'),
    ("UnderBar", '_'),
    ("VerticalLine", '|'),
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("midast", '*'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("sol", '/'),
    ("verbar", '|'),
    ("vert", '|'),
];

/// What `html.unescape` makes of 0x80 to 0x9f: the characters of Windows-1252, where it has any.
const WINDOWS: [u32; 32] = [
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
    0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc,
    0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
];

/// `html.unescape(text)`; nothing where an entity is named that is not in the short table above.
pub(super) fn unescape_html(run: &Run) -> Option<Run> {
    let mut units = Vec::with_capacity(run.units.len());
    let mut rest = run.units.as_slice();
    while let Some((&unit, behind)) = rest.split_first() {
        rest = behind;
        if unit != u32::from(b'&') {
            units.push(unit);
            continue;
        }
        rest = match behind.first().copied().and_then(char::from_u32) {
            None | Some('\t' | '\n' | '\x0c' | ' ' | '<' | '&' | ';') => {
                units.push(unit);
                behind
            }
            Some('#') => numeric(behind, &mut units)?,
            Some(_) => named(behind, &mut units)?,
        };
    }
    run.is_text().then(|| run.with(units))
}

/// `#65;` or `#x41;` behind the ampersand.
fn numeric<'t>(text: &'t [u32], out: &mut Vec<u32>) -> Option<&'t [u32]> {
    let behind = text.get(1..)?;
    let hexadecimal = matches!(behind.first(), Some(0x78 | 0x58));
    let radix = if hexadecimal { 16 } else { 10 };
    let start = usize::from(hexadecimal);
    let digits = behind.get(start..)?.iter();
    let digits = digits.map_while(|&unit| char::from_u32(unit)?.to_digit(radix));
    let digits: Vec<u32> = digits.collect();
    if digits.is_empty() {
        out.push(u32::from(b'&'));
        return Some(text);
    }
    let fold = |value: u32, &digit: &u32| value.saturating_mul(radix).saturating_add(digit);
    let code = digits.iter().fold(0u32, fold);
    out.extend(character(code));
    let rest = behind.get(start + digits.len()..)?;
    Some(rest.strip_prefix(&[u32::from(b';')]).unwrap_or(rest))
}

fn character(code: u32) -> Option<u32> {
    match code {
        0 | 0xd800..=0xdfff | 0x11_0000.. => Some(0xfffd),
        0x0d => Some(0x0d),
        0x80..=0x9f => WINDOWS.get(usize::try_from(code - 0x80).ok()?).copied(),
        0x01..=0x08 | 0x0b | 0x0e..=0x1f | 0x7f | 0xfdd0..=0xfdef => None,
        _ if code & 0xfffe == 0xfffe => None,
        _ => Some(code),
    }
}

fn named<'t>(text: &'t [u32], out: &mut Vec<u32>) -> Option<&'t [u32]> {
    let letters = text.iter().take(32);
    let letters =
        letters.map_while(|&unit| char::from_u32(unit).filter(char::is_ascii_alphanumeric));
    let name: String = letters.collect();
    let behind = text.get(name.len()..)?;
    let rest = behind.strip_prefix(&[u32::from(b';')])?;
    let (_, character) = ENTITIES.iter().find(|(known, _)| *known == name)?;
    out.push(u32::from(*character));
    Some(rest)
}

/// `urllib.parse.unquote(text)`: what is quoted is UTF-8, and what is not valid is replaced.
pub(super) fn unquote(run: &Run, plus_is_space: bool) -> Option<Datum> {
    if !run.is_text() {
        let text = String::from_utf8_lossy(&unquoted(&run.narrow()?)).into_owned();
        return (!plus_is_space).then(|| Datum::text(&text));
    }
    let mut units = Vec::with_capacity(run.units.len());
    let spaced = run.units.iter().map(|&unit| match unit {
        0x2b if plus_is_space => 0x20,
        _ => unit,
    });
    let spaced: Vec<u32> = spaced.collect();
    for piece in spaced.chunk_by(|a, b| (*a < 0x80) == (*b < 0x80)) {
        match run.with(piece.to_vec()).ascii_or_bytes() {
            Some(ascii) => {
                let text = String::from_utf8_lossy(&unquoted(&ascii)).into_owned();
                units.extend(text.chars().map(u32::from));
            }
            None => units.extend_from_slice(piece),
        }
    }
    Some(Datum::Run(Run {
        kind: Kind::Text,
        units,
    }))
}

/// `urllib.parse.unquote_to_bytes(text)`.
pub(super) fn unquote_bytes(run: &Run) -> Option<Datum> {
    let has_surrogates = run.is_text() && run.string().is_none();
    (!has_surrogates).then(|| Datum::bytes(&unquoted(&run.stored())))
}

fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        let code = match (byte, behind) {
            (b'%', [high, low, ..]) => super::base::unhex(&[*high, *low]),
            _ => None,
        };
        match code {
            Some(code) => {
                out.extend(code);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => out.push(byte),
        }
    }
    out
}
