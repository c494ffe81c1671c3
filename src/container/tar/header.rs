//! One tar header, and the records that override it.

/// Length of a header, and the unit in which everything is stored.
pub(super) const BLOCK: usize = 512;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
    /// The type flag.
    pub(super) kind: u8,
    /// Whether the checksum holds.
    pub(super) sound: bool,
}

impl Header {
    /// Reads a header; nothing where it is cut off or its size is no number.
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        let block = block.get(..BLOCK)?;
        let size = number(block.get(124..136)?)?;
        let mut name = text(block.get(..100)?).to_vec();
        if block.get(257..263) == Some(b"ustar\0".as_slice()) {
            let prefix = text(block.get(345..500)?);
            if !prefix.is_empty() {
                name = [prefix, b"/", &name].concat();
            }
        }
        let kind = *block.get(156)?;
        Some(Self {
            name,
            size,
            kind,
            sound: is_sound(block),
        })
    }

    /// Whether this is a record about the next header.
    pub(super) fn is_record(&self) -> bool {
        matches!(self.kind, b'x' | b'X' | b'g' | b'L' | b'K')
    }

    /// Whether members of this type have no data.
    pub(super) fn is_bodiless(&self) -> bool {
        matches!(self.kind, b'1'..=b'6')
    }
}

/// Whether the checksum of a header holds. Asked of the beginning of every file.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    bytes.get(..BLOCK).and_then(checksum_holds).unwrap_or(false)
}

/// The checksum counts its own field as blanks. Old tars summed signed bytes.
fn checksum_holds(block: &[u8]) -> Option<bool> {
    const BLANKS: u32 = 8 * 32;
    let told = u32::try_from(number(block.get(148..156)?)?).ok()?;
    let (before, behind) = (block.get(..148)?, block.get(156..)?);
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let negative = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte >> 7)).sum::<u32>();
    let unsigned = sum(before) + sum(behind) + BLANKS;
    let signed = || unsigned.checked_sub(256 * (negative(before) + negative(behind)));
    // An empty block has a sum too, of blanks alone; it is no header.
    Some((told == unsigned || Some(told) == signed()) && block.iter().any(|&byte| byte != 0))
}

/// Octal digits between blanks and NULs, or with the highest bit set a big-endian number.
fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // 0xff starts a negative number, which no size is.
        let head = u64::from(first & 0x7f);
        return rest.iter().try_fold(head, |value, &byte| {
            value
                .checked_mul(256)
                .and_then(|value| value.checked_add(u64::from(byte)))
        });
    }
    let digits = text(field);
    let digits = std::str::from_utf8(digits).ok()?.trim();
    if digits.is_empty() {
        Some(0)
    } else {
        u64::from_str_radix(digits, 8).ok()
    }
}

/// What stands before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// What records before a header replace in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: bool,
}

impl Overrides {
    /// Takes what one record says.
    pub(super) fn read(&mut self, kind: u8, data: &[u8]) {
        match kind {
            b'L' => self.name = Some(text(data).to_vec()),
            b'x' | b'X' | b'g' => self.read_pax(data),
            _ => {}
        }
    }

    /// Records `length key=value\n`, the length counting itself.
    fn read_pax(&mut self, mut data: &[u8]) {
        while let Some((key, value, rest)) = pax_record(data) {
            match key {
                b"path" | b"GNU.sparse.name" => self.name = Some(value.to_vec()),
                b"size" => {
                    let number = std::str::from_utf8(value).ok();
                    self.size = number
                        .and_then(|value| value.trim().parse().ok())
                        .or(self.size);
                }
                _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
            data = rest;
        }
    }
}

fn pax_record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = data.iter().position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(data.get(..blank)?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let (record, rest) = data.split_at_checked(length)?;
    let pair = record.get(blank + 1..)?;
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (key, value) = pair.split_at_checked(equals)?;
    let value = value.get(1..)?;
    Some((key, value.strip_suffix(b"\n").unwrap_or(value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        assert_eq!(number(b"00000001750\0"), Some(1000));
        assert_eq!(number(b"   1750 \0\0\0\0"), Some(1000));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(2 << 32));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"9\0"), None);
        assert_eq!(number(&[0xff; 12]), None);
    }

    #[test]
    fn pax_records_count_themselves() {
        let mut overrides = Overrides::default();
        overrides.read(b'x', b"12 size=400\n18 path=a=b c.pkl\n");
        assert_eq!(overrides.size, Some(400));
        assert_eq!(overrides.name.as_deref(), Some(b"a=b c.pkl".as_slice()));
    }

    #[test]
    fn zeros_and_noise_are_no_header() {
        assert!(!Header::parse(&[0; 512]).unwrap().sound);
        assert_eq!(Header::parse(&[b'x'; 512]), None);
        assert_eq!(Header::parse(&[0; 511]), None);
    }
}
