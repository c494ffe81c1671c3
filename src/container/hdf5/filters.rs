//! Filters of chunks: how the bytes of a chunk are had from what is stored.

use std::{io::Read, sync::Arc};

use super::{
    super::{input::Input, shuffle::unshuffled, wrapper::blosc},
    file::{Fail, Fields, Outcome},
};
use crate::source::MemorySource;

/// One filter of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// Its registered number.
    id: u64,
    /// Its parameters.
    values: Vec<u64>,
}

/// Filters of one pipeline: the most that the format allows.
const MOST: usize = 32;

/// Reads a message of filters, in the order in which they were applied.
pub(super) fn filters(data: &[u8]) -> Outcome<Vec<Filter>> {
    let mut fields = Fields::new(data);
    let version = fields.number(1)?;
    let count = fields.size(1)?;
    if count > MOST {
        return Err(Fail::Damaged);
    }
    if version == 1 {
        fields.skip(6)?;
    }
    let mut filters = Vec::with_capacity(count);
    for _ in 0..count {
        let id = fields.number(2)?;
        // Filters of the library have no name in version 2.
        let named = version == 1 || id >= 256;
        let name = if named { fields.size(2)? } else { 0 };
        fields.skip(2)?;
        let count = fields.size(2)?;
        let padding = if version == 1 {
            name.next_multiple_of(8)
        } else {
            name
        };
        fields.skip(padding)?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(fields.number(4)?);
        }
        if version == 1 && count % 2 == 1 {
            fields.skip(4)?;
        }
        filters.push(Filter { id, values });
    }
    Ok(filters)
}

/// Bytes that a chunk may have besides its own while filters are undone: checksums.
const SURPLUS: usize = 64;

/// Undoes the filters of a chunk whose bytes are `length` once they are undone. Those marked in
/// `mask` were not applied.
pub(super) fn undone(
    filters: &[Filter],
    mask: u64,
    stored: Vec<u8>,
    length: usize,
) -> Outcome<Vec<u8>> {
    let mut data = stored;
    for (number, filter) in filters.iter().enumerate().rev() {
        if mask >> number & 1 == 0 {
            data = filter.undo(&data, length.saturating_add(SURPLUS))?;
        }
    }
    data.resize(length, 0);
    Ok(data)
}

impl Filter {
    fn undo(&self, data: &[u8], most: usize) -> Outcome<Vec<u8>> {
        match self.id {
            1 => inflated(flate2::bufread::ZlibDecoder::new(data), most),
            2 => Ok(unshuffled(data, self.value(0))),
            // A checksum of four bytes stands behind.
            3 => Ok(data
                .get(..data.len().saturating_sub(4))
                .unwrap_or(data)
                .to_vec()),
            307 => inflated(bzip2::bufread::BzDecoder::new(data), most),
            32000 => Ok(lzf(data, most)),
            32001 | 32026 => {
                let input = Input::new(Arc::new(MemorySource::new(data)));
                inflated(
                    (blosc::CODEC.begin)(input, None).map_err(|_| Fail::Damaged)?,
                    most,
                )
            }
            32015 => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(data);
                inflated(decoder.map_err(|_| Fail::Damaged)?, most)
            }
            id => Err(Fail::Unsupported(format!(
                "chunks compressed by {}",
                name(id)
            ))),
        }
    }

    fn value(&self, number: usize) -> usize {
        let value = self.values.get(number).copied().unwrap_or(0);
        usize::try_from(value).unwrap_or(0)
    }
}

/// What a filter is called.
fn name(id: u64) -> String {
    let known = match id {
        4 => "szip",
        5 => "n-bit",
        6 => "scale-offset",
        305 => "LZO",
        32004 => "LZ4",
        32008 => "bitshuffle",
        32013 => "ZFP",
        id => return format!("filter {id}"),
    };
    known.to_owned()
}

/// What a decompressor gives, up to so many bytes; also what it gave before an error.
fn inflated(decoder: impl Read, most: usize) -> Outcome<Vec<u8>> {
    let mut data = Vec::new();
    let outcome = decoder.take(most as u64).read_to_end(&mut data);
    match outcome {
        Err(_) if data.is_empty() => Err(Fail::Damaged),
        _ => Ok(data),
    }
}

/// LZF: runs of bytes, and copies of what came before.
fn lzf(data: &[u8], most: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let mut rest = data.iter().copied();
    while let Some(control) = rest.next() {
        let control = usize::from(control);
        if control < 32 {
            out.extend(rest.by_ref().take(control + 1));
        } else {
            let long = control >> 5 == 7;
            let more = if long { rest.next().unwrap_or(0) } else { 0 };
            let length = (control >> 5) + usize::from(more) + 2;
            let low = usize::from(rest.next().unwrap_or(0));
            let distance = ((control & 0x1f) << 8 | low) + 1;
            let Some(start) = out.len().checked_sub(distance) else {
                break;
            };
            for at in start..start + length {
                let byte = out.get(at).copied().unwrap_or(0);
                out.push(byte);
            }
        }
        if out.len() > most {
            out.truncate(most);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lzf_copies_what_came_before() {
        // Three bytes as they are, then four from three back.
        assert_eq!(lzf(b"\x02abc\x40\x02", 100), b"abcabca");
        assert_eq!(lzf(b"\x00a\xe0\xf0\x00", 20).len(), 20);
        assert_eq!(lzf(b"\x40\x09", 20), b"");
    }

    #[test]
    fn a_filter_that_was_left_out_is_not_undone() {
        let pipeline = [Filter {
            id: 2,
            values: vec![2],
        }];
        let undo = |mask| undone(&pipeline, mask, b"acbd".to_vec(), 4).unwrap();
        assert_eq!(undo(0), b"abcd");
        assert_eq!(undo(1), b"acbd");
    }
}
