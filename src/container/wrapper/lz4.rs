//! LZ4 frames, as `lz4.frame` and joblib read them: concatenated frames, linked blocks or not.
//!
//! Checksums are passed over: a reader that compares them has handed out the data before it comes
//! to the last one.

use std::io::{self, BufRead, Read};

use lz4_flex::block::decompress_into_with_dict;

use super::{
    super::{
        Format,
        codec::{Chain, Codec, Single},
        input::Input,
    },
    zstd::{is_skippable, skip},
};

pub(in super::super) const FORMAT: Format = Format {
    name: "lz4",
    matches: |head| head.bytes.starts_with(MAGIC),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "lz4",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

const MAGIC: &[u8] = b"\x04\x22\x4d\x18";

/// Bytes of earlier blocks that a linked block may refer to.
const HISTORY: usize = 64 << 10;

fn starts(head: &[u8]) -> bool {
    head.starts_with(MAGIC) || is_skippable(head)
}

fn begin(mut input: Input) -> io::Result<Box<dyn Single>> {
    if is_skippable(input.peek(4)?) {
        return skip(input);
    }
    let [_, _, _, _, flags, sizes] = take::<6>(&mut input)?;
    if flags >> 6 != 1 {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("version {} of the frame format", flags >> 6),
        ));
    }
    let block = match sizes >> 4 & 7 {
        size @ 4..=7 => 1_usize << (8 + 2 * size),
        size => return Err(damaged(format!("block size {size}"))),
    };
    if flags & CONTENT_SIZE != 0 {
        take::<8>(&mut input)?;
    }
    if flags & DICTIONARY != 0 {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "it needs a dictionary that is not in the file",
        ));
    }
    // The checksum of the header.
    take::<1>(&mut input)?;
    Ok(Box::new(Frame {
        input,
        flags,
        block,
        data: Vec::new(),
        given: 0,
        ended: false,
    }))
}

const DICTIONARY: u8 = 1;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const CONTENT_SIZE: u8 = 1 << 3;
const BLOCK_CHECKSUM: u8 = 1 << 4;

/// One frame behind its header.
struct Frame {
    input: Input,
    flags: u8,
    /// Most bytes of one block.
    block: usize,
    /// Earlier blocks and the current one.
    data: Vec<u8>,
    /// Where in `data` reading has come to.
    given: usize,
    ended: bool,
}

impl Frame {
    /// Decompresses the next block; `ended` is set where there is none.
    fn next_block(&mut self) -> io::Result<()> {
        let size = u32::from_le_bytes(take(&mut self.input)?);
        if size == 0 {
            if self.flags & CONTENT_CHECKSUM != 0 {
                take::<4>(&mut self.input)?;
            }
            self.ended = true;
            return Ok(());
        }
        let (plain, length) = (size >> 31 != 0, (size & 0x7fff_ffff) as usize);
        if length > self.block + self.block / 255 + 16 {
            return Err(damaged(format!("a block of {length} bytes")));
        }
        let mut packed = Vec::new();
        let wanted = length as u64;
        if ((&mut self.input).take(wanted).read_to_end(&mut packed)? as u64) < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.flags & BLOCK_CHECKSUM != 0 {
            take::<4>(&mut self.input)?;
        }
        let obsolete = self.data.len().saturating_sub(HISTORY);
        self.data.drain(..obsolete);
        self.given = self.data.len();
        if plain {
            self.data.extend_from_slice(&packed);
            return Ok(());
        }
        let mut block = vec![0; self.block];
        let length = decompress_into_with_dict(&packed, &mut block, &self.data)
            .map_err(|error| damaged(error.to_string()))?;
        self.data.extend(block.into_iter().take(length));
        Ok(())
    }
}

impl Read for Frame {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A block may well be empty without being the last.
        while self.given >= self.data.len() && !self.ended {
            self.next_block()?;
        }
        let mut rest = self.data.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

impl Single for Frame {
    fn into_input(self: Box<Self>) -> Input {
        self.input
    }
}

fn take<const N: usize>(input: &mut Input) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.fill_buf()?;
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn damaged(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
