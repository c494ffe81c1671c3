//! Hostile text made visible.
//!
//! Names in archives and pickles are chosen by whoever made them. Shown raw, they could move the
//! cursor, recolour or clear a terminal, or reverse the reading order of a line (CVE-2021-42574).

use std::fmt::Write;

/// Text in which everything that is not plainly visible is written as an escape: invalid UTF-8 as
/// `\xff`, control and formatting characters as `\n`, `\x1b` or `\u{202e}`.
pub fn visible(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut shown, character);
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

fn push(shown: &mut String, character: char) {
    let _ = match character {
        '\n' => shown.write_str("\\n"),
        '\r' => shown.write_str("\\r"),
        '\t' => shown.write_str("\\t"),
        _ if character.is_ascii_control() => write!(shown, "\\x{:02x}", u32::from(character)),
        _ if is_invisible(character) => write!(shown, "\\u{{{:x}}}", u32::from(character)),
        _ => shown.write_char(character),
    };
}

/// Controls, and what Unicode calls format characters and default ignorables.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff
            | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(
        String::with_capacity(bytes.len() * 2),
        |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        },
    )
}

/// A relative reference by RFC 3986: everything but unreserved characters and `/` is
/// percent-encoded, so that no byte of a name can start a scheme, a query or a fragment.
pub(super) fn uri(path: &[u8]) -> String {
    path.iter()
        .fold(String::with_capacity(path.len()), |mut uri, &byte| {
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                uri.push(char::from(byte));
            } else {
                let _ = write!(uri, "%{byte:02X}");
            }
            uri
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_cursors_or_reading_order_is_escaped() {
        assert_eq!(visible(b"\x1b[2Ja\nb\x9b"), "\\x1b[2Ja\\nb\\x9b");
        assert_eq!(
            visible("a\u{202e}b\u{200b}\u{9b}".as_bytes()),
            "a\\u{202e}b\\u{200b}\\u{9b}"
        );
        assert_eq!(visible("modèle 模型.pt".as_bytes()), "modèle 模型.pt");
    }

    #[test]
    fn invalid_bytes_are_shown_one_by_one() {
        assert_eq!(visible(b"a\xff\xe4.pkl"), "a\\xff\\xe4.pkl");
    }

    #[test]
    fn uris_encode_everything_but_unreserved() {
        assert_eq!(
            uri(b"a b/c%d#e?f:g\xff.pt"),
            "a%20b/c%25d%23e%3Ff%3Ag%FF.pt"
        );
    }
}
