//! The `.lzma` format that preceded xz ("lzma-alone"), which joblib and `lzma.open` still read, and
//! the variant inside zip members.

use std::io::{self, BufRead, Read};

use lzma_rust2::LzmaReader;

use super::{
    super::{
        Format,
        bits::{u32_le, u64_le},
        codec::{Chain, Codec, Single},
        input::Input,
    },
    xz::MEMORY,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "lzma",
    matches: |head| starts(head.bytes) && decompresses(head.bytes),
    opener: |opening| super::open(opening, &CODEC),
};

pub(in super::super) static CODEC: Codec = Codec {
    name: "lzma",
    begin: |input, _| CHAIN.read(input),
};

static CHAIN: Chain = Chain { begin, starts };

/// LZMA as zip members hold it (method 14): a version, the length of the properties, the
/// properties, the data.
pub(in super::super) static IN_ZIP: Codec = Codec {
    name: "lzma",
    begin: begin_in_zip,
};

/// There is no magic. These are the checks that liblzma makes before it believes a header:
/// properties below 225, a dictionary of 2^n or 2^n + 2^(n-1) bytes, a length below 256 GiB or
/// unknown; and the first byte of the range coder is always zero.
fn starts(head: &[u8]) -> bool {
    let (Some(&properties), Some(dictionary), Some(length), Some(&first)) =
        (head.first(), u32_le(head, 1), u64_le(head, 5), head.get(13))
    else {
        return false;
    };
    properties < 225
        && plausible_dictionary(dictionary)
        && (length == u64::MAX || length < 256 << 30)
        && first == 0
}

/// The checks above let some zero-filled tables through, so the head has to decompress as well. No
/// loader gets further: `LZMADecompressor` gives nothing of a chunk with an error in it.
fn decompresses(head: &[u8]) -> bool {
    if u32_le(head, 1).is_some_and(|dictionary| dictionary > MEMORY << 10) {
        return true;
    }
    let outcome = LzmaReader::new_mem_limit(head, MEMORY, None)
        .and_then(|mut reader| io::copy(&mut reader, &mut io::sink()));
    match outcome {
        Ok(_) => true,
        // The head is only part of the file; and what needs too much memory is to be reported.
        Err(error) => {
            matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::OutOfMemory
            )
        }
    }
}

fn plausible_dictionary(size: u32) -> bool {
    if size == u32::MAX {
        return true;
    }
    let highest = size.checked_ilog2().map_or(0, |log| 1_u32 << log);
    size >= 4096 && (size == highest || size == highest + highest / 2)
}

fn begin(input: Input) -> io::Result<Box<dyn Single>> {
    let mut reader = LzmaReader::new_mem_limit(input, MEMORY, None)?;
    reader.set_defer_errors(true);
    Ok(Box::new(reader))
}

fn begin_in_zip(mut input: Input, size: Option<u64>) -> io::Result<Box<dyn Read + Send>> {
    let head = input.peek(9)?;
    let (Some(&properties), Some(dictionary), Some(5)) = (
        head.get(4),
        u32_le(head, 5),
        super::super::bits::u16_le(head, 2),
    ) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if dictionary > MEMORY << 10 {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    input.fill_buf()?;
    input.consume(9);
    let size = size.unwrap_or(u64::MAX);
    let mut reader = LzmaReader::new_with_props(input, size, properties, dictionary, None)?;
    reader.set_defer_errors(true);
    Ok(Box::new(InZip(Some(reader))))
}

/// Data of a known length, behind which an end marker may stand or not. Whatever is left of the
/// member belongs to it: how far the decoder has read ahead depends on the size of its reads.
struct InZip(Option<LzmaReader<Input>>);

impl Read for InZip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = &mut self.0 else {
            return Ok(0);
        };
        let count = reader.read(buffer)?;
        if count == 0
            && !buffer.is_empty()
            && let Some(reader) = self.0.take()
        {
            io::copy(&mut reader.into_parts().0, &mut io::sink())?;
        }
        Ok(count)
    }
}

impl Single for LzmaReader<Input> {
    fn into_input(self: Box<Self>) -> Input {
        let (mut input, unused) = (*self).into_parts();
        input.unread(unused.len());
        input
    }
}
