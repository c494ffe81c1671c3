//! Parquet: the schema of Arrow that it keeps, and the pages of columns that no signature marks.
//!
//! Source: `parquet.thrift` and `Compression.md` of Apache Parquet's format.

use std::{
    collections::HashSet,
    io::{self, Read},
    sync::Arc,
};

use super::{
    super::{
        Format, Opening, ProblemKind,
        bits::find,
        carve::{Text, carve},
        encoding::Kind,
        wrapper::bare::{lz4_block, snappy_block},
    },
    LARGEST, broke, columns, inside, is_file,
    thrift::{Compact, kind},
    within,
};
use crate::{
    container::bits::u32_le,
    source::{Source, bytes_at, read_range},
};

/// Parquet.
pub(in super::super) const FORMAT: Format = Format {
    name: "parquet",
    matches: |head| is_file(head, MAGIC),
    opener: open,
};

const MAGIC: &[u8] = b"PAR1";

/// The key under which Parquet keeps a schema of Arrow, in base 64.
const SCHEMA: &[u8] = b"ARROW:schema";

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let length = source.len();
    let end = read_range(source.as_ref(), length.saturating_sub(8), 8)?;
    let size = u32_le(&end, 0).unwrap_or(0);
    if !end.ends_with(MAGIC) || u64::from(size) > length {
        opening.problem(ProblemKind::Truncated, "its end is missing");
        return Ok(());
    }
    if size > LARGEST {
        let message = format!("its schema has more than {LARGEST} bytes");
        opening.problem(ProblemKind::Limit, message);
        return Ok(());
    }
    let start = length.saturating_sub(8 + u64::from(size));
    let footer = read_range(source.as_ref(), start, usize::try_from(size).unwrap_or(0))?;
    // The schema is part of what is searched.
    if columns(opening, 0)? && pages(opening, &footer)? {
        schemas(opening, (start, &footer))?;
    }
    Ok(())
}

/// Searches the schemas of Arrow in the metadata.
fn schemas(opening: &mut Opening<'_>, (start, footer): (u64, &[u8])) -> io::Result<()> {
    let mut from = 0;
    while let Some(found) = footer.get(from..).and_then(|rest| find(rest, SCHEMA)) {
        from += found + SCHEMA.len();
        // The type and the length of the value stand between.
        let value = footer.get(from..).unwrap_or_default();
        let value = (0..8).filter_map(|skipped| value.get(skipped..));
        let mut values = value.map(|value| {
            let end = value.iter().position(|byte| !Kind::Base64.has(*byte));
            end.and_then(|end| value.get(..end)).unwrap_or(value)
        });
        let text = values.find(|value| value.starts_with(b"/////") || value.len() > 64);
        let Some(data) = text.and_then(|text| Kind::Base64.decoded(text)) else {
            continue;
        };
        let name = format!("schema@{}", start + from as u64);
        let carved: fn(&mut Opening<'_>, (u64, u64)) -> io::Result<bool> =
            |inner, all| carve(inner, all, Text::Anywhere);
        if !within(opening, name, data, carved)? {
            return Ok(());
        }
    }
    Ok(())
}

/// How pages are packed that begin with nothing that tells so; the others are found where they are.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Packing {
    Snappy,
    Brotli,
    /// Blocks of LZ4 as Hadoop has them, each behind its two lengths, or one bare block.
    Hadoop,
    Lz4,
}

impl Packing {
    /// By its number in the metadata.
    fn numbered(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Snappy,
            4 => Self::Brotli,
            5 => Self::Hadoop,
            7 => Self::Lz4,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Snappy => "snappy",
            Self::Brotli => "brotli",
            Self::Hadoop | Self::Lz4 => "lz4",
        }
    }

    /// What a page holds, which has `size` bytes as its header says.
    fn unpack(self, data: &[u8], size: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Snappy => {
                let size = snap::raw::decompress_len(data).map_err(io::Error::other)?;
                room(data, size)?;
                snappy_block(data)
            }
            Self::Brotli => {
                let mut out = Vec::new();
                let reader = brotli_decompressor::Decompressor::new(data, BUFFER);
                reader.take(PAGE as u64).read_to_end(&mut out)?;
                Ok(out)
            }
            Self::Hadoop => hadoop(data, size).or_else(|_| block(data, size)),
            Self::Lz4 => block(data, size),
        }
    }
}

/// Bytes of the largest page that is unpacked.
const PAGE: usize = 64 << 20;

/// Bytes of a decompressor's buffer.
const BUFFER: usize = 4096;

