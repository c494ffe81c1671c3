//! Text of two or four bytes a character.

/// How wide the characters of a text are, in which order their bytes stand, and how many bytes
/// stand before them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Width {
    bytes: usize,
    highest_first: bool,
    mark: usize,
}

/// What a text without a mark may begin with, so that it shows its width: JSON and white space.
const FIRST: &[u8] = b"{[\"- \t\r\n";

/// The width of a text, by its mark or by the zeros around its first character, as
/// `json.detect_encoding` does it.
pub(super) fn width(head: &[u8]) -> Option<Width> {
    let width = |bytes, highest_first, mark| {
        Some(Width {
            bytes,
            highest_first,
            mark,
        })
    };
    match head {
        [0xff, 0xfe, 0, 0, ..] => width(4, false, 4),
        [0, 0, 0xfe, 0xff, ..] => width(4, true, 4),
        [0xff, 0xfe, ..] => width(2, false, 2),
        [0xfe, 0xff, ..] => width(2, true, 2),
        [first, 0, 0, 0, ..] if FIRST.contains(first) => width(4, false, 0),
        [0, 0, 0, first, ..] if FIRST.contains(first) => width(4, true, 0),
        [first, 0, ..] if FIRST.contains(first) => width(2, false, 0),
        [0, first, ..] if FIRST.contains(first) => width(2, true, 0),
        _ => None,
    }
}

/// The text. What is no character becomes a control character, which no text has.
pub(super) fn decoded(bytes: &[u8], width: Width) -> String {
    let units = bytes.get(width.mark..).unwrap_or_default();
    let units = units.chunks_exact(width.bytes).map(|unit| {
        let fold = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        match width.highest_first {
            true => unit.iter().fold(0, fold),
            false => unit.iter().rev().fold(0, fold),
        }
    });
    if width.bytes == 4 {
        return units
            .map(|unit| char::from_u32(unit).unwrap_or('\0'))
            .collect();
    }
    let units = units.map(|unit| u16::try_from(unit).unwrap_or(0));
    char::decode_utf16(units)
        .map(|char| char.unwrap_or('\0'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_is_seen_by_its_mark_or_by_its_zeros() {
        let wide = |text: &str, bytes: usize, highest_first: bool| -> Vec<u8> {
            let unit = |char: char| {
                let number = u32::from(char).to_le_bytes();
                let mut unit = number[..bytes].to_vec();
                if highest_first {
                    unit.reverse();
                }
                unit
            };
            text.chars().flat_map(unit).collect()
        };
        for text in ["\u{feff}a: \u{e9}\n", "{\"a\": 1}"] {
            for (bytes, highest_first) in [(2, false), (2, true), (4, false), (4, true)] {
                let data = wide(text, bytes, highest_first);
                let width = width(&data).unwrap();
                assert_eq!(decoded(&data, width), text.trim_start_matches('\u{feff}'));
            }
        }
        assert_eq!(width(b"\x01\0\x02\0"), None);
        assert_eq!(width(b"abc"), None);
    }
}
