//! Arrays that joblib writes between the opcodes of a pickle (`joblib/numpy_pickle.py`).
//!
//! Behind the BUILD of a `NumpyArrayWrapper` stands the array: a pickle of its own for Python
//! objects, else raw numbers, which since joblib 1.2 are preceded by one byte that says how many
//! padding bytes follow it.

use super::dtype::dtype;
use crate::facts::Symbol;

/// Whether a class stands for an array that joblib before 0.10 wrote to a file of its own, which
/// `numpy.load` reads, pickles too. (What `ZNDArrayWrapper` names is read as numbers.)
pub fn is_beside(symbol: &Symbol) -> bool {
    let modules: [&[u8]; 2] = [b"joblib.numpy_pickle", b"joblib.numpy_pickle_compat"];
    let ends = |module: &&[u8]| symbol.module.ends_with(module);
    symbol.name == b"NDArrayWrapper" && modules.iter().any(ends)
}

/// What stands behind the BUILD of a `NumpyArrayWrapper`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Another pickle, read by a loader of its own.
    Pickle,
    /// So many bytes, padding included.
    Raw(u64),
}

/// Says what follows the BUILD of a wrapper.
///
/// `dtype_name` is the first argument of `numpy.dtype` in the wrapper's state, such as `f8`;
/// `objects` is whether its fields hold objects, as far as the state shows; `padding` is the byte
/// behind BUILD where the wrapper has `numpy_array_alignment_bytes` that is not None, else nothing.
/// The order of the array does not matter to its length. Nothing where the length is not known.
pub fn inline(
    dtype_name: &[u8],
    objects: bool,
    shape: &[u64],
    padding: Option<u8>,
) -> Option<Inline> {
    let element = dtype(dtype_name)?;
    if element.objects || objects {
        return Some(Inline::Pickle);
    }
    let count = super::dtype::product(shape.iter().copied().map(Some))?;
    let padding = padding.map_or(0, |length| 1 + u64::from(length));
    element
        .size
        .checked_mul(count)?
        .checked_add(padding)
        .map(Inline::Raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_inline_arrays() {
        assert_eq!(inline(b"f8", false, &[10], Some(5)), Some(Inline::Raw(86)));
        assert_eq!(inline(b"f8", false, &[10], Some(0)), Some(Inline::Raw(81)));
        assert_eq!(inline(b"f8", false, &[10], None), Some(Inline::Raw(80)));
        assert_eq!(
            inline(b"i4", false, &[2, 3, 4], None),
            Some(Inline::Raw(96))
        );
        assert_eq!(inline(b"u1", false, &[], None), Some(Inline::Raw(1)));
        assert_eq!(
            inline(b"u1", false, &[0, 5], Some(15)),
            Some(Inline::Raw(16))
        );
        assert_eq!(inline(b"U3", false, &[2], None), Some(Inline::Raw(24)));
    }

    #[test]
    fn objects_are_a_pickle_whatever_their_number() {
        assert_eq!(inline(b"O8", false, &[0], None), Some(Inline::Pickle));
        assert_eq!(inline(b"V16", true, &[3], Some(0)), Some(Inline::Pickle));
    }

    #[test]
    fn what_does_not_fit_is_not_known() {
        assert_eq!(inline(b"f8", false, &[u64::MAX, 2], None), None);
        assert_eq!(inline(b"?!", false, &[1], None), None);
    }
}
