//! joblib's compressed files before 0.10: `ZF`, the length of the result in hexadecimal, zlib.

use std::{io, sync::Arc};

use super::{Format, Opening, ProblemKind, wrapper::zlib};
use crate::source::{Part, read_range};

pub(super) const FORMAT: Format = Format {
    name: "joblib-zfile",
    matches: |head| header(head.bytes).is_some(),
    opener: open,
};

/// Characters of the number.
const FIELD: usize = 19;

/// Length of the header: `ZF` and a field of 19 characters, to which Python 2 added a space. joblib
/// reads the field by `int(field, 16)`, which takes signs, underscores and white space as well.
fn header(head: &[u8]) -> Option<usize> {
    let rest = head.strip_prefix(b"ZF")?;
    let (number, behind) = rest.split_at_checked(FIELD)?;
    let in_number = |byte: &u8| {
        byte.is_ascii_hexdigit() || b"xX+-_L".contains(byte) || byte.is_ascii_whitespace()
    };
    let is_number = number.iter().all(|byte| in_number(byte) || *byte == 0x0b);
    let padded = usize::from(behind.first() == Some(&b' '));
    let has_digit = number.iter().any(u8::is_ascii_hexdigit);
    (is_number && has_digit).then_some(2 + FIELD + padded)
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
        assert_eq!(header(b"ZF0x1f4              \x78\x9c"), Some(21));
        assert_eq!(header(b"ZF 0X_1F4\r           \x78\x9c"), Some(21));
        assert_eq!(header(b"ZF0x1f4L              \x78\x9c"), Some(22));
        assert_eq!(header(b"ZFoo"), None);
    }
}
