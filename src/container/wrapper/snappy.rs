//! Frames of Snappy.

use snap::read::FrameDecoder;

use super::super::{Format, codec::Codec};

pub(in super::super) const FORMAT: Format = Format {
    name: "snappy",
    matches: |head| head.bytes.starts_with(MAGIC),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "snappy",
    begin: |input, _| Ok(Box::new(FrameDecoder::new(input))),
};

/// The chunk that every frame begins with.
const MAGIC: &[u8] = b"\xff\x06\0\0sNaPpY";
