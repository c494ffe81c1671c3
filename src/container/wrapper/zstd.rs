//! Zstandard (RFC 8878), as `zstd` reads it: concatenated frames, some of which are to be skipped.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::{
    Format,
    bits::u32_le,
    codec::{Chain, Codec, Single},
    input::Input,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "zstd",
    matches: |head| starts(head.bytes),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "zstd",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

/// Bytes of history that a frame may ask for, as `zstd` itself allows.
const WINDOW: u64 = 128 << 20;

fn starts(head: &[u8]) -> bool {
    head.starts_with(b"\x28\xb5\x2f\xfd") || is_skippable(head)
}

/// Frames of user data, which every decompressor passes over.
pub(super) fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn begin(mut input: Input) -> io::Result<Box<dyn Single>> {
    if is_skippable(input.peek(4)?) {
        return skip(input);
    }
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW);
    match decoder.init(&mut input) {
        Ok(()) => Ok(Box::new(Frame { decoder, input })),
        Err(error) => Err(explained(&mut input, error)),
    }
}

/// Passes over a skippable frame.
pub(super) fn skip(mut input: Input) -> io::Result<Box<dyn Single>> {
    let length = u32_le(input.peek(8)?, 4).ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = 8 + u64::from(length);
    let skipped = io::copy(&mut (&mut input).take(length), &mut io::sink())?;
    if skipped < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Box::new(Skipped(input)))
}

/// The decoder does not tell damage from an end that comes too soon.
fn explained(
    input: &mut Input,
    error: impl std::error::Error + Send + Sync + 'static,
) -> io::Error {
    match input.fill_buf() {
        Ok([]) => io::Error::new(io::ErrorKind::UnexpectedEof, error),
        Ok(_) => io::Error::new(io::ErrorKind::InvalidData, error),
        Err(error) => error,
    }
}

struct Frame {
    decoder: FrameDecoder,
    input: Input,
}

impl Read for Frame {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.decoder.decode_blocks(&mut self.input, one) {
                return Err(explained(&mut self.input, error));
            }
        }
        self.decoder.read(buffer)
    }
}

impl Single for Frame {
    fn into_input(self: Box<Self>) -> Input {
        self.input
    }
}

struct Skipped(Input);

impl Read for Skipped {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Single for Skipped {
    fn into_input(self: Box<Self>) -> Input {
        self.0
    }
}
