//! BloscLZ, the method of Blosc's own: runs of bytes, and copies of what came before. See `blosclz.c`
//! of c-blosc.

/// Copies reach so far back with their first two bytes; what is farther has two more.
const NEAR: usize = 8191;

/// What comes out of a stream, up to so many bytes and up to what is wrong.
pub(super) fn decompressed(packed: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = packed.iter().copied().map(usize::from);
    // The first byte says in its upper bits which version wrote it.
    let mut control = rest.next().map(|control| control & 31);
    while let Some(byte) = control {
        if byte < 32 {
            let literal = rest.by_ref().take(byte + 1);
            out.extend(literal.filter_map(|byte| u8::try_from(byte).ok()));
        } else {
            let Some((length, distance)) = reference(byte, &mut rest) else {
                break;
            };
            let Some(start) = out.len().checked_sub(distance) else {
                break;
            };
            let length = length.min(most.saturating_sub(out.len()));
            for at in start..start + length {
                out.extend(out.get(at).copied());
            }
        }
        if out.len() >= most {
            out.truncate(most);
            break;
        }
        control = rest.next();
    }
    out
}

/// The length of a copy and how far back it reaches.
fn reference(control: usize, rest: &mut impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    let mut length = (control >> 5) - 1;
    if length == 6 {
        loop {
            let more = rest.next()?;
            length += more;
            if more < 255 {
                break;
            }
        }
    }
    let high = (control & 31) << 8;
    let low = rest.next()?;
    let distance = match (high, low) {
        (0x1f00, 255) => NEAR + (rest.next()? << 8) + rest.next()?,
        (high, low) => high + low,
    };
    Some((length + 3, distance + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_reach_back() {
        assert_eq!(decompressed(b"\x22abc\x40\x02", 100), b"abcabcab"[..7]);
        assert_eq!(
            decompressed(b"\x20a\xe0\xf0\x00", 300).len(),
            1 + 6 + 240 + 3
        );
        assert_eq!(decompressed(b"\x20a\x40\x09", 20), b"a");
        assert_eq!(decompressed(b"", 20), b"");
    }
}
