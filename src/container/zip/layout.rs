//! What the names in an archive say about its members: torch's layout.

use super::super::{Host, MemberKind, records::holds_storages};

/// The layout of an archive.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nothing is known; members are taken for what they contain.
    Plain,
    /// `torch.save`, TorchScript: records that are unpickled, and storages.
    Torch,
    /// `torch.package`: the same, and modules that its importer runs.
    Package,
    /// `torch.export`: a program as JSON, tensors, and checkpoints.
    Exported,
    /// An archive of TorchServe: a model, and the modules that serve it.
    Served,
}

impl Layout {
    /// Recognises the layout. Torch finds its record by name, in whatever folder.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut layout = Self::Plain;
        for name in names {
            match last(name) {
                b"extern_modules" => return Self::Package,
                b"archive_format" => layout = Self::Exported,
                b"MANIFEST.json" if name == b"MAR-INF/MANIFEST.json" => layout = Self::Served,
                b"data.pkl" | b"constants.pkl" if layout == Self::Plain => layout = Self::Torch,
                _ => {}
            }
        }
        layout
    }

    /// Whether pickles in it refer to storages beside them.
    pub(super) fn has_storages(self) -> bool {
        matches!(self, Self::Torch | Self::Package | Self::Exported)
    }

    /// What a member of this name is.
    pub(super) fn kind(self, name: &[u8]) -> MemberKind {
        if matches!(self, Self::Package | Self::Served) && is_module(name) {
            return MemberKind::Source;
        }
        if !self.has_storages() {
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

/// Whether Python runs it when it is imported. TorchScript in a package has code of its own, which
/// Python does not see.
fn is_module(name: &[u8]) -> bool {
    name.ends_with(b".py")
        && !name.starts_with(b".data/ts_code/")
        && super::super::bits::find(name, b"/.data/ts_code/").is_none()
}

fn last(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// `<archive>/data/<number>` and its likes: torch numbers storages, `torch.package` names them
/// `<number>.storage`, `torch.export` `weight_<number>`.
fn is_storage(name: &[u8]) -> bool {
    let mut parts = name.rsplit(|&byte| byte == b'/');
    let record = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    let number = record.strip_suffix(b".storage").unwrap_or(record);
    let prefixes = [&b"weight_"[..], b"tensor_"];
    let mut numbers = prefixes
        .iter()
        .filter_map(|prefix| number.strip_prefix(*prefix));
    let number = numbers.next().unwrap_or(number);
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    numbered && holds_storages(folder)
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
            ("m/data/weights/weight_1", MemberKind::Storage),
            ("m/data/x", MemberKind::Unknown),
            ("m/version", MemberKind::Unknown),
        ];
        for (name, kind) in kinds {
            assert_eq!(layout.kind(name.as_bytes()), kind, "{name}");
        }
        assert_eq!(Layout::of([b"a/0".as_slice()].into_iter()), Layout::Plain);
    }

    #[test]
    fn modules_are_run_where_a_loader_imports_them() {
        let of = |names: &[&'static [u8]]| Layout::of(names.iter().copied());
        let package = of(&[b"p/data.pkl", b"p/.data/extern_modules"]);
        assert_eq!(package, Layout::Package);
        assert_eq!(package.kind(b"p/nets/net.py"), MemberKind::Source);
        let scripted = b"p/.data/ts_code/0/code/__torch__.py";
        assert_eq!(package.kind(scripted), MemberKind::Unknown);
        let served = of(&[b"handler.py", b"MAR-INF/MANIFEST.json"]);
        assert_eq!(served.kind(b"handler.py"), MemberKind::Source);
        let script = of(&[b"m/code/__torch__.py", b"m/constants.pkl"]);
        assert_eq!(script.kind(b"m/code/__torch__.py"), MemberKind::Unknown);
    }
}
