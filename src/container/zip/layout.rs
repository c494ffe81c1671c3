//! What the names in an archive say about its members: torch's layout.

use super::super::{Host, MemberKind};

/// The layout of an archive.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nothing is known; members are taken for what they contain.
    Plain,
    /// `torch.save`, TorchScript, `torch.package`: records that are unpickled, and storages.
    Torch,
}

impl Layout {
    /// Recognises the layout. Torch finds its record by name, in whatever folder.
    pub(super) fn of<'n>(mut names: impl Iterator<Item = &'n [u8]>) -> Self {
        let torch = names.any(|name| {
            matches!(
                last(name),
                b"data.pkl" | b"constants.pkl" | b"extern_modules"
            )
        });
        if torch { Self::Torch } else { Self::Plain }
    }

    /// What a member of this name is.
    pub(super) fn kind(self, name: &[u8]) -> MemberKind {
        if self == Self::Plain {
            return MemberKind::Unknown;
        }
        if name.ends_with(b".pkl") || name.ends_with(b".debug_pkl") {
            return MemberKind::Pickle(Host::Torch);
        }
        if is_storage(name) {
            MemberKind::Storage
        } else {
            MemberKind::Unknown
        }
    }
}

fn last(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// `<archive>/data/<number>` and its likes: torch numbers storages, `torch.package` names them
/// `<number>.storage`.
fn is_storage(name: &[u8]) -> bool {
    let mut parts = name.rsplit(|&byte| byte == b'/');
    let record = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    let number = record.strip_suffix(b".storage").unwrap_or(record);
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    numbered && matches!(folder, b"data" | b".data" | b"constants" | b"weights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_storages_are_told_apart() {
        let names: &[&[u8]] = &[b"m/data.pkl", b"m/data/0"];
        let layout = Layout::of(names.iter().copied());
        let kinds = [
            ("m/data.pkl", MemberKind::Pickle(Host::Torch)),
            (
                "m/code/__torch__.py.debug_pkl",
                MemberKind::Pickle(Host::Torch),
            ),
            ("m/data/17", MemberKind::Storage),
            (".data/3.storage", MemberKind::Storage),
            ("m/data/x", MemberKind::Unknown),
            ("m/version", MemberKind::Unknown),
        ];
        for (name, kind) in kinds {
            assert_eq!(layout.kind(name.as_bytes()), kind, "{name}");
        }
        assert_eq!(Layout::of([b"a/0".as_slice()].into_iter()), Layout::Plain);
    }
}
