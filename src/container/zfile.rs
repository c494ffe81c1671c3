//! joblib's compressed files before 0.10: `ZF`, the length of the result in hexadecimal, zlib.

use std::{io, sync::Arc};

use super::{Format, Opening, ProblemKind, wrapper::zlib};
use crate::source::{Part, read_range};

pub(super) const FORMAT: Format = Format {
    name: "joblib-zfile",
    matches: |head| header(head.bytes).is_some(),
    opener: open,
};

/// Length of the header: `ZF` and the number in a field of 19 characters, or of 20 where Python 2
/// wrote it. zlib follows, and its first byte is no character of the field.
fn header(head: &[u8]) -> Option<usize> {
    let number = head.strip_prefix(b"ZF0x")?;
    let part_of_field = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'L' | b' ');
    let width = number
        .iter()
        .take(24)
        .take_while(|byte| part_of_field(byte))
        .count();
    (width >= 8).then_some(4 + width)
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let head = read_range(source.as_ref(), 0, 32)?;
    let Some(length) = header(&head) else {
        opening.problem(ProblemKind::Damaged, "the joblib header is not understood");
        return Ok(());
    };
    let start = length as u64;
    opening.explained(0, start);
    let rest = Part::new(
        Arc::clone(&source),
        start,
        source.len().saturating_sub(start),
    );
    let packed = opening
        .member
        .packed(Arc::new(rest), "joblib-zfile", &zlib::CODEC)
        .held((start, source.len().saturating_sub(start)));
    opening.member(packed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn width_of_the_header() {
        assert_eq!(header(b"ZF0x1f4             \x78\x9c"), Some(20));
        assert_eq!(header(b"ZF0x1f4L              \x78\x9c"), Some(22));
        assert_eq!(header(b"ZFoo"), None);
    }
}
