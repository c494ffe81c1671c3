//! Encodings: between text and bytes, text and text, bytes and bytes, by the names CPython knows.

use super::{
    base,
    datum::{Kind, Run},
    inflate, utf7,
};
use crate::pickle::text;

/// A codec of CPython's `encodings` package.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Codec {
    Utf8,
    Utf8Signature,
    Latin1,
    Ascii,
    /// Bytes of one unit, and in which order; nothing where a mark at the beginning says.
    Wide(Width, Option<Order>),
    Utf7,
    UnicodeEscape,
    RawUnicodeEscape,
    Hex,
    Base64,
    Rot13,
    Zlib,
    Bzip2,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Width {
    Two,
    Four,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// The codec of a name, spelled as `encodings.normalize_encoding` and `encodings.aliases` allow.
fn codec(name: &str) -> Option<Codec> {
    let mut normal = String::new();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    for word in words.filter(|word| !word.is_empty()) {
        if !normal.is_empty() {
            normal.push('_');
        }
        normal.push_str(&word.to_ascii_lowercase());
    }
    let little = Some(Order::Little);
    let big = Some(Order::Big);
    Some(match normal.as_str() {
        "utf_8" | "utf8" | "u8" | "utf" | "utf8_ucs2" | "utf8_ucs4" | "cp65001" => Codec::Utf8,
        "utf_8_sig" => Codec::Utf8Signature,
        "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "iso8859" | "8859"
        | "cp819" | "ibm819" | "csisolatin1" | "iso_ir_100" => Codec::Latin1,
        "ascii" | "us_ascii" | "us" | "646" | "ansi_x3.4_1968" | "ansi_x3_4_1968"
        | "ansi_x3.4_1986" | "cp367" | "csascii" | "ibm367" | "iso646_us" | "iso_ir_6" => {
            Codec::Ascii
        }
        "utf_16" | "utf16" | "u16" => Codec::Wide(Width::Two, None),
        "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => Codec::Wide(Width::Two, little),
        "utf_16_be" | "utf_16be" | "unicodebigunmarked" => Codec::Wide(Width::Two, big),
        "utf_32" | "utf32" | "u32" => Codec::Wide(Width::Four, None),
        "utf_32_le" | "utf_32le" => Codec::Wide(Width::Four, little),
        "utf_32_be" | "utf_32be" => Codec::Wide(Width::Four, big),
        "utf_7" | "utf7" | "u7" | "unicode_1_1_utf_7" => Codec::Utf7,
        "unicode_escape" => Codec::UnicodeEscape,
        "raw_unicode_escape" => Codec::RawUnicodeEscape,
        "hex_codec" | "hex" => Codec::Hex,
        "base64_codec" | "base64" | "base_64" => Codec::Base64,
        "rot_13" | "rot13" => Codec::Rot13,
        "zlib_codec" | "zip" | "zlib" => Codec::Zlib,
        "bz2_codec" | "bz2" => Codec::Bzip2,
        _ => return None,
    })
}

/// What is done with data that the codec cannot take, for the codecs that are simple enough.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum OnError {
    Strict,
    Ignore,
    Replace,
    /// As another handler that is not computed: only faultless data has a known result.
    Other,
}

fn on_error(name: Option<&str>) -> OnError {
    match name {
        None | Some("strict") => OnError::Strict,
        Some("ignore") => OnError::Ignore,
        Some("replace") => OnError::Replace,
        Some(_) => OnError::Other,
    }
}

/// `codecs.decode(run, encoding, errors)`, which `bytes.decode` does for encodings of text.
pub(super) fn decode(run: &Run, encoding: &str, errors: Option<&str>, room: usize) -> Option<Run> {
    let codec = codec(encoding)?;
    let errors_are = on_error(errors);
    if codec == Codec::Rot13 {
        return rot13(run);
    }
    let bytes = match codec {
        // These take text of ASCII too.
        Codec::Hex
        | Codec::Base64
        | Codec::Utf7
        | Codec::UnicodeEscape
        | Codec::RawUnicodeEscape => run.ascii_or_bytes()?,
        _ => run.narrow().filter(|_| !run.is_text())?,
    };
    match codec {
        Codec::Utf8 => decode_utf8(&bytes, errors_are),
        Codec::Utf8Signature => decode_utf8(
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes),
            errors_are,
        ),
        Codec::Latin1 => Some(Run::of_bytes(Kind::Text, &bytes)),
        Codec::Ascii => decode_ascii(&bytes, errors_are),
        Codec::Wide(width, order) => decode_wide(&bytes, width, order),
        Codec::Utf7 => utf7::decode(&bytes),
        Codec::UnicodeEscape => unicode_escape(&bytes),
        Codec::RawUnicodeEscape => Run::from_wtf8(&text::unicode(&bytes).ok()?),
        Codec::Hex => Some(Run::bytes(&base::unhex(&bytes)?)),
        Codec::Base64 => Some(Run::bytes(&base::decode_base64(&bytes)?)),
        Codec::Zlib => Some(Run::bytes(&inflate::zlib(&bytes, 15, room)?)),
        Codec::Bzip2 => Some(Run::bytes(&inflate::bzip2(&bytes, room)?)),
        Codec::Rot13 => None,
    }
}

