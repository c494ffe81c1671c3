//! Standard input: a file that can be read by position, or a pipe that is kept in memory.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use crate::{
    report::{Notice, NoticeKind},
    source::FileSource,
};

/// What standard input is.
pub(super) enum Stdin {
    /// A regular file from its beginning.
    File(FileSource),
    /// All bytes of something else, and what there is to say about them.
    Bytes(Vec<u8>, Option<Notice>),
}

/// Takes standard input; of a pipe at most `limit` bytes.
pub(super) fn open(limit: u64) -> io::Result<Stdin> {
    let mut file = handle()?;
    let metadata = file.metadata()?;
    // A shell may have read some of the file before; a loader would go on from there.
    if metadata.is_file() && file.stream_position().is_ok_and(|position| position == 0) {
        return Ok(Stdin::File(FileSource::from_file(file)?));
    }
    let mut bytes = Vec::new();
    let outcome = (&mut file).take(limit).read_to_end(&mut bytes);
    let notice = match outcome {
        Err(error) if bytes.is_empty() => return Err(error),
        Err(error) => {
            let message = format!("cannot be read to its end: {error}");
            Some(Notice::new(NoticeKind::Unreadable, message))
        }
        Ok(_) if bytes.len() as u64 == limit && file.read(&mut [0])? > 0 => {
            let message = format!(
                "more than {limit} bytes; raise the limit `stdin`, or save it to a file and scan that"
            );
            Some(Notice::new(NoticeKind::Limit, message))
        }
        Ok(_) => None,
    };
    Ok(Stdin::Bytes(bytes, notice))
}

#[cfg(unix)]
fn handle() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn handle() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}
