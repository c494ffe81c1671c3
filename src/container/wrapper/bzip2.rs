//! bzip2, as `bz2.open` reads it: concatenated streams.

use std::io;

use bzip2::bufread::BzDecoder;

use super::super::{
    Format,
    codec::{Chain, Codec, Single},
    input::Input,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "bzip2",
    matches: |head| starts(head.bytes),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "bzip2",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

/// `BZh`, the block size, and the magic of a block or of the end.
fn starts(head: &[u8]) -> bool {
    head.strip_prefix(b"BZh")
        .is_some_and(|rest| match rest.split_first() {
            Some((b'1'..=b'9', magic)) => [b"1AY&SY", b"\x17rE8P\x90"]
                .iter()
                .any(|expected| magic.starts_with(*expected) || expected.starts_with(magic)),
            _ => false,
        })
}

fn begin(input: Input) -> io::Result<Box<dyn Single>> {
    Ok(Box::new(BzDecoder::new(input)))
}

impl Single for BzDecoder<Input> {
    fn into_input(self: Box<Self>) -> Input {
        (*self).into_inner()
    }
}
