//! Compressed wrappers: a file that is one compressed stream, or several in a row.

pub(super) mod bzip2;
pub(super) mod gzip;
pub(super) mod lz4;
pub(super) mod lzma;
pub(super) mod xz;
pub(super) mod zlib;
pub(super) mod zstd;

use std::{io, sync::Arc};

use super::{Opening, codec::Codec};

/// Emits what a wrapper wraps. It is called by the name of the method, because a name recorded in
/// the wrapper is the attacker's and is used by no loader.
fn open(opening: &mut Opening<'_>, codec: &'static Codec) -> io::Result<()> {
    let input = Arc::clone(opening.source);
    let wrapped = opening.member.packed(input, codec.name, codec);
    opening.member(wrapped);
    Ok(())
}
