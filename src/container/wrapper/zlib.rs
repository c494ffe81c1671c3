//! zlib (RFC 1950), as joblib writes it: its files start with it and carry no other header.

use std::io;

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

use super::super::{
    Format, Head,
    codec::{Chain, Codec, Single},
    encoding::begins_pickle,
    input::Input,
    text::runs,
};
use crate::source::MemorySource;

pub(in super::super) const FORMAT: Format = Format {
    name: "zlib",
    matches: |head| starts(head.bytes) && inflates(head),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "zlib",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

/// Deflate without a header of its own, as in zip members.
pub(in super::super) static DEFLATE: Codec = Codec {
    name: "deflate",
    begin: |input, _| Ok(Box::new(DeflateDecoder::new(input))),
};

/// The two header bytes: method 8, window up to 32 KiB, no preset dictionary, check bits.
fn starts(head: &[u8]) -> bool {
    let Some(&[first, second]) = head.first_chunk::<2>() else {
        return false;
    };
    let check = u16::from_be_bytes([first, second]) % 31 == 0;
    first & 0x0f == 8 && first >> 4 <= 7 && second & 0x20 == 0 && check
}

/// Two bytes are weak evidence, so all of the head has to decompress, or what comes out before an
/// error has to be or begin like a pickle: a loader that asks for little at a time has run that by
/// then. Of text, some begins like that and decompresses for long.
fn inflates(head: &Head<'_>) -> bool {
    let (head, is_text) = (head.bytes, head.text.is_some());
    match io::copy(&mut ZlibDecoder::new(head), &mut io::sink()) {
        Ok(_) => true,
        // The head is only part of the file; running out of it proves nothing.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !is_text => true,
        Err(_) => {
            let before = super::before_error(ZlibDecoder::new(head), BEGINNING);
            let imports = before.len() >= SHORTEST
                && runs(&MemorySource::new(before.as_slice())).unwrap_or(true);
            begins_pickle(&before) || imports
        }
    }
}

/// Fewest bytes of a pickle that imports something.
const SHORTEST: usize = 8;

/// Bytes that show whether they begin like a pickle.
const BEGINNING: usize = 64;

fn begin(input: Input) -> io::Result<Box<dyn Single>> {
    Ok(Box::new(ZlibDecoder::new(input)))
}

impl Single for ZlibDecoder<Input> {
    fn into_input(self: Box<Self>) -> Input {
        (*self).into_inner()
    }
}
