//! Code that a text holds in another form: base 64, hexadecimal, and compressed inside them.
//!
//! What hides code decodes it with one call before it runs it. Here every text that is long enough
//! is tried, whatever is done with it: what decodes to readable text is read as code, too.

use std::io::Read;

/// Shortest text that is tried, in characters: `import os` in base 64 has twelve.
const SHORTEST: usize = 12;

/// Bytes that are unpacked of one text. Stops bombs; loaders of code are short.
const MOST_UNPACKED: u64 = 256 << 10;

/// The code that a text holds in another form, as bytes: text, or a marshalled code object.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if digits.len() < SHORTEST {
        return None;
    }
    let readable = |bytes: Vec<u8>| readable(unpacked(bytes));
    from_hexadecimal(&digits)
        .and_then(readable)
        .or_else(|| from_base64(&digits).and_then(readable))
}

fn from_hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok()
}

/// Base 64 in either alphabet, padded or not.
fn from_base64(digits: &[u8]) -> Option<Vec<u8>> {
    let end = digits.iter().rposition(|&byte| byte != b'=')?;
    let digits: Vec<u8> = digits
        .get(..=end)?
        .iter()
        .map(|&byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            _ => byte,
        })
        .collect();
    // The last digit may carry bits that say nothing.
    let whole = digits.len() - usize::from(digits.len() % 4 == 1);
    let decoded = data_encoding::BASE64_NOPAD.decode(digits.get(..whole)?);
    decoded.ok()
}

/// Unpacked, where it is compressed.
fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let read = match bytes.as_slice() {
        [0x78, ..] => flate2::bufread::ZlibDecoder::new(bytes.as_slice())
            .take(MOST_UNPACKED)
            .read_to_end(&mut out),
        [0x1f, 0x8b, ..] => flate2::bufread::GzDecoder::new(bytes.as_slice())
            .take(MOST_UNPACKED)
            .read_to_end(&mut out),
        [b'B', b'Z', b'h', ..] => bzip2::bufread::BzDecoder::new(bytes.as_slice())
            .take(MOST_UNPACKED)
            .read_to_end(&mut out),
        _ => return bytes,
    };
    // What came before an error has been unpacked; a text that only looks compressed gives none.
    match read {
        Err(_) if out.is_empty() => bytes,
        _ => out,
    }
}

/// Code as it can be read: a code object, UTF-8, or the UTF-16 of `powershell -EncodedCommand`.
fn readable(bytes: Vec<u8>) -> Option<Vec<u8>> {
    if super::marshal::is_code(&bytes) {
        return Some(bytes);
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text,
        Ok(text) => wide(text.as_bytes())?,
        Err(error) => wide(error.as_bytes())?,
    };
    let is_shown = |character: char| !character.is_control() || "\t\n\r".contains(character);
    // A word that happens to be made of digits decodes to letters and marks of all kinds.
    let is_common = |character: char| character.is_ascii();
    let common = text
        .chars()
        .filter(|&character| is_common(character))
        .count();
    let says_something = text.chars().all(is_shown) && common * 10 >= text.chars().count() * 9;
    says_something.then(|| text.into_bytes())
}

/// UTF-16 in the order of Windows.
fn wide(bytes: &[u8]) -> Option<String> {
    if bytes.len() % 2 == 1 {
        return None;
    }
    let units = bytes.chunks_exact(2);
    let units: Vec<u16> = units
        .filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)))
        .collect();
    String::from_utf16(&units).ok()
}
