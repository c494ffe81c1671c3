//! A file on disk, read by position and never mapped: a file that is truncated while it is mapped
//! kills the process with SIGBUS.

use std::{
    fs::File,
    io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use super::Source;

/// A regular file. Remembers how many bytes were read, for `-v` and for tests.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    length: u64,
    modified: Option<SystemTime>,
    read: AtomicU64,
}

impl FileSource {
    /// Opens a file for positioned reads.
    ///
    /// # Errors
    /// Whatever the operating system says about opening it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::from_file(File::open(path)?)
    }

    /// Takes an opened regular file.
    ///
    /// # Errors
    /// Whatever the operating system says about its metadata.
    pub fn from_file(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            file,
            read: AtomicU64::new(0),
        })
    }

    /// Whether the file has another length, or was written to, since it was opened.
    pub fn has_changed(&self) -> bool {
        self.file.metadata().map_or(true, |metadata| {
            metadata.len() != self.length || metadata.modified().ok() != self.modified
        })
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.length.saturating_sub(offset);
        let wanted = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let count = read_at(&self.file, offset, buffer)?;
        if count == 0 {
            // Fail closed: the bytes that were promised are gone.
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was read",
            ));
        }
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
