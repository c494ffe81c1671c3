//! HDF5: Keras models, PyTables and pandas stores.
//!
//! PyTables pickles attributes and rows of objects, users keep pickles in arrays of bytes, and the
//! configuration of a Keras model may hold code. The web of headers, heaps and trees is followed
//! from the root group; arrays of numbers are passed over. Where the web is damaged or of a kind
//! that is not known here, the file is searched as well.

mod dataset;
mod datatype;
mod file;
mod filters;
mod header;
mod heap;
mod index;
mod tree;
mod walk;

use std::io;

use super::{
    Format, Opening, ProblemKind,
    carve::{Text, carve},
    text,
};
use crate::source::{Source, read_range};
use file::{Fail, SIGNATURE, Superblock};
use walk::Walk;

pub(super) const FORMAT: Format = Format {
    name: "hdf5",
    matches: |head| starts(head.bytes) || head.places.iter().any(|place| starts(place)),
    opener: open,
};

fn starts(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// Where the signature is: at the start, or behind a block of the user's own, whose size is a
/// power of two.
fn superblock(source: &dyn Source) -> io::Result<Option<u64>> {
    let mut at = 0;
    while at < source.len() {
        if starts(&read_range(source, at, SIGNATURE.len())?) {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at.saturating_mul(2) };
    }
    Ok(None)
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let Some(at) = superblock(opening.source.as_ref())? else {
        return Ok(());
    };
    let followed = match Superblock::read(opening.source, at) {
        Ok(superblock) => {
            let there = opening.source.len();
            if superblock.file.place(superblock.end).is_some() && superblock.end > there {
                opening.problem(ProblemKind::Truncated, "the file is shorter than it says");
            }
            Walk::new(opening, superblock.file).run(superblock.root)?
        }
        Err(fail) => {
            explain(opening, fail, "the superblock")?;
            Followed::InPart
        }
    };
    match followed {
        Followed::Whole | Followed::Stopped => Ok(()),
        Followed::InPart => search(opening),
    }
}

/// How far the structure was followed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Followed {
    /// To every value that may hold a pickle.
    Whole,
    /// Not everywhere: the file is to be searched.
    InPart,
    /// Until a limit of the input was reached.
    Stopped,
}

/// Searches the file for pickles that use an import and for code in base 64.
fn search(opening: &mut Opening<'_>) -> io::Result<()> {
    let end = opening.searched(opening.source.len());
    if carve(opening, (0, end), Text::Begins)? {
        text::search(opening, end)?;
    }
    Ok(())
}

/// Says what keeps `what` from being followed.
fn explain(opening: &mut Opening<'_>, fail: Fail, what: &str) -> io::Result<()> {
    match fail {
        Fail::Io(error) => return Err(error),
        Fail::Damaged => opening.problem(ProblemKind::Damaged, format!("{what} is damaged")),
        Fail::Unsupported(which) => {
            let message = format!("{what} is not read: {which}");
            opening.problem(ProblemKind::Unsupported, message);
        }
        Fail::Limit(which) => {
            opening.problem(ProblemKind::Limit, format!("{what} is not read: {which}"));
        }
    }
    Ok(())
}
