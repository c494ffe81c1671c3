//! How NumPy writes element types into files, and what that says about the bytes that follow.

use super::literal::Literal;

/// What must be known of an element type to find the end of an array.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// Bytes of one element.
    pub size: u64,
    /// Whether elements are Python objects, in any field: then the array is a pickle.
    pub objects: bool,
}

/// Sub-arrays in fields in sub-arrays: nobody nests deeper.
const DEEPEST: usize = 32;

/// Reads the short form, such as `<f8`, `|O` or `V12`. Nothing where it is not known.
pub fn dtype(short: &[u8]) -> Option<Dtype> {
    let rest = match short {
        [b'<' | b'>' | b'=' | b'|', rest @ ..] => rest,
        _ => short,
    };
    let (&kind, digits) = rest.split_first()?;
    if kind == b'O' {
        return Some(Dtype {
            size: 8,
            objects: true,
        });
    }
    // Dates carry their unit in brackets.
    let end = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(digits.len());
    let (digits, behind) = digits.split_at_checked(end)?;
    let unit = matches!(kind, b'm' | b'M') && behind.starts_with(b"[") && behind.ends_with(b"]");
    if !behind.is_empty() && !unit {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let size = match kind {
        b'b' | b'B' | b'i' | b'u' | b'f' | b'c' | b'm' | b'M' | b'S' | b'a' | b'V' => number,
        b'U' => number.checked_mul(4)?,
        _ => return None,
    };
    Some(Dtype {
        size,
        objects: false,
    })
}

/// Reads the `descr` of an `.npy` header: a short form, a list of fields, or a base type with a
/// shape. Nothing where it is not understood.
pub(super) fn from_descr(descr: &Literal) -> Option<Dtype> {
    nested(descr, DEEPEST)
}

fn nested(descr: &Literal, depth: usize) -> Option<Dtype> {
    let depth = depth.checked_sub(1)?;
    match descr {
        Literal::Text(short) => dtype(short),
        Literal::Tuple(parts) => match parts.as_slice() {
            [base, shape] => repeated(nested(base, depth)?, shape),
            _ => None,
        },
        Literal::List(fields) => {
            let mut whole = Dtype {
                size: 0,
                objects: false,
            };
            for field in fields {
                let one = match field.items()? {
                    [_, base] => nested(base, depth)?,
                    [_, base, shape] => repeated(nested(base, depth)?, shape)?,
                    _ => return None,
                };
                whole.size = whole.size.checked_add(one.size)?;
                whole.objects |= one.objects;
            }
            Some(whole)
        }
        _ => None,
    }
}

fn repeated(base: Dtype, shape: &Literal) -> Option<Dtype> {
    let count = match shape.items() {
        Some(items) => product(items.iter().map(Literal::natural))?,
        None => shape.natural()?,
    };
    Some(Dtype {
        size: base.size.checked_mul(count)?,
        ..base
    })
}

/// The product of sizes; nothing where one is unknown or it does not fit.
pub(super) fn product(sizes: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let mut product: u64 = 1;
    for size in sizes {
        product = product.checked_mul(size?)?;
    }
    Some(product)
}

/// Whether a type that is not understood might hold objects. NumPy spells them `O` and `object`.
pub(super) fn may_hold_objects(descr: &[u8]) -> bool {
    descr.contains(&b'O') || super::bits::find(descr, b"object").is_some()
}

#[cfg(test)]
mod tests {
    use super::{super::literal::parse, *};

    fn size(descr: &str) -> Option<(u64, bool)> {
        from_descr(&parse(descr.as_bytes())?).map(|dtype| (dtype.size, dtype.objects))
    }

    #[test]
    fn sizes_of_short_forms() {
        let cases = [
            ("'<f8'", 8),
            ("'|b1'", 1),
            ("'>c16'", 16),
            ("'<U5'", 20),
            ("'|S7'", 7),
            ("'|V12'", 12),
            ("'<M8[ns]'", 8),
            ("'<m8[25s]'", 8),
            ("'i4'", 4),
        ];
        for (descr, expected) in cases {
            assert_eq!(size(descr), Some((expected, false)), "{descr}");
        }
        assert_eq!(size("'|O'"), Some((8, true)));
        assert_eq!(size("'|O8'"), Some((8, true)));
        assert_eq!(size("'x4'"), None);
        assert_eq!(size("'f8,i4'"), None);
    }

    #[test]
    fn objects_are_found_inside_fields() {
        assert_eq!(
            size("[('a','<i4'),('b',[('c','|O',(2,)),('d','<U3')])]"),
            Some((32, true))
        );
        assert_eq!(
            size("[(('title','a'),'<i4'),('','|V4'),('c','<f8',(2,3))]"),
            Some((56, false))
        );
        assert_eq!(size("('<i2', (2, 2))"), Some((8, false)));
        assert_eq!(size("[('a','<i4',(99999999999,99999999999))]"), None);
    }
}
