//! Thrift's compact protocol, as far as Parquet's metadata need it.
//!
//! Source: `doc/specs/thrift-compact-protocol.md` of Apache Thrift.

/// The types of fields and elements.
pub(super) mod kind {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const INT16: u8 = 4;
    pub(super) const INT32: u8 = 5;
    pub(super) const INT64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// How deep what is skipped may nest.
const DEPTH: usize = 16;

/// Bytes that are read one value after another. Whatever is not there is `None`.
#[derive(Clone, Debug)]
pub(super) struct Compact<'b> {
    rest: &'b [u8],
    length: usize,
}

/// A field of a struct: its number, its type, and its value where that is a number.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) kind: u8,
    pub(super) number: Option<i64>,
}

impl<'b> Compact<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// Bytes that were read.
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Reads a struct to its end: `visit` is shown each field, and reads its value where that is no
    /// number, or says `false` and it is skipped.
    pub(super) fn fields(
        &mut self,
        visit: &mut dyn FnMut(&mut Self, Field) -> Option<bool>,
    ) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                more => id + i64::from(more),
            };
            let number = match kind {
                kind::TRUE | kind::FALSE => Some(i64::from(kind == kind::TRUE)),
                kind::INT16 | kind::INT32 | kind::INT64 => Some(self.number()?),
                _ => None,
            };
            let field = Field { id, kind, number };
            if !visit(self, field)? && number.is_none() {
                self.skip(kind, DEPTH)?;
            }
        }
    }

    /// Reads a list of structs: `each` reads one of them.
    pub(super) fn structs(&mut self, each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let (kind, count) = self.list()?;
        for _ in 0..count {
            match kind {
                kind::STRUCT => each(self)?,
                _ => self.skip_element(kind, DEPTH)?,
            }
        }
        Some(())
    }

    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Some((head & 0x0f, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            kind::TRUE | kind::FALSE => Some(()),
            kind::BYTE => self.byte().map(|_| ()),
            kind::INT16 | kind::INT32 | kind::INT64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.take(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.take(usize::try_from(length).ok()?)
            }
            kind::LIST | kind::SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, depth))
            }
            kind::MAP => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)
                })
            }
            kind::STRUCT => loop {
                let head = self.byte()?;
                match head & 0x0f {
                    0 => return Some(()),
                    kind => {
                        if head >> 4 == 0 {
                            self.varint()?;
                        }
                        self.skip(kind, depth)?;
                    }
                }
            },
            _ => None,
        }
    }

    /// Elements are as fields but for booleans, which have a byte of their own.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => self.byte().map(|_| ()),
            kind => self.skip(kind, depth),
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn take(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A signed number: its sign is the lowest bit.
    fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::{Compact, Field, kind};

    #[test]
    fn fields_are_numbered_and_what_nobody_wants_is_skipped() {
        // 1: i32 -1; 3: true; 4: binary "ab"; 5: list of two structs; 40: i64 150; 41: map of bytes.
        let bytes = [
            0x15, 0x01, 0x21, 0x18, 0x02, b'a', b'b', 0x19, 0x2c, 0x15, 0x02, 0x00, 0x15, 0x04,
            0x00, 0x06, 0x50, 0xac, 0x02, 0x1b, 0x01, 0x33, 0x01, 0x02, 0x00, 0xff,
        ];
        let mut seen = Vec::new();
        let mut inside = Vec::new();
        let mut reader = Compact::new(&bytes);
        let read = reader.fields(&mut |reader, field| {
            seen.push((field.id, field.number));
            if field.kind != kind::LIST {
                return Some(false);
            }
            reader.structs(&mut |reader| {
                reader.fields(&mut |_, Field { number, .. }| {
                    inside.push(number);
                    Some(true)
                })
            })?;
            Some(true)
        });
        assert_eq!(read, Some(()));
        assert_eq!(reader.position(), bytes.len() - 1);
        let numbers = [Some(-1), Some(1), None, None, Some(150), None];
        let ids = [1, 3, 4, 5, 40, 41];
        assert_eq!(seen, ids.into_iter().zip(numbers).collect::<Vec<_>>());
        assert_eq!(inside, [Some(1), Some(2)]);
    }

    #[test]
    fn what_is_cut_or_nests_too_deep_is_nothing() {
        let mut nothing = |_: &mut Compact<'_>, _: Field| Some(false);
        for bytes in [
            &b""[..],
            b"\x15",
            b"\x15\xff",
            b"\x18\x7fabc",
            b"\x19\xfc\xff",
            b"\x1d\0",
        ] {
            assert_eq!(Compact::new(bytes).fields(&mut nothing), None, "{bytes:?}");
        }
        let deep = vec![0x1c; 1_000];
        assert_eq!(Compact::new(&deep).fields(&mut nothing), None);
    }
}
