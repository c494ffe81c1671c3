//! Databases: one file a format, and how their values become members.
//!
//! `shelve` and the `dbm` modules write pickles under keys, and programs of every kind keep
//! pickles in the columns of SQLite. A value is looked at where it begins like something that a
//! loader would read; its key is its name. Pages are visited one by one wherever they stand, so
//! nothing can be unlinked from a tree to hide it.

pub(super) mod berkeley;
pub mod dumb;
pub(super) mod gdbm;
pub(super) mod lmdb;
pub(super) mod sqlite;
pub(super) mod zodb;

use std::{io, sync::Arc};

use super::{Member, Opening, ProblemKind, Sniffed, searched::hides_pickle, sniff};
use crate::source::{Buffered, Part, Source, Spliced, read_range};

/// Longest key that names a member, in bytes.
const LONGEST_KEY: u64 = 256;

/// Where a value stands in the file: one range, or several one behind the other.
type Ranges = Vec<(u64, u64)>;

/// Opens a database whose pages are read many times in small pieces.
fn open(
    opening: &mut Opening<'_>,
    opener: fn(&mut Opening<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let source: Arc<dyn Source> = match opening.source.contents() {
        Some(_) => Arc::clone(opening.source),
        None => Arc::new(Buffered::new(Arc::clone(opening.source))),
    };
    opener(&mut Opening {
        member: opening.member,
        source: &source,
        budget: opening.budget,
        emit: opening.emit,
    })
}

/// The bytes of a value.
fn joined(source: &Arc<dyn Source>, ranges: &[(u64, u64)]) -> Arc<dyn Source> {
    match ranges {
        [(start, length)] => Arc::new(Part::new(Arc::clone(source), *start, *length)),
        ranges => Arc::new(Spliced::new(Arc::clone(source), ranges.iter().copied())),
    }
}

/// The bytes of a key, as far as they name it.
fn key(source: &dyn Source) -> io::Result<Vec<u8>> {
    let length = usize::try_from(source.len().min(LONGEST_KEY)).unwrap_or(0);
    read_range(source, 0, length)
}

/// Emits a value under its key where some loader may read it. `false` means: stop.
fn offer(opening: &mut Opening<'_>, key: &[u8], ranges: &[(u64, u64)]) -> io::Result<bool> {
    let value = joined(opening.source, ranges);
    // Values of an honest database do not overlap, so all of them together are no longer than it.
    let length = usize::try_from(value.len()).unwrap_or(usize::MAX);
    opening.limits().deadline.spend(length);
    if opening.limits().deadline.has_passed() {
        opening.problem(ProblemKind::Limit, "it took too long to look at its values");
        return Ok(false);
    }
    let readings = sniff(value.as_ref())?;
    let is_nothing = match readings.first() {
        Some(Sniffed::NoPickle(_)) => !hides_pickle(value.as_ref(), 0, true)?,
        first => first == Some(&Sniffed::Empty),
    };
    if is_nothing {
        return Ok(true);
    }
    let member = match ranges {
        [range] => opening.member.part(opening.source, key, *range),
        _ => Member::found(opening.member.inside(key), value, None),
    };
    Ok(opening.member(member))
}
