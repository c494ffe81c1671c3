//! Decompressors, each within the room that is left for computed text.

use std::io::Read;

/// Reads everything; nothing where it fails or where there is more than `room`.
fn all(reader: impl Read, room: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= room).then_some(bytes)
}

/// `zlib.decompress(bytes, wbits)`; what follows the stream is ignored.
pub(super) fn zlib(bytes: &[u8], window: i64, room: usize) -> Option<Vec<u8>> {
    match window {
        0 | 8..=15 => all(flate2::bufread::ZlibDecoder::new(bytes), room),
        -15..=-8 => all(flate2::bufread::DeflateDecoder::new(bytes), room),
        24..=31 => all(flate2::bufread::GzDecoder::new(bytes), room),
        40..=47 if bytes.starts_with(&[0x1f, 0x8b]) => {
            all(flate2::bufread::GzDecoder::new(bytes), room)
        }
        40..=47 => all(flate2::bufread::ZlibDecoder::new(bytes), room),
        _ => None,
    }
}

/// `gzip.decompress(bytes)`: one member after another.
pub(super) fn gzip(bytes: &[u8], room: usize) -> Option<Vec<u8>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    all(flate2::bufread::MultiGzDecoder::new(bytes), room)
}

/// `bz2.decompress(bytes)`.
pub(super) fn bzip2(bytes: &[u8], room: usize) -> Option<Vec<u8>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    all(bzip2::bufread::MultiBzDecoder::new(bytes), room)
}

/// Memory that an lzma dictionary may take, in KiB.
const LZMA_MEMORY: u32 = 64 << 10;

/// `lzma.decompress(bytes)`, which tells the two formats apart by their first bytes.
pub(super) fn lzma(bytes: &[u8], room: usize) -> Option<Vec<u8>> {
    if bytes.starts_with(b"\xfd7zXZ\0") {
        return all(
            lzma_rust2::XzReader::new_mem_limit(bytes, true, LZMA_MEMORY),
            room,
        );
    }
    let reader = lzma_rust2::LzmaReader::new_mem_limit(bytes, LZMA_MEMORY, None).ok()?;
    all(reader, room)
}
