//! The UTF-7 decoder of CPython (RFC 2152): Base64 of UTF-16 between `+` and `-`.

use super::datum::{Kind, Run};

/// Decodes; nothing where CPython raises or where it pairs what no writer leaves unpaired.
pub(super) fn decode(bytes: &[u8]) -> Option<Run> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, rest) {
            (b'+', [b'-', behind @ ..]) => {
                units.push(u32::from(b'+'));
                rest = behind;
            }
            (b'+', _) => {
                let (encoded, behind) = split_base64(rest);
                units.extend(decode_shifted(encoded)?);
                // The minus that ends Base64 is no text; any other character is.
                rest = behind.strip_prefix(b"-").unwrap_or(behind);
            }
            (..0x80, _) => units.push(u32::from(byte)),
            _ => return None,
        }
    }
    Some(Run {
        kind: Kind::Text,
        units,
    })
}

fn split_base64(text: &[u8]) -> (&[u8], &[u8]) {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let length = text.iter().take_while(|byte| is_base64(byte)).count();
    text.split_at_checked(length).unwrap_or((text, &[]))
}

fn decode_shifted(encoded: &[u8]) -> Option<Vec<u32>> {
    if encoded.is_empty() {
        return None;
    }
    let bits = data_encoding::BASE64_NOPAD.specification();
    let mut lenient = bits;
    lenient.check_trailing_bits = true;
    // What is left over after whole units must be fewer than six zero bits.
    let decoded = match encoded.len() % 4 {
        1 => return None,
        _ => lenient.encoding().ok()?.decode(encoded).ok()?,
    };
    let chunks = decoded.chunks_exact(2);
    if !chunks.remainder().is_empty() {
        return None;
    }
    let values = chunks.map(|pair| {
        pair.iter()
            .fold(0u16, |value, &byte| value << 8 | u16::from(byte))
    });
    let characters = char::decode_utf16(values).map(|unit| unit.ok().map(u32::from));
    characters.collect()
}