/// Room for so many bytes, if they can come out of the data.
fn room(data: &[u8], size: usize) -> io::Result<usize> {
    if size > PAGE {
        let message = format!("a page of more than {PAGE} bytes is not unpacked");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    // A byte of a block stands for 255 at most.
    match size <= data.len().saturating_mul(255) {
        true => Ok(size),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn block(data: &[u8], size: usize) -> io::Result<Vec<u8>> {
    lz4_block(data, room(data, size)?)
}

fn hadoop(mut data: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((lengths, rest)) = data.split_first_chunk::<8>() {
        let [unpacked, packed] = [&lengths[..4], &lengths[4..]].map(|four| {
            let number = four
                .iter()
                .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            usize::try_from(number).unwrap_or(usize::MAX)
        });
        let (packed, rest) = rest
            .split_at_checked(packed)
            .ok_or(io::ErrorKind::InvalidData)?;
        let left = room(packed, unpacked)?.min(size.saturating_sub(out.len()));
        out.extend(block(packed, left)?);
        data = rest;
    }
    match out.len() == size {
        true => Ok(out),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The pages of a column in a group of rows.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Chunk {
    packing: i64,
    start: u64,
    length: u64,
}

/// Types of columns that hold bytes or text: BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
const BYTES: [i64; 2] = [6, 7];

/// The chunks of columns of bytes, in their order, as far as the metadata can be read.
fn chunks(footer: &[u8]) -> Vec<Chunk> {
    let mut found = Vec::new();
    let group = &mut |reader: &mut Compact<'_>| {
        reader.fields(&mut |reader, field| {
            if (field.id, field.kind) != (1, kind::LIST) {
                return Some(false);
            }
            reader.structs(&mut |reader| chunk(reader, &mut found))?;
            Some(true)
        })
    };
    // What was read before an error counts.
    let _read = Compact::new(footer).fields(&mut |reader, field| {
        if (field.id, field.kind) != (4, kind::LIST) {
            return Some(false);
        }
        reader.structs(group)?;
        Some(true)
    });
    found
}

/// One chunk, and where its pages are. Those of another file are not looked for.
fn chunk(reader: &mut Compact<'_>, found: &mut Vec<Chunk>) -> Option<()> {
    reader.fields(&mut |reader, field| {
        if (field.id, field.kind) != (3, kind::STRUCT) {
            return Some(false);
        }
        let [mut of, mut packing, mut length, mut data, mut dictionary] = [0; 5];
        reader.fields(&mut |_, field| {
            let place = match field.id {
                1 => &mut of,
                4 => &mut packing,
                7 => &mut length,
                9 => &mut data,
                11 => &mut dictionary,
                _ => return Some(false),
            };
            *place = field.number.unwrap_or(0);
            Some(field.number.is_some())
        })?;
        let start = if (1..data).contains(&dictionary) {
            dictionary
        } else {
            data
        };
        if let (true, Ok(start), Ok(length)) = (
            BYTES.contains(&of),
            u64::try_from(start),
            u64::try_from(length),
        ) {
            found.push(Chunk {
                packing,
                start,
                length,
            });
        }
        Some(true)
    })
}

/// What stands before a page.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
struct Page {
    /// Bytes of the header itself.
    header: u64,
    unpacked: usize,
    packed: usize,
    /// Bytes of levels that stand before the packed ones.
    levels: usize,
    is_stored: bool,
}

/// The header of a page, if all of it is there.
fn page(bytes: &[u8]) -> Option<Page> {
    let mut reader = Compact::new(bytes);
    let mut found = Page::default();
    let size = |number: Option<i64>| usize::try_from(number.unwrap_or(0)).ok();
    reader.fields(&mut |reader, field| {
        match (field.id, field.kind) {
            (2, _) => found.unpacked = size(field.number)?,
            (3, _) => found.packed = size(field.number)?,
            // Of the second version, which keeps levels as they are.
            (8, kind::STRUCT) => {
                reader.fields(&mut |_, field| {
                    match field.id {
                        5 | 6 => found.levels = found.levels.checked_add(size(field.number)?)?,
                        7 => found.is_stored = field.kind == kind::FALSE,
                        _ => return Some(false),
                    }
                    Some(true)
                })?;
                return Some(true);
            }
            _ => return Some(false),
        }
        Some(true)
    })?;
    found.header = reader.position() as u64;
    Some(found)
}

/// Bytes of most headers, and of the longest one that is read: they may hold statistics.
const HEADERS: [usize; 2] = [1 << 10, 1 << 20];

/// Bytes that pages took so far, and that came out of them.
#[derive(Debug, Default)]
struct Taken {
    packed: u64,
    unpacked: u64,
}

impl Taken {
    /// Why no more pages are unpacked, if so: those of honest files do not lie in each other.
    fn excess(&self, opening: &Opening<'_>) -> Option<String> {
        let length = opening.source.len();
        let limits = opening.limits();
        let most = length.saturating_mul(limits.ratio).max(limits.ratio_floor);
        if self.packed > length {
            return Some("its pages lie in each other".to_owned());
        }
        let ratio = limits.ratio;
        (self.unpacked > most).then(|| format!("more than {ratio} bytes for each compressed one"))
    }
}

/// Unpacks and searches the pages that nothing marks. `false` means: stop.
fn pages(opening: &mut Opening<'_>, footer: &[u8]) -> io::Result<bool> {
    let mut seen = HashSet::new();
    let mut taken = Taken::default();
    for chunk in chunks(footer) {
        let Some(packing) = Packing::numbered(chunk.packing).filter(|_| seen.insert(chunk)) else {
            continue;
        };
        if !chunk_pages(opening, (chunk, packing), &mut taken)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn chunk_pages(
    opening: &mut Opening<'_>,
    (chunk, packing): (Chunk, Packing),
    taken: &mut Taken,
) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let end = chunk.start.saturating_add(chunk.length).min(source.len());
    let mut at = chunk.start;
    while at < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(false);
        }
        let mut found = None;
        for most in HEADERS {
            let left = usize::try_from(end - at).unwrap_or(most);
            let head = bytes_at(source.as_ref(), at, left.min(most))?;
            opening.limits().deadline.spend(head.len());
            found = found.or_else(|| page(&head));
            if found.is_some() || left <= most {
                break;
            }
        }
        let Some(page) = found else {
            let message = format!("the page at byte {at} has no header");
            opening.problem(ProblemKind::Damaged, message);
            return Ok(true);
        };
        let start = at + page.header;
        if page.packed > PAGE {
            let message = format!("the page at byte {at} has more than {PAGE} bytes");
            opening.problem(ProblemKind::Limit, message);
            return Ok(true);
        }
        taken.packed += page.packed as u64;
        if let Some(message) = taken.excess(opening) {
            opening.problem(ProblemKind::Limit, message);
            return Ok(false);
        }
        let packed = bytes_at(source.as_ref(), start, page.packed)?;
        if !page.is_stored {
            match unpacked(opening, (start, packing), &page, &packed)? {
                Some(length) => taken.unpacked += length,
                None => return Ok(false),
            }
        }
        at = start.saturating_add(page.packed as u64);
    }
    Ok(true)
}

/// Searches one page and says how many bytes came out of it; nothing means: stop.
fn unpacked(
    opening: &mut Opening<'_>,
    (at, packing): (u64, Packing),
    page: &Page,
    data: &[u8],
) -> io::Result<Option<u64>> {
    let data = data.get(page.levels..).unwrap_or_default();
    if data.is_empty() {
        return Ok(Some(0));
    }
    let size = page.unpacked.saturating_sub(page.levels);
    match packing.unpack(data, size) {
        Ok(unpacked) => {
            let length = unpacked.len() as u64;
            let goes_on = inside(opening, format!("{}@{at}", packing.name()), unpacked)?;
            Ok(goes_on.then_some(length))
        }
        Err(error) => {
            broke(opening, packing.name(), at, &error);
            Ok(Some(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Packing, chunks, hadoop, page};

    #[test]
    fn blocks_of_hadoop_follow_one_another_and_bare_ones_are_taken_too() {
        let mut data = Vec::new();
        for part in [&b"a pickle, a pickle, "[..], b"a pickle"] {
            let packed = lz4_flex::block::compress(part);
            for length in [part.len(), packed.len()] {
                data.extend(u32::try_from(length).unwrap().to_be_bytes());
            }
            data.extend(packed);
        }
        let whole = b"a pickle, a pickle, a pickle";
        assert_eq!(hadoop(&data, whole.len()).unwrap(), whole);
        assert_eq!(Packing::Hadoop.unpack(&data, whole.len()).unwrap(), whole);
        let bare = lz4_flex::block::compress(whole);
        assert_eq!(Packing::Hadoop.unpack(&bare, whole.len()).unwrap(), whole);
        for wrong in [0, whole.len() - 1, whole.len() + 1] {
            assert!(hadoop(&data, wrong).is_err(), "{wrong}");
        }
        // No such length can come out of so few bytes.
        for packing in [Packing::Lz4, Packing::Hadoop] {
            assert!(packing.unpack(b"\x10a", 1 << 20).is_err());
        }
    }

    #[test]
    fn chunks_of_bytes_are_found_and_others_left_out() {
        let column = |of: u8, dictionary: u8| {
            let meta = [
                0x15,
                of << 1,
                0x35,
                2,
                0x36,
                60,
                0x26,
                40,
                0x26,
                dictionary << 1,
                0,
            ];
            [&[0x3c][..], &meta, &[0]].concat()
        };
        // A list of one group, which is a list of three columns.
        let columns = [column(6, 8), column(7, 0), column(1, 0)].concat();
        let footer = [&[0x49, 0x1c, 0x19, 0x3c][..], &columns, &[0, 0]].concat();
        let chunk = |start| Chunk {
            packing: 1,
            start,
            length: 30,
        };
        assert_eq!(chunks(&footer), [chunk(8), chunk(20)]);
        // What stands before the end of the data counts.
        assert_eq!(chunks(&footer[..18]), [chunk(8)]);
    }

    #[test]
    fn headers_say_how_much_is_packed_and_what_stands_before_that() {
        let first = page(b"\x15\x00\x15\x0a\x15\x08\x00rest").unwrap();
        assert_eq!((first.header, first.unpacked, first.packed), (7, 5, 4));
        assert_eq!((first.levels, first.is_stored), (0, false));
        let second = page(b"\x15\x06\x15\x0a\x15\x08\x5c\x55\x02\x15\x04\x12\x00\x00").unwrap();
        assert_eq!((second.levels, second.is_stored), (3, true));
        assert_eq!(page(b"\x15\x00\x15"), None);
        assert_eq!(page(b"\x15\x00\x15\x01\x00"), None);
    }
}
