//! xz, as `lzma.open` reads it: concatenated streams with zero padding.

use std::io;

use lzma_rust2::XzReader;

use super::super::{
    Format,
    codec::{Chain, Codec, Single},
    input::Input,
};

/// Memory for one dictionary, in KiB. `xz -9` needs 65 MiB; more is a bomb of another kind.
pub(super) const MEMORY: u32 = 256 << 10;

pub(in super::super) const FORMAT: Format = Format {
    name: "xz",
    matches: |head| starts(head.bytes),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "xz",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

fn starts(head: &[u8]) -> bool {
    head.starts_with(b"\xfd7zXZ\0")
}

fn begin(input: Input) -> io::Result<Box<dyn Single>> {
    Ok(Box::new(XzReader::new_mem_limit(input, false, MEMORY)))
}

impl Single for XzReader<Input> {
    fn into_input(self: Box<Self>) -> Input {
        (*self).into_inner()
    }
}
