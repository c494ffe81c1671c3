//! The records of a zip archive (APPNOTE 4.3), each read from a slice that starts at it.

use super::super::bits::{u16_le, u32_le, u64_le};

/// Signature of a member's own header.
pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
/// Signature of a directory entry.
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
/// Signature of the record at the end of the archive.
pub(super) const END: &[u8; 4] = b"PK\x05\x06";
/// Signature of its 64-bit variant.
pub(super) const END64: &[u8; 4] = b"PK\x06\x06";
/// Signature of the record that says where the 64-bit one is.
pub(super) const LOCATOR: &[u8; 4] = b"PK\x06\x07";
/// Signature that may stand before the sizes which follow a member's data.
pub(super) const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";

/// Length of the fixed part of a local header.
pub(super) const LOCAL_LENGTH: usize = 30;
/// Length of the fixed part of a directory entry.
pub(super) const CENTRAL_LENGTH: usize = 46;
/// Length of the fixed part of the end record.
pub(super) const END_LENGTH: usize = 22;
/// Length of the 64-bit end record.
pub(super) const END64_LENGTH: u64 = 56;
/// Length of the locator.
pub(super) const LOCATOR_LENGTH: u64 = 20;

/// Bit 0: traditional encryption; bit 6: strong encryption; bit 13: masked headers.
pub(super) const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Bit 3: sizes and checksum follow the data.
pub(super) const DEFERRED: u16 = 1 << 3;

/// What a local header and a directory entry both say about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    pub(super) name: Vec<u8>,
}

impl Claims {
    /// Whether sizes and checksum are left to a record behind the data.
    pub(super) fn deferred(&self) -> bool {
        self.flags & DEFERRED != 0 && self.packed == 0 && self.unpacked == 0
    }
}

/// A directory entry.
#[derive(Clone, Debug)]
pub(super) struct Central {
    pub(super) claims: Claims,
    /// Where it says that the local header is.
    pub(super) offset: u64,
    /// Length of the whole entry.
    pub(super) length: u64,
}

/// Reads a directory entry; nothing where the signature is another or its fixed part is not whole.
pub(super) fn central(bytes: &[u8]) -> Option<Central> {
    let rest = bytes.strip_prefix(CENTRAL)?;
    let name_length = usize::from(u16_le(rest, 24)?);
    let extra_length = usize::from(u16_le(rest, 26)?);
    let comment_length = usize::from(u16_le(rest, 28)?);
    let variable = rest.get(CENTRAL_LENGTH - 4..)?;
    // As in CPython, a name or extra field that reaches beyond the end is as long as there are bytes.
    let name = variable.get(..name_length).unwrap_or(variable);
    let extra = variable.get(name_length..).unwrap_or_default();
    let extra = extra.get(..extra_length).unwrap_or_default();
    let (unpacked, packed, offset) = (u32_le(rest, 20)?, u32_le(rest, 16)?, u32_le(rest, 38)?);
    let [unpacked, packed, offset] = widen([unpacked, packed, offset], extra);
    let claims = Claims {
        flags: u16_le(rest, 4)?,
        method: u16_le(rest, 6)?,
        crc: u32_le(rest, 12)?,
        packed,
        unpacked,
        name: name.to_vec(),
    };
    let length = (CENTRAL_LENGTH + name_length + extra_length + comment_length) as u64;
    Some(Central {
        claims,
        offset,
        length,
    })
}

/// How many bytes a directory entry takes, from its fixed part.
pub(super) fn central_length(bytes: &[u8]) -> Option<usize> {
    let sizes = [u16_le(bytes, 28)?, u16_le(bytes, 30)?, u16_le(bytes, 32)?];
    Some(CENTRAL_LENGTH + sizes.into_iter().map(usize::from).sum::<usize>())
}

/// A local header.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) claims: Claims,
    /// Length of the header; the data follows it.
    pub(super) length: u64,
}

/// Reads a local header; nothing where the signature is another or bytes are missing.
pub(super) fn local(bytes: &[u8]) -> Option<Local> {
    let rest = bytes.strip_prefix(LOCAL)?;
    let name_length = usize::from(u16_le(rest, 22)?);
    let extra_length = usize::from(u16_le(rest, 24)?);
    let variable = rest.get(LOCAL_LENGTH - 4..)?;
    let name = variable.get(..name_length)?;
    let extra = variable
        .get(name_length..)?
        .get(..extra_length)
        .unwrap_or_default();
    let [unpacked, packed, _] = widen([u32_le(rest, 18)?, u32_le(rest, 14)?, 0], extra);
    let claims = Claims {
        flags: u16_le(rest, 2)?,
        method: u16_le(rest, 4)?,
        crc: u32_le(rest, 10)?,
        packed,
        unpacked,
        name: name.to_vec(),
    };
    Some(Local {
        claims,
        length: (LOCAL_LENGTH + name_length + extra_length) as u64,
    })
}

/// How many bytes a local header takes, from its fixed part.
pub(super) fn local_length(bytes: &[u8]) -> Option<usize> {
    let sizes = [u16_le(bytes, 26)?, u16_le(bytes, 28)?];
    Some(LOCAL_LENGTH + sizes.into_iter().map(usize::from).sum::<usize>())
}

/// Replaces values that do not fit 32 bits by those of the extra field, in its fixed order.
fn widen(values: [u32; 3], extra: &[u8]) -> [u64; 3] {
    let mut field = extra_field(extra, 1).unwrap_or_default();
    values.map(|value| {
        if value != u32::MAX {
            return u64::from(value);
        }
        let wide = u64_le(field, 0);
        field = field.get(8..).unwrap_or_default();
        wide.unwrap_or(u64::from(value))
    })
}

/// The contents of the first extra field with this id.
fn extra_field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    loop {
        let (found, length) = (u16_le(extra, 0)?, usize::from(u16_le(extra, 2)?));
        let (field, rest) = extra.get(4..)?.split_at_checked(length)?;
        if found == id {
            return Some(field);
        }
        extra = rest;
    }
}

/// What the end record, or its 64-bit variant, says about the directory.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    /// Length of the comment; 0 for the 64-bit variant.
    pub(super) comment: u64,
}

/// Reads an end record.
pub(super) fn end(bytes: &[u8]) -> Option<End> {
    let rest = bytes.strip_prefix(END)?;
    Some(End {
        entries: u64::from(u16_le(rest, 6)?),
        size: u64::from(u32_le(rest, 8)?),
        offset: u64::from(u32_le(rest, 12)?),
        comment: u64::from(u16_le(rest, 16)?),
    })
}

/// Reads a 64-bit end record.
pub(super) fn end64(bytes: &[u8]) -> Option<End> {
    let rest = bytes.strip_prefix(END64)?;
    Some(End {
        entries: u64_le(rest, 28)?,
        size: u64_le(rest, 36)?,
        offset: u64_le(rest, 44)?,
        comment: 0,
    })
}

/// Reads the locator: where the 64-bit end record is.
pub(super) fn locator(bytes: &[u8]) -> Option<u64> {
    u64_le(bytes.strip_prefix(LOCATOR)?, 4)
}

/// Whether an end record at `at` can be meant: its directory lies before it.
pub(super) fn plausible_end(end: &End, at: u64) -> bool {
    let wide = end.offset == u64::from(u32::MAX) || end.size == u64::from(u32::MAX);
    wide || (end.entries > 0 && end.size >= CENTRAL_LENGTH as u64 && end.size <= at)
}
