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

/// Calls `visit` with the place and the method of each packed pickle that uses an import, or may do
/// so behind what was looked at of it, until it says `false`. Returns whether all was searched.
pub(super) fn each(
    source: &dyn Source,
    (start, end): (u64, u64),
    deadline: &Deadline,
    visit: &mut dyn FnMut(u64, &'static Codec) -> bool,
) -> io::Result<bool> {
    let (mut base, end) = (start, end.min(source.len()));
    let Some(beginnings) = BEGINNINGS.as_ref() else {
        return Ok(false);
    };
    while base < end {
        if deadline.has_passed() {
            return Ok(false);
        }
        let room = usize::try_from(end - base).unwrap_or(STRIDE).min(STRIDE);
        let chunk = bytes_at(source, base, room)?;
        deadline.spend(chunk.len());
        for found in beginnings.find_iter(&chunk) {
            let at = base + found.start() as u64;
            let Some(codec) = wrapper::begun(found.as_bytes()) else {
                continue;
            };
            if acts(source, at, codec)? && !visit(at, codec) {
                return Ok(true);
            }
        }
        let is_last = chunk.len() <= LONGEST || base + chunk.len() as u64 >= end;
        let step = if is_last { room } else { chunk.len() - LONGEST };
        base += step.max(1) as u64;
    }
    Ok(true)
}

/// Whether what is packed there begins like such a pickle.
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
        let part = Part::new(Arc::clone(&source), at, source.len() - at);
        let name = format!("{}@{at}", codec.name);
        room = opening.member(opening.member.packed(Arc::new(part), name, codec));
        room
    })?;
    if !complete {
        opening.problem(ProblemKind::Limit, "it took too long to search it");
    }
    Ok(room)
}
