//! HDF5: Keras models, PyTables and pandas stores.
//!
//! PyTables pickles attributes and rows of objects, and the configuration of a Keras model may
//! hold code. All of these stand in the file as they are, but where is known only to a web of
//! headers, heaps and trees; so the file is searched for them.

use std::io;

use super::{
    Format, Opening, ProblemKind,
    bits::u64_le,
    carve::{Text, carve},
    text,
};
use crate::source::read_range;

pub(super) const FORMAT: Format = Format {
    name: "hdf5",
    // A block of the user's own may stand before the signature, and is then 512 bytes or more.
    matches: |head| head.bytes.starts_with(b"\x89HDF\r\n\x1a\n"),
    opener: open,
};

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let head = read_range(opening.source.as_ref(), 0, 64)?;
    if recorded_end(&head).is_some_and(|end| end > opening.source.len()) {
        opening.problem(ProblemKind::Truncated, "the file is shorter than it says");
    }
    let end = opening.searched(opening.source.len());
    if carve(opening, (0, end), Text::Begins)? {
        text::search(opening, end)?;
    }
    Ok(())
}

/// Where the file ends by its superblock, in which places are written in eight bytes.
fn recorded_end(head: &[u8]) -> Option<u64> {
    let (width, at) = match head.get(8)? {
        0 => (13, 40),
        1 => (13, 44),
        2 | 3 => (9, 28),
        _ => return None,
    };
    u64_le(head, at).filter(|_| head.get(width) == Some(&8))
}
