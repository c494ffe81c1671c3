//! SQLite's records: a header of types, then the values.

use super::super::super::bits::chunk;

/// A value of a record.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Text or a blob: where in the record it starts, and its length.
    Bytes(u64, u64),
    /// An integer.
    Int(i64),
    /// NULL or a float.
    Other,
}

/// A number of one to nine bytes, and what follows it.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value: u64 = 0;
    for (index, &byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some((value << 8 | u64::from(byte), bytes.get(9..)?));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// The columns of a record, which begins with `bytes`. Those whose types are not held are left out.
pub(super) fn columns(bytes: &[u8]) -> Vec<Column> {
    let Some((length, rest)) = varint(bytes) else {
        return Vec::new();
    };
    let header = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let mut types = bytes
        .get(bytes.len() - rest.len()..header)
        .unwrap_or_default();
    let mut position = length;
    let mut columns = Vec::new();
    while let Some((code, behind)) = varint(types) {
        types = behind;
        let (column, size) = match code {
            1..=6 => {
                let size = match code {
                    5 => 6,
                    6 => 8,
                    size => size,
                };
                (Column::Int(int(bytes, position, size)), size)
            }
            7 => (Column::Other, 8),
            8 => (Column::Int(0), 0),
            9 => (Column::Int(1), 0),
            12.. => (Column::Bytes(position, (code - 12) / 2), (code - 12) / 2),
            _ => (Column::Other, 0),
        };
        columns.push(column);
        position = position.saturating_add(size);
    }
    columns
}

/// A big-endian integer of so many bytes.
fn int(bytes: &[u8], at: u64, size: u64) -> i64 {
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let size = usize::try_from(size).unwrap_or(8);
    let held = start
        .checked_add(size)
        .and_then(|end| bytes.get(start..end));
    let mut wide = [0; 8];
    for (to, from) in wide.iter_mut().zip(held.unwrap_or_default()) {
        *to = *from;
    }
    let wide: [u8; 8] = chunk(&wide, 0).unwrap_or_default();
    // Shifted back with its sign.
    i64::from_be_bytes(wide) >> (8 * (8 - size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        assert_eq!(varint(b"\x05x"), Some((5, &b"x"[..])));
        assert_eq!(varint(b"\x81\x00"), Some((128, &b""[..])));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, &b""[..])));
        assert_eq!(varint(b"\x81"), None);
    }

    #[test]
    fn columns_of_a_record() {
        let record = b"\x05\x01\x0f\x00\x10\xfeakk";
        assert_eq!(
            columns(record),
            [
                Column::Int(-2),
                Column::Bytes(6, 1),
                Column::Other,
                Column::Bytes(7, 2)
            ]
        );
    }
}
