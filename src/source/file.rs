//! A file on disk, read by position and never mapped: a file that is truncated while it is mapped
//! kills the process with SIGBUS.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use super::{MemorySource, Source};

/// A regular file. Remembers how many bytes were read, for `-v` and for tests.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    opened: State,
    read: AtomicU64,
}

/// What changes when a file is written to, cut, replaced or removed.
#[derive(Debug, PartialEq, Eq)]
struct State {
    length: u64,
    modified: Option<SystemTime>,
    /// Time of the last change of anything, which no program can set, and whether the file still
    /// has a name.
    #[cfg(unix)]
    changed: (i64, i64, bool),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            changed: {
                use std::os::unix::fs::MetadataExt;
                let named = metadata.nlink() > 0;
                (metadata.ctime(), metadata.ctime_nsec(), named)
            },
        }
    }
}

impl FileSource {
    /// Opens a file for positioned reads. Never waits: what was a file when its folder was listed
    /// may be a pipe by now, and opening one would wait for a writer.
    ///
    /// # Errors
    /// Whatever the operating system says about opening it; also where it is no regular file.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::from_file(open_without_waiting(path)?)
    }

    /// Takes an opened regular file.
    ///
    /// # Errors
    /// Whatever the operating system says about its metadata; also where it is no regular file.
    pub fn from_file(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file",
            ));
        }
        Ok(Self {
            opened: State::of(&metadata),
            file,
            read: AtomicU64::new(0),
        })
    }

    /// All bytes of a file that is shorter than the buffer, read through it by one call. Whoever
    /// has them need not ask whether the file has changed meanwhile: there is no meanwhile.
    ///
    /// Nothing where the file is longer, has another length than when it was opened, or cannot be
    /// read; reading it piece by piece tells.
    pub fn at_once(&self, buffer: &mut [u8]) -> Option<MemorySource> {
        let length = usize::try_from(self.opened.length).ok()?;
        // One byte more, where there is none unless the file has grown.
        let read = read_at(&self.file, 0, buffer.get_mut(..=length)?).ok()?;
        let bytes = buffer.get(..read).filter(|_| read == length)?;
        Some(MemorySource::new(bytes))
    }

    /// Whether the file was written to, replaced or removed since it was opened.
    pub fn has_changed(&self) -> bool {
        let now = self.file.metadata();
        now.map_or(true, |metadata| State::of(&metadata) != self.opened)
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.opened.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.opened.length.saturating_sub(offset);
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
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
