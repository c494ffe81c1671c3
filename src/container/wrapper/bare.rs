//! Packed data that nothing marks: blocks of LZ4 behind their length, as `lz4.block` and numcodecs write
//! them, blocks of Snappy, and deflate without the header of zlib.
//!
//! They are told by what comes out of them, which has to begin like a pickle. In blocks that stands
//! there as it is, for nothing before it could be copied.

use std::io::{self, Read};

use flate2::bufread::DeflateDecoder;

use super::{
    super::{
        Format, Head,
        bits::u32_le,
        codec::{Codec, Decompressor},
        encoding::begins_pickle,
        input::Input,
        magic,
        trial::declares_pickle,
    },
    zlib::DEFLATE,
};

pub(in super::super) const LZ4: Format = Format {
    name: "lz4-block",
    matches: |head| is_unmarked(head) && lz4_begins(head).unwrap_or(false),
    opener: |opening| super::open(opening, &LZ4_CODEC),
};

pub(in super::super) const SNAPPY: Format = Format {
    name: "snappy-block",
    matches: |head| is_unmarked(head) && snappy_begins(head).unwrap_or(false),
    opener: |opening| super::open(opening, &SNAPPY_CODEC),
};

pub(in super::super) const BARE_DEFLATE: Format = Format {
    name: "deflate",
    matches: |head| is_unmarked(head) && deflate_begins(head.bytes),
    opener: |opening| super::open(opening, &DEFLATE),
};

/// Whether nothing marks a format.
pub(in super::super) fn is_bare(format: &Format) -> bool {
    [LZ4, SNAPPY, BARE_DEFLATE].contains(format)
}

pub(super) static LZ4_CODEC: Codec = Codec {
    name: "lz4-block",
    begin: |input, _| {
        whole(
            input,
            LZ4_LENGTH,
            |data| Some(u32_le(data, 0)? as usize),
            |data, room| lz4_block(data.get(LZ4_LENGTH..).unwrap_or_default(), room),
        )
    },
};

pub(super) static SNAPPY_CODEC: Codec = Codec {
    name: "snappy-block",
    begin: |input, _| {
        whole(
            input,
            1,
            |data| snap::raw::decompress_len(data).ok(),
            |data, _| snappy_block(data),
        )
    },
};

/// Bytes of the length before a block of LZ4.
const LZ4_LENGTH: usize = 4;

/// Bytes of the largest block that is decompressed.
const LARGEST: usize = 64 << 20;

/// A byte of a block stands for so many at most.
const MOST: usize = 255;

/// What comes out of a block of LZ4, for which there is so much room.
pub(in super::super) fn lz4_block(block: &[u8], room: usize) -> io::Result<Vec<u8>> {
    let mut out = vec![0; room];
    let length = lz4_flex::block::decompress_into(block, &mut out);
    out.truncate(length.map_err(io::Error::other)?);
    Ok(out)
}

/// What comes out of a block of Snappy, which says how long that is.
pub(in super::super) fn snappy_block(block: &[u8]) -> io::Result<Vec<u8>> {
    let out = snap::raw::Decoder::new().decompress_vec(block);
    out.map_err(io::Error::other)
}

/// Decompresses a block, which is needed as a whole.
fn whole(
    input: Input,
    header: usize,
    length: fn(&[u8]) -> Option<usize>,
    decompress: fn(&[u8], usize) -> io::Result<Vec<u8>>,
) -> io::Result<Decompressor> {
    let mut data = Vec::new();
    input.take(LARGEST as u64).read_to_end(&mut data)?;
    let room = length(&data).ok_or(io::ErrorKind::InvalidData)?;
    if data.len() == LARGEST || room > LARGEST {
        let message = format!("a block of more than {LARGEST} bytes is not unpacked");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    if room > data.len().saturating_sub(header).saturating_mul(MOST) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Box::new(io::Cursor::new(decompress(&data, room)?)))
}

/// Whether bytes are neither text nor of a known kind, nor a pickle as they are.
fn is_unmarked(head: &Head<'_>) -> bool {
    head.text.is_none()
        && !matches!(head.bytes, [0x80, 0..=5, ..])
        && magic::recognise(head.bytes, head.length).is_none()
}

/// A length, then as many bytes as they are as the first token says.
fn lz4_begins(head: &Head<'_>) -> Option<bool> {
    let length = u64::from(u32_le(head.bytes, 0)?);
    let (token, mut rest) = head.bytes.get(LZ4_LENGTH..)?.split_first()?;
    let mut literal = u64::from(token >> 4);
    if literal == 15 {
        loop {
            let (more, behind) = rest.split_first()?;
            literal += u64::from(*more);
            rest = behind;
            if *more < 255 {
                break;
            }
        }
    }
    let fits =
        literal >= FEWEST as u64 && literal <= length && length <= head.length.saturating_mul(255);
    Some(fits && begins(rest))
}

/// A length of up to five bytes, then as many bytes as they are as the first tag says.
fn snappy_begins(head: &Head<'_>) -> Option<bool> {
    let digits = head.bytes.iter().take(5).take_while(|byte| **byte >= 0x80);
    let header = digits.count() + 1;
    let length = snap::raw::decompress_len(head.bytes).ok()?;
    let (tag, rest) = head.bytes.get(header..)?.split_first()?;
    let (literal, rest) = match tag >> 2 {
        short @ 0..60 => (usize::from(short) + 1, rest),
        long => (FEWEST, rest.get(usize::from(long) - 59..)?),
    };
    let fits = tag & 3 == 0 && literal >= FEWEST && literal <= length;
    Some(fits && length as u64 <= head.length.saturating_mul(64) && begins(rest))
}

/// Fewest bytes that stand as they are at the beginning of a block.
const FEWEST: usize = 3;

/// Whether bytes begin like a pickle, and not just with one instruction that any byte may be.
fn begins(data: &[u8]) -> bool {
    match data {
        [b'(', next, ..] if *next != b'c' => matches!(data, [_, b'l' | b'd', b'p', ..]),
        [b']' | b'}', next, ..] => matches!(next, b'q' | b'r' | b'.'),
        [0x80, ..] => declares_pickle(data),
        _ => begins_pickle(data),
    }
}

/// Whether deflate gives something that begins like a pickle.
fn deflate_begins(head: &[u8]) -> bool {
    // Most other data is no block by its first bits: one as it is has its length twice, one with codes
    // of its own few of them.
    let is_block = match *head {
        [first, low, high, not_low, not_high, ..] => match first >> 1 & 3 {
            0 => low == !not_low && high == !not_high,
            1 => true,
            2 => first >> 3 < 30 && low & 31 < 30,
            _ => false,
        },
        _ => false,
    };
    is_block && begins(&super::before_error(DeflateDecoder::new(head), BEGINNING))
}

/// Bytes that show whether they begin like a pickle.
const BEGINNING: usize = 64;
