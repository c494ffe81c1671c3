//! Blosc: chunks of version 1 and 2, as numcodecs, Zarr and PyTables write them, and the contiguous
//! frames of Blosc 2.
//!
//! A chunk is cut into blocks, each of which is compressed by itself, in one stream or in one for each
//! byte of an element. Before that, the bytes of elements, or their bits, were sorted by their place.
//! See `README_CHUNK_FORMAT.rst` and `README_CFRAME_FORMAT.rst` of c-blosc2.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::{
    super::{
        Format, Head,
        bits::{chunk, u32_be, u32_le, u64_be},
        codec::Codec,
        input::Input,
        shuffle::{unshuffled, unshuffled_bits},
    },
    bare::lz4_block,
    blosclz,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "blosc",
    matches: |head| {
        let is_file = head.bytes.starts_with(FRAME) || head.bytes.starts_with(PACK);
        is_file || is_chunk(head).unwrap_or(false)
    },
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "blosc",
    begin: |input, _| Ok(Box::new(Chunks::begin(input)?)),
};

/// How a contiguous frame begins.
const FRAME: &[u8] = b"\x9e\xa8b2frame\0";

/// How files of bloscpack begin, which nobody writes any more.
const PACK: &[u8] = b"blpk";

/// Versions of the format of chunks.
const VERSIONS: std::ops::RangeInclusive<u8> = 1..=5;

/// The first version that needs not be asked whether blocks are split.
const SAYS_SPLIT: u8 = 3;

/// Elements with more bytes are not split, nor are blocks with fewer elements.
const WIDEST_SPLIT: usize = 16;
const FEWEST_SPLIT: usize = 128;

/// Bytes of the largest block that is decompressed; usual ones have less than two million.
const LARGEST_BLOCK: usize = 64 << 20;

/// Bytes of stored data that are read at once.
const PIECE: usize = 64 << 10;

/// A chunk has no magic, but says how long it is, and where its first block stands: mostly behind the
/// places of all blocks. Some readers pass over what follows a chunk.
fn is_chunk(head: &Head<'_>) -> Option<bool> {
    let [version, _, flags, size, ..] = *head.bytes.first_chunk::<16>()?;
    let (plain, block) = (u32_le(head.bytes, 4)?, u32_le(head.bytes, 8)?);
    let packed = u64::from(u32_le(head.bytes, 12)?);
    let fits = size > 0 && plain > 0 && block > 0;
    let follows = |header: u64| {
        let place = u32_le(head.bytes, usize::try_from(header).ok()?)?;
        let blocks = u64::from(plain.div_ceil(block));
        Some(u64::from(place) == header + blocks * 4)
    };
    let is_placed =
        || flags & STORED == 0 && (follows(16) == Some(true) || follows(32) == Some(true));
    Some(VERSIONS.contains(&version) && fits && (packed == head.length || is_placed()))
}

/// What a chunk says of itself.
struct Header {
    /// Bytes of the header.
    length: u64,
    version: u8,
    flags: u8,
    /// Bytes of an element.
    width: usize,
    /// Bytes of the chunk once it is decompressed, and of each block but the last one.
    plain: usize,
    block: usize,
    /// Bytes of the chunk as it stands there.
    packed: u64,
    /// What was done to each block before it was compressed, in this order.
    filters: Vec<u8>,
    /// Whether the chunk stands for a value again and again.
    special: bool,
}

const SHUFFLED: u8 = 1;
const STORED: u8 = 1 << 1;
const SHUFFLED_BITS: u8 = 1 << 2;
const NOT_SPLIT: u8 = 1 << 4;

impl Header {
    /// Reads a header at the place where the input stands.
    fn read(input: &mut Input) -> io::Result<Self> {
        let head = input.peek(32)?;
        let (Some(&[version, _, flags, width]), Some(plain), Some(block), Some(packed)) = (
            head.first_chunk::<4>(),
            u32_le(head, 4),
            u32_le(head, 8),
            u32_le(head, 12),
        ) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let both = SHUFFLED | SHUFFLED_BITS;
        let extended: Option<[u8; 16]> = chunk(head, 16).filter(|_| flags & both == both);
        let (length, filters, more) = match extended {
            Some([one, two, three, four, five, six, .., more]) => {
                (32, vec![one, two, three, four, five, six], more)
            }
            None => (16, vec![flags & SHUFFLED, (flags & SHUFFLED_BITS) >> 1], 0),
        };
        if more & DICTIONARY != 0 {
            return Err(unsupported("chunks with a dictionary"));
        }
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self {
            length,
            version,
            flags,
            width: usize::from(width).max(1),
            plain: size(plain),
            block: size(block),
            packed: u64::from(packed),
            filters,
            special: more >> 4 & 7 != 0,
        })
    }

    fn is_stored(&self) -> bool {
        self.flags & STORED != 0
    }

    /// Streams of a block of the full size.
    fn streams(&self) -> usize {
        let elements = self.block / self.width;
        let fits = self.width <= WIDEST_SPLIT && elements >= FEWEST_SPLIT;
        match self.flags & NOT_SPLIT == 0 && (fits || self.version >= SAYS_SPLIT) {
            true => self.width,
            false => 1,
        }
    }

    /// Puts the bytes of a block together again.
    fn unfiltered(&self, mut data: Vec<u8>) -> io::Result<Vec<u8>> {
        for filter in self.filters.iter().rev() {
            data = match filter {
                // What was rounded stays so.
                0 | 4 => data,
                1 => unshuffled(&data, self.width),
                2 if self.version < SAYS_SPLIT && !(data.len() / self.width).is_multiple_of(8) => {
                    data
                }
                2 => unshuffled_bits(&data, self.width),
                number => return Err(unsupported(&format!("blocks of filter {number}"))),
            };
        }
        Ok(data)
    }
}

