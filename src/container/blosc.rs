//! Blosc: chunks, bloscpack's files and frames of Blosc 2. They are recognised and not decompressed:
//! what is in them, pickles of arrays among it, is not looked at.

use super::{Format, Head, ProblemKind, bits::u32_le};

pub(super) const FORMAT: Format = Format {
    name: "blosc",
    matches: |head| {
        let is_frame = head.bytes.starts_with(b"\x9e\xa8b2frame\0");
        is_frame || head.bytes.starts_with(b"blpk") || is_chunk(head).unwrap_or(false)
    },
    opener: |opening| {
        let message = "it is compressed by Blosc, which is not supported";
        opening.problem(ProblemKind::Unsupported, message);
        Ok(())
    },
};

/// Versions of the format of chunks.
const VERSIONS: std::ops::RangeInclusive<u8> = 1..=5;

/// A chunk has no magic, but says how long it is.
fn is_chunk(head: &Head<'_>) -> Option<bool> {
    let [version, _, _, size, ..] = *head.bytes.first_chunk::<16>()?;
    let (plain, block) = (u32_le(head.bytes, 4)?, u32_le(head.bytes, 8)?);
    let packed = u64::from(u32_le(head.bytes, 12)?);
    let fits = size > 0 && plain > 0 && block > 0 && block <= plain;
    Some(VERSIONS.contains(&version) && fits && packed == head.length)
}
