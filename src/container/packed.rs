//! Packed pickles in data of no known kind: a header of the author's own hides them from whoever
//! looks at the first bytes only.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use regex::bytes::Regex;

use super::{Opening, ProblemKind, carve, codec::Codec, trial::declares_pickle, wrapper};
use crate::{
    limits::Deadline,
    source::{MemorySource, Part, Source, bytes_at},
};

/// How gzip, zlib, bzip2, xz, zstd and lz4 begin.
static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let beginnings = [
        r"\x1f\x8b\x08",
        r"\x78[\x01\x5e\x9c\xda]",
        r"BZh[1-9]1AY&SY",
        r"\xfd7zXZ\x00",
        r"\x28\xb5\x2f\xfd",
        r"\x04\x22\x4d\x18",
    ];
    Regex::new(&format!("(?-u){}", beginnings.join("|"))).ok()
});

/// Bytes that are searched at once, and those of the longest beginning.
const STRIDE: usize = 1 << 20;
const LONGEST: usize = 10;

/// Is told a place and a method of packing there, and says whether to go on.
type Visit<'v> = dyn FnMut(u64, &'static Codec) -> io::Result<bool> + 'v;

/// Calls `visit` with each place in a range at which packed data may begin, until it says `false`.
/// Returns whether there was time for all.
pub(super) fn each(
    source: &dyn Source,
    (start, end): (u64, u64),
    deadline: &Deadline,
    visit: &mut Visit<'_>,
) -> io::Result<bool> {
    let (mut base, end) = (start, end.min(source.len()));
    while base < end {
        if deadline.has_passed() {
            return Ok(false);
        }
        let room = usize::try_from(end - base).unwrap_or(STRIDE).min(STRIDE);
        let chunk = bytes_at(source, base, room)?;
        deadline.spend(chunk.len());
        // What begins so near the end of a piece is seen whole in the next one.
        let step = match base + chunk.len() as u64 {
            next if next < end && chunk.len() > LONGEST => chunk.len() - LONGEST,
            _ => room,
        };
        if !in_bytes(&chunk, step, &mut |at, codec| visit(base + at, codec))? {
            break;
        }
        base += step as u64;
    }
    Ok(true)
}

/// The same of bytes, of which only places before `end` count. `false` means: `visit` said so.
fn in_bytes(bytes: &[u8], end: usize, visit: &mut Visit<'_>) -> io::Result<bool> {
    let found = BEGINNINGS.iter().flat_map(|all| all.find_iter(bytes));
    for found in found.take_while(|found| found.start() < end) {
        let codec = wrapper::begun(found.as_bytes());
        if let Some(codec) = codec
            && !visit(found.start() as u64, codec)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `bytes`, which stand at `start`, hold the beginning of a packed pickle that uses an import,
/// or may do so behind what was looked at of it.
pub(super) fn is_in(source: &dyn Source, start: u64, bytes: &[u8]) -> io::Result<bool> {
    let visit = &mut |at, codec: &'static Codec| Ok(!acts(source, start + at, codec)?);
    in_bytes(bytes, bytes.len(), visit).map(|none| !none)
}

/// Whether what is packed there begins like a pickle that uses an import, or may do so behind that.
fn acts(source: &dyn Source, at: u64, codec: &Codec) -> io::Result<bool> {
    let beginning = wrapper::first_bytes((source, at), codec)?;
    let goes_on = declares_pickle(&beginning) && beginning.len() >= wrapper::FIRST;
    let beginning = MemorySource::new(beginning);
    let range = (0, beginning.len());
    Ok(goes_on || carve::extent(&beginning, range)?.is_some())
}

/// Emits each packed pickle of a range as a member. `false` means: stop.
pub(super) fn emit(opening: &mut Opening<'_>, range: (u64, u64)) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let deadline = opening.limits().deadline.clone();
    let mut room = true;
    let complete = each(source.as_ref(), range, &deadline, &mut |at, codec| {
        if !acts(source.as_ref(), at, codec)? {
            return Ok(true);
        }
        let part = Part::new(Arc::clone(&source), at, source.len() - at);
        let name = format!("{}@{at}", codec.name);
        room = opening.member(opening.member.packed(Arc::new(part), name, codec));
        Ok(room)
    })?;
    if !complete {
        opening.problem(ProblemKind::Limit, "it took too long to search it");
    }
    Ok(room)
}
