//! Tables: Arrow and Parquet, whose schemas may name extension types.
//!
//! Up to version 14.0.0, pyarrow unpickled the metadata of extension types as soon as it read the
//! schema (CVE-2023-47248). Programs keep pickles in columns of bytes or text, too: those are searched
//! for, not followed. Buffers and pages packed by zstd, lz4's frames or gzip are found by their
//! signatures; pages that nothing marks are found by Parquet's metadata.

pub(super) mod arrow;
pub(super) mod parquet;
mod thrift;

use std::{
    io::{self, Read},
    sync::Arc,
};

use super::{
    Head, Member, Opening, ProblemKind,
    carve::{Text, carve},
    codec::Codec,
    embedded::{self, Around},
    input::Input,
    packed,
    wrapper::{gzip, lz4, zstd},
};
use crate::source::{MemorySource, Part, Source};

/// Largest schema that is looked at, in bytes.
const LARGEST: u32 = 64 << 20;

/// Readers look at the end first, and some at nothing else.
fn is_file(head: &Head<'_>, magic: &[u8]) -> bool {
    head.bytes.starts_with(magic) || head.tail.ends_with(magic)
}

/// What buffers and pages are packed by, as far as a signature tells.
static PACKED: [&Codec; 3] = [&zstd::CODEC, &lz4::CODEC, &gzip::CODEC];

/// Searches a range for pickles, as they are and in texts. `false` means: stop.
fn search(opening: &mut Opening<'_>, range: (u64, u64)) -> io::Result<bool> {
    Ok(carve(opening, range, Text::Anywhere)? && embedded::search(opening, range, Around::Others)?)
}

/// Searches columns from `start` on. `false` means: stop.
fn columns(opening: &mut Opening<'_>, start: u64) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let deadline = opening.limits().deadline.clone();
    let all = (start, opening.searched(source.len()));
    if !search(opening, all)? {
        return Ok(false);
    }
    let mut room = true;
    let complete = packed::each(source.as_ref(), all, &deadline, &mut |at, codec| {
        let is_known = PACKED.iter().any(|known| known.name == codec.name);
        room = !is_known || unpacked(opening, at, codec)?;
        Ok(room)
    })?;
    if !complete {
        opening.problem(ProblemKind::Limit, "it took too long to search it");
    }
    Ok(room && complete)
}

/// Searches what a packed buffer or page at `at` holds. `false` means: stop.
fn unpacked(opening: &mut Opening<'_>, at: u64, codec: &Codec) -> io::Result<bool> {
    let rest = opening.source.len().saturating_sub(at);
    let part = Part::new(Arc::clone(opening.source), at, rest);
    let most = opening.limits().resident as u64;
    let mut data = Vec::new();
    // What came out before an error counts.
    let decompressor = (codec.begin)(Input::new(Arc::new(part)), None);
    let outcome = decompressor.and_then(|packed| packed.take(most).read_to_end(&mut data));
    // A signature of three bytes may well stand there by chance.
    if let Err(error) = outcome
        && codec.name != gzip::CODEC.name
    {
        broke(opening, codec.name, at, &error);
    }
    if data.len() as u64 == most {
        not_to_the_end(opening);
        return Ok(false);
    }
    inside(opening, format!("{}@{at}", codec.name), data)
}

/// Says that what is packed at `at` could not be unpacked to its end.
fn broke(opening: &mut Opening<'_>, name: &str, at: u64, error: &io::Error) {
    let message = format!("{name} at byte {at}: decompression stopped: {error}");
    opening.problem(ProblemKind::Damaged, message);
}

fn not_to_the_end(opening: &mut Opening<'_>) {
    opening.problem(
        ProblemKind::Limit,
        "its columns were not unpacked to their end",
    );
}

/// Searches what was unpacked, as far as the budget allows that. `false` means: stop.
fn inside(opening: &mut Opening<'_>, name: String, data: Vec<u8>) -> io::Result<bool> {
    if !opening.budget.inflatable().take(data.len() as u64) {
        not_to_the_end(opening);
        return Ok(false);
    }
    opening
        .limits()
        .deadline
        .spend(data.len().saturating_mul(4));
    opening.limits().deadline.allow(data.len() as u64);
    within(opening, name, data, search)
}

/// Searches what came out of some bytes of the file. `false` means: stop.
fn within(
    opening: &mut Opening<'_>,
    name: String,
    data: Vec<u8>,
    search: fn(&mut Opening<'_>, (u64, u64)) -> io::Result<bool>,
) -> io::Result<bool> {
    let decoded: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let path = opening.member.inside(name);
    let member = Member::found(path, Arc::clone(&decoded), None);
    let mut inner = Opening {
        member: &member,
        source: &decoded,
        budget: opening.budget,
        emit: opening.emit,
    };
    search(&mut inner, (0, decoded.len()))
}