const DICTIONARY: u8 = 1;

/// Chunks one behind the other.
struct Chunks {
    input: Input,
    /// The chunk that is being decompressed.
    chunk: Option<Chunk>,
    /// Where the next chunk stands, where chunks end, and where reading goes on behind that.
    next: u64,
    end: u64,
    behind: u64,
    /// What was decompressed last, and how much of it was given.
    data: Vec<u8>,
    given: usize,
}

struct Chunk {
    header: Header,
    start: u64,
    /// The number of the next block, and bytes that are still to come.
    block: u64,
    left: usize,
}

impl Chunks {
    fn begin(mut input: Input) -> io::Result<Self> {
        let head = input.peek(48)?;
        if head.starts_with(PACK) {
            return Err(unsupported("files of bloscpack"));
        }
        let (next, end, behind) = match head.starts_with(FRAME) {
            true => {
                let lengths = (u32_be(head, 11), u64_be(head, 16), u64_be(head, 39));
                let (Some(header), Some(frame), Some(packed)) = lengths else {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                };
                let header = u64::from(header);
                (header, header.saturating_add(packed), frame)
            }
            false => {
                let packed = u32_le(head, 12).map_or(0, u64::from);
                (0, packed, packed)
            }
        };
        Ok(Self {
            input,
            chunk: None,
            next,
            end,
            behind,
            data: Vec::new(),
            given: 0,
        })
    }

    /// Decompresses what comes next. `false` means: that was all.
    fn advance(&mut self) -> io::Result<bool> {
        self.given = 0;
        self.data.clear();
        let Some(mut chunk) = self.chunk.take() else {
            if self.next >= self.end {
                self.input.seek(SeekFrom::Start(self.behind))?;
                return Ok(false);
            }
            self.input.seek(SeekFrom::Start(self.next))?;
            let header = Header::read(&mut self.input)?;
            if header.packed < header.length {
                return Err(damaged("a chunk of no length"));
            }
            let start = self.next;
            self.next = start.saturating_add(header.packed);
            // Nothing can hide in one value.
            let left = if header.special { 0 } else { header.plain };
            if header.is_stored() {
                self.input.seek(SeekFrom::Start(start + header.length))?;
            }
            self.chunk = Some(Chunk {
                header,
                start,
                block: 0,
                left,
            });
            return Ok(true);
        };
        if chunk.left == 0 {
            return Ok(true);
        }
        self.data = match chunk.header.is_stored() {
            true => taken(&mut self.input, chunk.left.min(PIECE))?,
            false => block(&mut self.input, &chunk)?,
        };
        chunk.block += 1;
        chunk.left = chunk.left.saturating_sub(self.data.len());
        self.chunk = Some(chunk);
        Ok(true)
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.data.len() && !buffer.is_empty() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let mut rest = self.data.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

/// Decompresses the next block of a chunk.
fn block(input: &mut Input, chunk: &Chunk) -> io::Result<Vec<u8>> {
    let header = &chunk.header;
    let size = header.block.min(chunk.left);
    if size == 0 || size > LARGEST_BLOCK {
        return Err(unsupported(&format!("blocks of {size} bytes")));
    }
    let entry = chunk.start + header.length + chunk.block * 4;
    input.seek(SeekFrom::Start(entry))?;
    let place = u64::from(u32::from_le_bytes(array(input)?));
    input.seek(SeekFrom::Start(chunk.start.saturating_add(place)))?;
    let streams = match size == header.block {
        true => header.streams(),
        false => 1,
    };
    let each = size / streams;
    let mut data = Vec::new();
    for _ in 0..streams {
        let count = i32::from_le_bytes(array(input)?);
        data.extend(stream(input, (count, each), header.flags >> 5)?);
    }
    header.unfiltered(data)
}

/// One stream of a block, of `wanted` bytes once it is decompressed. Blosc 2 writes no length where
/// all of them are the same byte.
fn stream(input: &mut Input, (count, wanted): (i32, usize), method: u8) -> io::Result<Vec<u8>> {
    if count <= 0 {
        let value = u8::try_from(count.unsigned_abs()).map_err(|_| damaged("a run of no byte"))?;
        if count < 0 && array::<1>(input)?[0] & 1 == 0 {
            return Err(damaged("a stream of no kind"));
        }
        return Ok(vec![value; wanted]);
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let packed = taken(input, count)?;
    if count == wanted {
        return Ok(packed);
    }
    let data = match method {
        0 => blosclz::decompressed(&packed, wanted),
        1 => {
            // A byte of it stands for 255 at most.
            let room = packed.len().saturating_mul(255).saturating_add(64);
            let data = lz4_block(&packed, wanted.min(room));
            data.map_err(|error| damaged(&error.to_string()))?
        }
        3 => taken(
            &mut flate2::bufread::ZlibDecoder::new(packed.as_slice()),
            wanted,
        )?,
        4 => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(packed.as_slice());
            taken(
                &mut decoder.map_err(|error| damaged(&error.to_string()))?,
                wanted,
            )?
        }
        2 => return Err(unsupported("blocks of Snappy")),
        number => return Err(unsupported(&format!("blocks of method {number}"))),
    };
    match data.len() == wanted {
        true => Ok(data),
        false => Err(damaged("a block is shorter than it says")),
    }
}

/// The next bytes, as many as are wanted.
fn taken(input: &mut impl Read, wanted: usize) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    input.take(wanted as u64).read_to_end(&mut data)?;
    match data.len() == wanted {
        true => Ok(data),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn array<const N: usize>(input: &mut Input) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.fill_buf()?;
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn damaged(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn unsupported(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{what} are not unpacked"),
    )
}