/// `codecs.encode(run, encoding, errors)`, which `str.encode` does for encodings of text.
pub(super) fn encode(run: &Run, encoding: &str, errors: Option<&str>) -> Option<Run> {
    let errors = on_error(errors);
    let codec = codec(encoding)?;
    match codec {
        Codec::Rot13 => return rot13(run),
        Codec::Hex | Codec::Base64 if run.is_text() => return None,
        Codec::Hex => return Some(Run::bytes(&base::hex(&run.narrow()?))),
        Codec::Base64 => return Some(Run::bytes(&base::encode_base64_lines(&run.narrow()?))),
        _ if !run.is_text() => return None,
        _ => {}
    }
    let bytes = match codec {
        Codec::Utf8 => encode_utf8(run, errors)?,
        Codec::Utf8Signature => [b"\xef\xbb\xbf".to_vec(), encode_utf8(run, errors)?].concat(),
        Codec::Latin1 => encode_narrow(run, 0x100, errors)?,
        Codec::Ascii => encode_narrow(run, 0x80, errors)?,
        Codec::Wide(width, order) => encode_wide(run, width, order)?,
        Codec::UnicodeEscape => escape_unicode(run),
        Codec::RawUnicodeEscape => escape_raw_unicode(run),
        _ => return None,
    };
    Some(Run::bytes(&bytes))
}

fn decode_utf8(bytes: &[u8], errors: OnError) -> Option<Run> {
    match (std::str::from_utf8(bytes), errors) {
        (Ok(text), _) => Some(Run::text(text)),
        (Err(_), OnError::Ignore) => {
            let chunks = bytes.utf8_chunks().map(|chunk| chunk.valid());
            Some(Run::text(&chunks.collect::<String>()))
        }
        // Both replace each maximal part of a sequence by one U+FFFD.
        (Err(_), OnError::Replace) => Some(Run::text(&String::from_utf8_lossy(bytes))),
        (Err(_), _) => None,
    }
}

fn decode_ascii(bytes: &[u8], errors: OnError) -> Option<Run> {
    let units = bytes.iter().filter_map(|&byte| match (byte, errors) {
        (0..0x80, _) => Some(Some(u32::from(byte))),
        (_, OnError::Ignore) => None,
        (_, OnError::Replace) => Some(Some(0xfffd)),
        _ => Some(None),
    });
    Some(Run {
        kind: Kind::Text,
        units: units.collect::<Option<_>>()?,
    })
}

fn encode_utf8(run: &Run, errors: OnError) -> Option<Vec<u8>> {
    let surrogate = |unit: u32| (0xd800..0xe000).contains(&unit);
    if !run.units.iter().copied().any(surrogate) {
        return Some(run.stored());
    }
    let units = run.units.iter().copied();
    let units = match errors {
        OnError::Ignore => units.filter(|&unit| !surrogate(unit)).collect(),
        OnError::Replace => units
            .map(|unit| {
                if surrogate(unit) {
                    u32::from(b'?')
                } else {
                    unit
                }
            })
            .collect(),
        _ => return None,
    };
    Some(run.with(units).stored())
}

fn encode_narrow(run: &Run, limit: u32, errors: OnError) -> Option<Vec<u8>> {
    let bytes = run.units.iter().filter_map(|&unit| match (unit, errors) {
        (_, OnError::Ignore) if unit >= limit => None,
        (_, OnError::Replace) if unit >= limit => Some(Some(b'?')),
        _ if unit >= limit => Some(None),
        _ => Some(u8::try_from(unit).ok()),
    });
    bytes.collect()
}

fn rot13(run: &Run) -> Option<Run> {
    let turned = run.units.iter().map(|&unit| match unit {
        0x41..=0x5a => (unit - 0x41 + 13) % 26 + 0x41,
        0x61..=0x7a => (unit - 0x61 + 13) % 26 + 0x61,
        _ => unit,
    });
    run.is_text().then(|| run.with(turned.collect()))
}

