//! Where bytes come from.
//!
//! A [`Source`] has a length and positioned reads, nothing else: no cursor, no seek. Pickles inside
//! multi-gigabyte files are read through it by small windows; payloads that are not asked for are
//! never read. This room does not know what the bytes mean.

mod buffered;
mod file;
mod memory;
mod part;
mod spliced;
mod window;

use std::{borrow::Cow, io, sync::Arc};

pub use buffered::Buffered;
pub use file::FileSource;
pub use memory::MemorySource;
pub use part::Part;
pub use spliced::Spliced;
pub use window::{Chunk, Window};

/// A byte range of known length that can be read at any position.
pub trait Source: Send + Sync {
    /// Length in bytes, as it was when the source was opened.
    fn len(&self) -> u64;

    /// Whether the source holds no byte at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads bytes at `offset` into `buffer` and returns how many; 0 only at or past the end.
    ///
    /// # Errors
    /// Whatever the operating system reports, or [`io::ErrorKind::UnexpectedEof`] where a file has
    /// become shorter than [`Source::len`].
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// The whole contents, where they are in memory anyway.
    fn contents(&self) -> Option<&[u8]> {
        None
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn len(&self) -> u64 {
        self.as_ref().len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_ref().read_at(offset, buffer)
    }

    fn contents(&self) -> Option<&[u8]> {
        self.as_ref().contents()
    }
}

/// Reads up to `length` bytes at `offset`; fewer only where the source ends.
///
/// # Errors
/// As [`Source::read_at`].
pub fn read_range(source: &dyn Source, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let available = source.len().saturating_sub(offset);
    let wanted = usize::try_from(available).map_or(length, |available| available.min(length));
    let mut buffer = vec![0; wanted];
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read_at(offset.saturating_add(filled as u64), rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// As [`read_range`], borrowed where the source is in memory anyway.
///
/// # Errors
/// As [`Source::read_at`].
pub fn bytes_at(source: &dyn Source, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
    let Some(whole) = source.contents() else {
        return read_range(source, offset, length).map(Cow::Owned);
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = whole.get(start..).unwrap_or_default();
    Ok(Cow::Borrowed(rest.get(..length).unwrap_or(rest)))
}

/// All of a source of at most `most` bytes, to be looked up in memory instead of piece by piece;
/// nothing where it is longer, cannot be read, or gives less than it promised, which is noticed
/// where it is read piece by piece.
#[must_use]
pub fn read_whole(source: &dyn Source, most: usize) -> Option<MemorySource> {
    let length = usize::try_from(source.len())
        .ok()
        .filter(|&length| length <= most)?;
    let bytes = read_range(source, 0, length).ok()?;
    (bytes.len() == length).then(|| MemorySource::new(bytes))
}
