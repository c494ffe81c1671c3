//! Where in an input something is.

use std::sync::Arc;

/// The names that lead from the input to a member, outermost first; none for the input itself.
///
/// Names are bytes: an archive may spell a name that is not UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberPath(Option<Arc<[Vec<u8>]>>);

impl MemberPath {
    /// Takes the names, outermost first.
    pub fn new(names: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let names: Arc<[Vec<u8>]> = names.into_iter().collect();
        Self(Some(names).filter(|names| !names.is_empty()))
    }

    /// The names, outermost first.
    pub fn names(&self) -> &[Vec<u8>] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether this is the input itself.
    pub fn is_input(&self) -> bool {
        self.0.is_none()
    }

    /// The names joined by `!`, as reports show them.
    pub fn joined(&self) -> Vec<u8> {
        self.names().join(&b'!')
    }

    /// The names joined by `!`, without the offsets that stand for names where a format has none,
    /// as in `pickle@76`: they are others in every version of a file.
    pub fn lasting(&self) -> Vec<u8> {
        let names: Vec<&[u8]> = self
            .names()
            .iter()
            .map(|name| without_offset(name))
            .collect();
        names.join(&b'!')
    }
}

fn without_offset(name: &[u8]) -> &[u8] {
    let Some(at) = name.iter().rposition(|&byte| byte == b'@') else {
        return name;
    };
    match name.split_at(at) {
        (kind, [_, digits @ ..])
            if kind
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && !digits.is_empty()
                && digits.iter().all(u8::is_ascii_digit) =>
        {
            kind
        }
        _ => name,
    }
}

/// The place of an instruction, or of a structure in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The member it is in.
    pub member: MemberPath,
    /// Offset in the member, in bytes.
    pub offset: u64,
    /// Name of the opcode; empty where it is no instruction.
    pub opcode: &'static str,
    /// Offset of the same byte in the file on disk, where the member is stored as it is.
    pub outer: Option<u64>,
}
