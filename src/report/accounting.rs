//! What each byte of an input is.

use super::MemberPath;

/// How many bytes of an input are what. The three numbers add up to its size.
///
/// A packed member is one piece of payload here, whatever is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Bytes that some loader unpickles, arrays and long texts inside a pickle included.
    pub pickle: u64,
    /// Bytes that a format explains: storages, arrays, padding, directories, packed data, text.
    pub payload: u64,
    /// All others.
    pub unexplained: u64,
    /// Where they are, in packed members too: the first of them, in the order of members.
    pub ranges: Vec<Unexplained>,
}

/// Bytes of a member that are neither a pickle nor anything that a format explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The member; empty for the input itself.
    pub member: MemberPath,
    /// Offset in the member, in bytes.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}
