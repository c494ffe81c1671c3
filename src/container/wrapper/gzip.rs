//! gzip (RFC 1952), as `gzip.open` reads it: concatenated streams, zero padding behind them.

use std::io;

use flate2::bufread::GzDecoder;

use super::super::{
    Format,
    codec::{Chain, Codec, Single},
    input::Input,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "gzip",
    matches: |head| starts(head.bytes),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "gzip",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

fn starts(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08")
}

fn begin(input: Input) -> io::Result<Box<dyn Single>> {
    Ok(Box::new(GzDecoder::new(input)))
}

impl Single for GzDecoder<Input> {
    fn into_input(self: Box<Self>) -> Input {
        (*self).into_inner()
    }
}