fn decode_wide(bytes: &[u8], width: Width, order: Option<Order>) -> Option<Run> {
    let (order, bytes) = match (order, width, bytes) {
        (Some(order), ..) => (order, bytes),
        (None, Width::Four, [0, 0, 0xfe, 0xff, rest @ ..]) => (Order::Big, rest),
        (None, Width::Four, [0xff, 0xfe, 0, 0, rest @ ..]) => (Order::Little, rest),
        (None, Width::Two, [0xfe, 0xff, rest @ ..]) => (Order::Big, rest),
        (None, Width::Two, [0xff, 0xfe, rest @ ..]) => (Order::Little, rest),
        // Machines that still run Python are little-endian.
        _ => (Order::Little, bytes),
    };
    let size = if width == Width::Two { 2 } else { 4 };
    let chunks = bytes.chunks_exact(size);
    if !chunks.remainder().is_empty() {
        return None;
    }
    let values = chunks.map(|chunk| {
        let fold = |value: u32, &byte: &u8| value << 8 | u32::from(byte);
        match order {
            Order::Big => chunk.iter().fold(0, fold),
            Order::Little => chunk.iter().rev().fold(0, fold),
        }
    });
    let characters: Option<String> = match width {
        Width::Four => values.map(char::from_u32).collect(),
        Width::Two => {
            let units = values.map(|value| u16::try_from(value).unwrap_or(0));
            char::decode_utf16(units).map(Result::ok).collect()
        }
    };
    Some(Run::text(&characters?))
}

fn encode_wide(run: &Run, width: Width, order: Option<Order>) -> Option<Vec<u8>> {
    let text = run.string()?;
    let mark = order.is_none().then_some('\u{feff}');
    let mut out = Vec::new();
    for character in mark.into_iter().chain(text.chars()) {
        let code = u32::from(character);
        match (width, order) {
            (Width::Four, Some(Order::Big)) => out.extend(code.to_be_bytes()),
            (Width::Four, _) => out.extend(code.to_le_bytes()),
            (Width::Two, order) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.extend(match order {
                        Some(Order::Big) => unit.to_be_bytes(),
                        _ => unit.to_le_bytes(),
                    });
                }
            }
        }
    }
    Some(out)
}

/// The `unicode_escape` decoder: the escapes of a Python text literal over Latin-1.
pub(super) fn unicode_escape(bytes: &[u8]) -> Option<Run> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'\\' {
            let (unit, behind) = escaped(rest)?;
            units.extend(unit);
            rest = behind;
        } else {
            units.push(u32::from(byte));
        }
    }
    Some(Run {
        kind: Kind::Text,
        units,
    })
}

/// What an escape stands for, and what follows it. An unknown escape keeps its backslash. Names
/// of characters (`\N{…}`) are not looked up.
fn escaped(text: &[u8]) -> Option<(Vec<u32>, &[u8])> {
    let (&letter, rest) = text.split_first()?;
    let one = |unit: u8| vec![u32::from(unit)];
    let units = match letter {
        b'\n' => Vec::new(),
        b'\\' | b'\'' | b'"' => one(letter),
        b'a' => one(7),
        b'b' => one(8),
        b't' => one(9),
        b'n' => one(10),
        b'v' => one(11),
        b'f' => one(12),
        b'r' => one(13),
        b'0'..=b'7' => {
            let digits = text.iter().take(3);
            let digits = digits.take_while(|digit| (b'0'..=b'7').contains(digit));
            let length = digits.count();
            return number(text, length, 8);
        }
        b'x' => return number(rest, 2, 16),
        b'u' => return number(rest, 4, 16),
        b'U' => return number(rest, 8, 16),
        b'N' => return None,
        _ => vec![u32::from(b'\\'), u32::from(letter)],
    };
    Some((units, rest))
}

fn number(text: &[u8], length: usize, radix: u32) -> Option<(Vec<u32>, &[u8])> {
    let (digits, rest) = text.split_at_checked(length)?;
    let value = digits.iter().try_fold(0u32, |value, &digit| {
        value
            .checked_mul(radix)?
            .checked_add(char::from(digit).to_digit(radix)?)
    })?;
    (value < 0x11_0000).then(|| (vec![value], rest))
}

fn escape_unicode(run: &Run) -> Vec<u8> {
    let mut out = String::new();
    for &unit in &run.units {
        match unit {
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x5c => out.push_str("\\\\"),
            0x20..=0x7e => out.extend(char::from_u32(unit)),
            0..=0x1f | 0x7f..=0xff => out.push_str(&format!("\\x{unit:02x}")),
            0x100..=0xffff => out.push_str(&format!("\\u{unit:04x}")),
            _ => out.push_str(&format!("\\U{unit:08x}")),
        }
    }
    out.into_bytes()
}

fn escape_raw_unicode(run: &Run) -> Vec<u8> {
    let mut out = Vec::new();
    for &unit in &run.units {
        match u8::try_from(unit) {
            Ok(byte) => out.push(byte),
            Err(_) if unit < 0x1_0000 => out.extend(format!("\\u{unit:04x}").bytes()),
            Err(_) => out.extend(format!("\\U{unit:08x}").bytes()),
        }
    }
    out
}
