//! Compressed wrappers: a file that is one compressed stream, or several in a row.

pub(super) mod bare;
pub(super) mod blosc;
mod blosclz;
pub(super) mod bzip2;
pub(super) mod gzip;
pub(super) mod lz4;
pub(super) mod lzma;
pub(super) mod snappy;
pub(super) mod xz;
pub(super) mod zlib;
pub(super) mod zstd;

use std::{
    io::{self, Read},
    sync::Arc,
};

use super::{Format, Opening, Sniffed, codec::Codec, input::Input, sniff};
use crate::source::{MemorySource, Source, read_range};

/// Emits what a wrapper wraps. It is called by the name of the method, because a name recorded in
/// the wrapper is the attacker's and is used by no loader.
fn open(opening: &mut Opening<'_>, codec: &'static Codec) -> io::Result<()> {
    let input = Arc::clone(opening.source);
    let wrapped = opening.member.packed(input, codec.name, codec);
    opening.member(wrapped);
    Ok(())
}

/// Bytes of packed data, and of what comes out of them, that show what it is.
const BEGINNING: usize = 4096;

/// What decompresses a format; nothing where it is no wrapper.
fn codec(format: &Format) -> Option<&'static Codec> {
    let codecs = [
        (gzip::FORMAT.name, &gzip::CODEC),
        (zlib::FORMAT.name, &zlib::CODEC),
        (bzip2::FORMAT.name, &bzip2::CODEC),
        (xz::FORMAT.name, &xz::CODEC),
        (lzma::FORMAT.name, &lzma::CODEC),
        (zstd::FORMAT.name, &zstd::CODEC),
        (lz4::FORMAT.name, &lz4::CODEC),
        (blosc::FORMAT.name, &blosc::CODEC),
        (snappy::FORMAT.name, &snappy::CODEC),
        (bare::LZ4.name, &bare::LZ4_CODEC),
        (bare::SNAPPY.name, &bare::SNAPPY_CODEC),
        (bare::BARE_DEFLATE.name, &zlib::DEFLATE),
    ];
    let mut known = codecs.into_iter();
    known
        .find(|(name, _)| *name == format.name)
        .map(|(_, codec)| codec)
}

/// What decompresses data that begins like this.
pub(super) fn begun(bytes: &[u8]) -> Option<&'static Codec> {
    Some(match bytes.first()? {
        0x1f => &gzip::CODEC,
        0x78 => &zlib::CODEC,
        b'B' => &bzip2::CODEC,
        0xfd => &xz::CODEC,
        0x28 => &zstd::CODEC,
        0x04 => &lz4::CODEC,
        _ => return None,
    })
}

/// What comes out of the beginning of packed data; nothing where the format is no wrapper.
pub(super) fn beginning(data: &dyn Source, format: &Format) -> io::Result<Option<Vec<u8>>> {
    codec(format)
        .map(|codec| first_bytes((data, 0), codec))
        .transpose()
}

/// Bytes that are unpacked to see what they are.
pub(super) const FIRST: usize = 512;

/// What comes out of the beginning of data that is packed from a place on.
pub(super) fn first_bytes((data, start): (&dyn Source, u64), codec: &Codec) -> io::Result<Vec<u8>> {
    let head = read_range(data, start, BEGINNING)?;
    let more = data.len().saturating_sub(start) > head.len() as u64;
    // Some methods give nothing before a whole block has been read.
    let head = match more && codec.name == bzip2::CODEC.name {
        true => read_range(data, start, LARGEST_BLOCK)?,
        false => head,
    };
    let input = Input::new(Arc::new(MemorySource::new(head)));
    let decompressor = (codec.begin)(input, None);
    Ok(decompressor.map_or(Vec::new(), |decompressor| before_error(decompressor, FIRST)))
}

/// Bytes that come out of packed data before it is taken to be whole.
const CONVINCING: u64 = 4 << 20;

/// Whether packed data can be decompressed to its end, or at least for long.
pub(super) fn is_whole(data: &Arc<dyn Source>, format: &Format) -> bool {
    let Some(codec) = codec(format) else {
        return true;
    };
    let decompressor = (codec.begin)(Input::new(Arc::clone(data)), None);
    decompressor.is_ok_and(|decompressor| {
        let copied = io::copy(&mut decompressor.take(CONVINCING), &mut io::sink());
        copied.is_ok_and(|length| length > 0)
    })
}

/// Whether a storage merely begins like packed data: the method has next to no signature, the data
/// breaks, and nothing that a loader would have had by then begins like anything but numbers.
pub(super) fn begins_by_chance(storage: &Arc<dyn Source>, format: &Format) -> io::Result<bool> {
    let is_weak = [zlib::FORMAT.name, lzma::FORMAT.name].contains(&format.name);
    let Some(codec) = codec(format).filter(|_| is_weak) else {
        return Ok(false);
    };
    if is_whole(storage, format) {
        return Ok(false);
    }
    let decompressor = (codec.begin)(Input::new(Arc::clone(storage)), None);
    let out = decompressor.map_or(Vec::new(), |decompressor| before_error(decompressor, FIRST));
    let readings = sniff::at_sight(&MemorySource::new(out))?;
    let is_nothing = |reading: &Sniffed| matches!(reading, Sniffed::NoPickle(_) | Sniffed::Empty);
    Ok(readings.iter().all(is_nothing))
}

/// What a decompressor gives before its first error, up to so many bytes. It is asked for one at a
/// time: what was had by then counts.
fn before_error(mut decompressor: impl Read, most: usize) -> Vec<u8> {
    let (mut out, mut byte) = (Vec::new(), [0]);
    while out.len() < most && decompressor.read(&mut byte).is_ok_and(|count| count > 0) {
        out.extend(byte);
    }
    out
}

/// Bytes of the largest block of bzip2, packed.
const LARGEST_BLOCK: usize = 1 << 20;
