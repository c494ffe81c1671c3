//! Hadoop's SequenceFiles, in which Spark keeps batches of pickles.
//!
//! Records stand as they are, or the value of each is packed, or keys and values of many records
//! are packed together. What is not packed is searched for pickles.

use std::{io, sync::Arc};

use super::{
    Format, Opening, ProblemKind,
    carve::{Text, carve},
    codec::Codec,
    wrapper::{bzip2, gzip, zlib, zstd},
};
use crate::source::{Buffered, Part, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "sequence-file",
    matches: |head| matches!(head.bytes, [b'S', b'E', b'Q', 4..=6, ..]),
    opener: open,
};

/// Bytes of the header that are read; the names of classes and codecs are short.
const HEADER: usize = 4 << 10;

/// Bytes of the mark that stands between records every now and then.
const MARK: u64 = 16;

/// The length that stands before such a mark.
const ESCAPE: u32 = u32::MAX;

/// What a file says of itself.
struct Header {
    packed: bool,
    in_blocks: bool,
    /// The class that packs the values, where they are packed.
    codec: Vec<u8>,
    /// Where the records begin.
    end: u64,
}

/// A position in bytes that may end.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let taken = self.bytes.get(self.at..)?.get(..length)?;
        self.at += length;
        Some(taken)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|byte| byte != [0])
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?.first_chunk()?;
        Some(u32::from_be_bytes(*bytes))
    }

    /// A number as `WritableUtils.writeVInt` writes it; nothing where it is negative.
    fn number(&mut self) -> Option<u64> {
        let first = self.take(1)?.first()?;
        match first {
            0..=0x7f => Some(u64::from(*first)),
            0x88..=0x8f => {
                let digits = self.take(usize::from(0x90 - first))?;
                Some(
                    digits
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
                )
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut cursor = Cursor { bytes, at: 3 };
    let version = *cursor.take(1)?.first()?;
    cursor.text()?;
    cursor.text()?;
    let (packed, in_blocks) = (cursor.flag()?, cursor.flag()?);
    let codec = match packed && version >= 5 {
        true => cursor.text()?.to_vec(),
        false => b"DefaultCodec".to_vec(),
    };
    // Pairs of texts that say more of the file.
    let pairs = if version >= 6 { cursor.u32()? } else { 0 };
    for _ in 0..pairs {
        cursor.text()?;
        cursor.text()?;
    }
    cursor.take(usize::try_from(MARK).ok()?)?;
    Some(Header {
        packed,
        in_blocks: packed && in_blocks,
        codec,
        end: u64::try_from(cursor.at).ok()?,
    })
}

/// What unpacks the values, by the last part of the name of its class.
fn codec(class: &[u8]) -> Option<&'static Codec> {
    match class.rsplit(|&byte| byte == b'.').next()? {
        b"DefaultCodec" | b"DeflateCodec" => Some(&zlib::CODEC),
        b"GzipCodec" => Some(&gzip::CODEC),
        b"BZip2Codec" => Some(&bzip2::CODEC),
        b"ZStandardCodec" => Some(&zstd::CODEC),
        _ => None,
    }
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let whole = opening.source.len();
    let head = read_range(opening.source.as_ref(), 0, HEADER)?;
    let header = header(&head);
    let unpacked = header.as_ref().is_none_or(|header| !header.packed);
    if unpacked {
        let end = opening.searched(whole);
        carve(opening, (0, end), Text::Anywhere)?;
    }
    let Some(header) = header else {
        opening.problem(ProblemKind::Damaged, "its header is not understood");
        return Ok(());
    };
    let codec = codec(&header.codec);
    if header.packed && codec.is_none() {
        let class = String::from_utf8_lossy(&header.codec).into_owned();
        opening.problem(
            ProblemKind::Unsupported,
            format!("its values are packed by {class:?}"),
        );
        return Ok(());
    }
    let codec = codec.filter(|_| header.packed);
    let source: Arc<dyn Source> = Arc::new(Buffered::new(Arc::clone(opening.source)));
    let mut at = header.end;
    while at < whole {
        opening.limits().deadline.spend(HEAD);
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to follow its records");
            return Ok(());
        }
        let next = match header.in_blocks {
            true => block(opening, &source, at, codec)?,
            false => record(opening, &source, at, codec)?,
        };
        match next.filter(|next| *next <= whole) {
            Some(next) => at = next,
            None => {
                let message = format!("the record at byte {at} is not whole");
                opening.problem(ProblemKind::Truncated, message);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Bytes that show the lengths of a record, or those of one part of a block.
const HEAD: usize = 24;

/// Takes up the value of a record if it is packed. Returns where the next record begins.
fn record(
    opening: &mut Opening<'_>,
    source: &Arc<dyn Source>,
    at: u64,
    codec: Option<&'static Codec>,
) -> io::Result<Option<u64>> {
    let bytes = read_range(source.as_ref(), at, HEAD)?;
    let mut cursor = Cursor::new(&bytes);
    let length = cursor.u32();
    if length == Some(ESCAPE) {
        return Ok(Some(at + 4 + MARK));
    }
    let (Some(length), Some(key)) = (length, cursor.u32()) else {
        return Ok(None);
    };
    let (start, end) = (at + 8 + u64::from(key), at + 8 + u64::from(length));
    if let Some(codec) = codec.filter(|_| start < end && end <= source.len()) {
        packed(opening, codec, (start, end - start));
    }
    Ok((key <= length).then_some(end))
}

/// Takes up the parts of a block: lengths of keys, keys, lengths of values, values.
fn block(
    opening: &mut Opening<'_>,
    source: &Arc<dyn Source>,
    at: u64,
    codec: Option<&'static Codec>,
) -> io::Result<Option<u64>> {
    let mut at = at;
    // The mark stands before every block, and how many records are in it behind the mark.
    let bytes = read_range(source.as_ref(), at, 4 + HEAD)?;
    let mut cursor = Cursor::new(&bytes);
    let begins = cursor.u32() == Some(ESCAPE) && cursor.take(16).is_some();
    if !begins || cursor.number().is_none() {
        return Ok(None);
    }
    at += cursor.at as u64;
    for part in 0..4 {
        let bytes = read_range(source.as_ref(), at, HEAD)?;
        let mut cursor = Cursor::new(&bytes);
        let Some(length) = cursor.number() else {
            return Ok(None);
        };
        let start = at + cursor.at as u64;
        at = start.saturating_add(length);
        let is_data = part % 2 == 1;
        if let Some(codec) = codec.filter(|_| is_data && length > 0 && at <= source.len()) {
            packed(opening, codec, (start, length));
        }
    }
    Ok(Some(at))
}

fn packed(opening: &mut Opening<'_>, codec: &'static Codec, range: (u64, u64)) {
    let part = Part::new(Arc::clone(opening.source), range.0, range.1);
    let name = format!("@{}", range.0);
    let member = opening.member.packed(Arc::new(part), name, codec);
    opening.member(member.held(range));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_hadoop() {
        let number = |bytes: &[u8]| Cursor::new(bytes).number();
        assert_eq!(number(b"\x7f"), Some(127));
        assert_eq!(number(b"\x8f\xff"), Some(255));
        assert_eq!(number(b"\x8e\x01\x00"), Some(256));
        assert_eq!(number(b"\x8e\x01"), None);
        assert_eq!(number(b"\xff"), None);
    }

    #[test]
    fn a_header_ends_behind_its_mark() {
        let plain = b"SEQ\x06\x01k\x01v\0\0\0\0\0\x01\x01a\x01b0123456789abcdef.";
        let header = header(plain).unwrap();
        assert!(!header.packed);
        assert_eq!(header.end, plain.len() as u64 - 1);
        assert!(super::header(&plain[..plain.len() - 2]).is_none());
        assert!(codec(b"org.apache.hadoop.io.compress.SnappyCodec").is_none());
    }
}
