//! The digest of a whole input, for bills of materials.

use sha2::{Digest, Sha256};

use crate::{
    rules::load::hexadecimal,
    source::{Source, read_range},
};

/// Read at once.
const CHUNK: usize = 1 << 20;

/// SHA-256 in hexadecimal; nothing where the source cannot be read to its end.
pub(super) fn sha256(source: &dyn Source) -> Option<String> {
    let mut digest = Sha256::new();
    let mut offset = 0;
    while offset < source.len() {
        let bytes = read_range(source, offset, CHUNK).ok()?;
        if bytes.is_empty() {
            return None;
        }
        digest.update(&bytes);
        offset += bytes.len() as u64;
    }
    Some(hexadecimal(&digest.finalize()))
}

/// SHA-256 of bytes in memory, in hexadecimal.
pub(super) fn of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    #[test]
    fn the_digest_is_of_all_bytes() {
        let of = |bytes: Vec<u8>| sha256(&MemorySource::new(bytes)).unwrap();
        assert!(of(Vec::new()).starts_with("e3b0c44298fc1c14"));
        let long = vec![7; CHUNK + 1];
        assert_eq!(of(long.clone()), hexadecimal(&Sha256::digest(long)));
    }
}
