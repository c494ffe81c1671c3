//! 7z archives.
//!
//! No loader of Python opens one by itself, but people hand models around in them. Members that
//! may hold a pickle are unpacked into memory, up to [`crate::limits::Limits::resident`] bytes for
//! the whole archive; of all others only the beginning is kept.

use std::{
    io::{self, Read},
    sync::Arc,
};

use sevenz_rust2::{Archive, BlockDecoder, Error, Password};

use super::{
    AnomalyKind, Format, Member, Opening, ProblemKind, Sniffed, bits::u64_le, input::Input,
    padding::end_of_zeros, sniff,
};
use crate::source::{MemorySource, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "7z",
    matches: |head| head.bytes.starts_with(b"7z\xbc\xaf\x27\x1c"),
    opener: open,
};

/// Memory for one dictionary or one header, in KiB.
const MEMORY: usize = 256 << 10;

/// Bytes of a member by which it is decided whether the rest is wanted.
const HEAD: u64 = 512;

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let mut input = Input::new(Arc::clone(opening.source));
    let password = Password::empty();
    let archive = match Archive::read_with_memory_limit(&mut input, &password, MEMORY) {
        Ok(archive) => archive,
        Err(error) => {
            complain(opening, "the archive", &error);
            return Ok(());
        }
    };
    let length = opening.source.len();
    let end = end(opening.source.as_ref())?.unwrap_or(length).min(length);
    opening.explained(0, end);
    if end < length {
        let message = format!("{} bytes follow the archive", length - end);
        opening.anomaly(AnomalyKind::TrailingData, end, message);
        opening.member(opening.member.stray(opening.source, (end, length - end)));
    }
    let mut room = opening.limits().resident as u64;
    for block in 0..archive.blocks.len() {
        let decoder =
            BlockDecoder::new_with_memory_limit(1, MEMORY, block, &archive, &password, &mut input);
        let outcome = decoder.for_each_entries(&mut |entry, reader| {
            member(opening, entry.name(), reader, &mut room)
        });
        match outcome {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => complain(opening, &format!("block {block}"), &error),
        }
    }
    Ok(())
}

/// Where the archive ends by its first header, zero bytes behind it included.
fn end(source: &dyn Source) -> io::Result<Option<u64>> {
    let head = read_range(source, 0, 32)?;
    let (offset, size) = (u64_le(&head, 12), u64_le(&head, 20));
    let end = offset
        .zip(size)
        .and_then(|(offset, size)| offset.checked_add(size));
    match end.and_then(|end| end.checked_add(32)) {
        Some(end) if end < source.len() => end_of_zeros(source, end, source.len()).map(Some),
        end => Ok(end),
    }
}

/// Unpacks one member as far as it is wanted, and emits it. `false` means: stop.
fn member(
    opening: &mut Opening<'_>,
    name: &str,
    reader: &mut dyn Read,
    room: &mut u64,
) -> Result<bool, Error> {
    let mut data = Vec::new();
    let mut outcome = reader.take(HEAD).read_to_end(&mut data);
    let wanted = sniff(&MemorySource::new(data.clone()))?
        .iter()
        .any(|reading| !matches!(reading, Sniffed::NoPickle(_)));
    if wanted && outcome.is_ok() {
        outcome = reader.take(*room).read_to_end(&mut data);
    }
    if outcome.is_ok() && !wanted {
        // What is decompressed to be thrown away takes time all the same.
        outcome = pass_over(opening, reader);
    }
    let length = data.len() as u64;
    let affordable = opening.budget.inflatable().take(length);
    if !affordable || wanted && length >= HEAD.saturating_add(*room) {
        let message = format!("{name:?} is too large to be unpacked");
        opening.problem(ProblemKind::Limit, message);
        return Ok(false);
    }
    *room = room.saturating_sub(length);
    let path = opening.member.inside(name);
    let member = Member::found(path, Arc::new(MemorySource::new(data)), None);
    let goes_on = opening.member(member);
    outcome?;
    Ok(goes_on)
}

/// Decompresses the rest of a member within the budget.
fn pass_over(opening: &mut Opening<'_>, reader: &mut dyn Read) -> io::Result<usize> {
    let mut buffer = vec![0; 64 << 10];
    let inflatable = opening.budget.inflatable();
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(0);
        }
        if !inflatable.take(count as u64) || opening.limits().deadline.has_passed() {
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
    }
}

fn complain(opening: &mut Opening<'_>, what: &str, error: &Error) {
    let kind = match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => ProblemKind::Encrypted,
        Error::UnsupportedCompressionMethod(name) if name.starts_with("AES") => {
            ProblemKind::Encrypted
        }
        Error::MaxMemLimited { .. } => ProblemKind::Limit,
        Error::UnsupportedVersion { .. }
        | Error::ExternalUnsupported
        | Error::UnsupportedCompressionMethod(_)
        | Error::Unsupported(_) => ProblemKind::Unsupported,
        Error::Io(error, _) if error.kind() == io::ErrorKind::UnexpectedEof => {
            ProblemKind::Truncated
        }
        Error::Io(error, _) if error.kind() == io::ErrorKind::QuotaExceeded => ProblemKind::Limit,
        _ => ProblemKind::Damaged,
    };
    let message = match (kind, error) {
        (ProblemKind::Encrypted, _) => format!("{what} is encrypted"),
        (_, Error::Io(error, _)) => format!("{what} cannot be unpacked: {error}"),
        _ => format!("{what} cannot be unpacked: {error}"),
    };
    opening.problem(kind, message);
}
