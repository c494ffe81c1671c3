//! Zero bytes that fill up.

use std::io;

use crate::source::{Source, read_range};

/// Bytes that are read at once.
const STRIDE: usize = 64 << 10;

/// Zero bytes that are looked at in a row. Who pads more has something to explain.
const MOST: u64 = 64 << 20;

/// Where the zero bytes from `start` on end: at another byte, at `end`, or after [`MOST`].
pub(super) fn end_of_zeros(source: &dyn Source, start: u64, end: u64) -> io::Result<u64> {
    let end = end.min(source.len());
    let mut position = start;
    while position < end && position - start < MOST {
        let room = usize::try_from(end - position).map_or(STRIDE, |room| room.min(STRIDE));
        let bytes = read_range(source, position, room)?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        position += zeros as u64;
        if zeros < room {
            break;
        }
    }
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    #[test]
    fn zeros_end_at_another_byte_or_at_the_end() {
        let mut bytes = vec![0; STRIDE + 10];
        bytes.extend_from_slice(b"x\0\0");
        let source = MemorySource::new(bytes.clone());
        let length = bytes.len() as u64;
        assert_eq!(end_of_zeros(&source, 0, length).unwrap(), length - 3);
        assert_eq!(end_of_zeros(&source, length - 2, length).unwrap(), length);
        assert_eq!(end_of_zeros(&source, 4, 9).unwrap(), 9);
        assert_eq!(
            end_of_zeros(&source, length - 3, length).unwrap(),
            length - 3
        );
    }
}
