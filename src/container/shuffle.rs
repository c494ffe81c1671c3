//! Bytes, or bits, that were sorted by their place in elements before they were compressed.

/// Puts bytes together again that were sorted by their place in elements of `width` bytes. What makes
/// no whole element stands behind.
pub(super) fn unshuffled(data: &[u8], width: usize) -> Vec<u8> {
    let count = data.len().checked_div(width).unwrap_or(0);
    if width < 2 || count < 2 {
        return data.to_vec();
    }
    let (sorted, rest) = data.split_at(count * width);
    let mut whole = vec![0; sorted.len()];
    for (place, column) in sorted.chunks_exact(count).enumerate() {
        let targets = whole.iter_mut().skip(place).step_by(width);
        targets.zip(column).for_each(|(to, from)| *to = *from);
    }
    whole.extend_from_slice(rest);
    whole
}

/// The same of bits: first the lowest bit of the first byte of all elements, eight in a byte. Elements
/// beyond a multiple of eight stand behind as they are.
pub(super) fn unshuffled_bits(data: &[u8], width: usize) -> Vec<u8> {
    let row = data.len().checked_div(width).unwrap_or(0) / 8;
    if row == 0 {
        return data.to_vec();
    }
    let (sorted, rest) = data.split_at(row * 8 * width);
    let mut whole = vec![0; sorted.len()];
    for (plane, bits) in sorted.chunks_exact(row).enumerate() {
        let targets = whole.iter_mut().skip(plane / 8).step_by(width);
        let bits = bits
            .iter()
            .flat_map(|bits| (0..8).map(move |bit| bits >> bit & 1));
        targets
            .zip(bits)
            .for_each(|(to, bit)| *to |= bit << (plane % 8));
    }
    whole.extend_from_slice(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffled_bytes_come_back_in_order() {
        assert_eq!(unshuffled(b"acebdfx", 2), b"abcdefx");
        assert_eq!(unshuffled(b"abc", 1), b"abc");
    }

    #[test]
    fn shuffled_bits_come_back_in_order() {
        // Eight elements of one byte: 1 to 8.
        let planes = [
            0b0101_0101,
            0b0110_0110,
            0b0111_1000,
            0b1000_0000,
            0,
            0,
            0,
            0,
        ];
        assert_eq!(unshuffled_bits(&planes, 1), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(unshuffled_bits(b"abc", 1), b"abc");
    }
}
