//! The files and members that results point at, and how they are addressed.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use super::model::{Artifact, ArtifactLocation};
use crate::{
    output::escape::uri,
    report::{FileReport, MemberPath, paths::normalise},
};

const SOURCE_ROOT: &str = "%SRCROOT%";

/// Collects artifacts as results name them; each gets one index.
pub(super) struct Artifacts {
    root: PathBuf,
    list: Vec<Artifact>,
    indices: HashMap<(PathBuf, MemberPath), usize>,
}

impl Artifacts {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            list: Vec::new(),
            indices: HashMap::new(),
        }
    }

    /// The folder that relative references start from, with the slash that makes it one.
    pub(super) fn base(&self) -> String {
        let uri = absolute(&self.root);
        if uri.ends_with('/') { uri } else { uri + "/" }
    }

    pub(super) fn into_list(self) -> Vec<Artifact> {
        self.list
    }

    /// The file on disk.
    pub(super) fn file(&mut self, file: &FileReport) -> ArtifactLocation {
        let location = self.address(&file.path);
        let index = self.index((file.path.clone(), MemberPath::default()), || Artifact {
            location: location.clone(),
            parent_index: None,
            length: (file.size > 0).then_some(file.size),
        });
        ArtifactLocation {
            index: Some(index),
            ..location
        }
    }

    /// A member. Its name is no file of the repository: the index says inside which file it is.
    pub(super) fn member(&mut self, file: &FileReport, member: &MemberPath) -> ArtifactLocation {
        let mut location = self.file(file);
        for depth in 1..=member.names().len() {
            let names = member.names().iter().take(depth);
            let parent = location.index;
            let key = (file.path.clone(), MemberPath::new(names.cloned()));
            let name = member.names().get(depth - 1).map_or(&[][..], Vec::as_slice);
            let inside = ArtifactLocation {
                uri: Some(member_uri(name)),
                ..ArtifactLocation::default()
            };
            let index = self.index(key, || Artifact {
                location: inside.clone(),
                parent_index: parent,
                length: None,
            });
            location = ArtifactLocation {
                index: Some(index),
                ..inside
            };
        }
        location
    }

    fn index(&mut self, key: (PathBuf, MemberPath), make: impl FnOnce() -> Artifact) -> usize {
        let next = self.list.len();
        *self.indices.entry(key).or_insert_with(|| {
            self.list.push(make());
            next
        })
    }

    /// Relative to the working directory where the file is below it, else absolute.
    fn address(&self, path: &Path) -> ArtifactLocation {
        let normal = normalise(&self.root.join(path));
        match normal.strip_prefix(normalise(&self.root)) {
            Ok(relative) if !self.root.as_os_str().is_empty() => ArtifactLocation {
                uri: Some(uri(&slashed(relative))),
                uri_base_id: Some(SOURCE_ROOT),
                index: None,
            },
            _ => ArtifactLocation {
                uri: Some(absolute(&normal)),
                ..ArtifactLocation::default()
            },
        }
    }
}

/// The components with `/` between them, on every system.
fn slashed(path: &Path) -> Vec<u8> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.as_encoded_bytes()),
        Component::Prefix(prefix) => Some(prefix.as_os_str().as_encoded_bytes()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(&b'/')
}

fn absolute(path: &Path) -> String {
    format!("file:///{}", uri(&slashed(path)))
}

/// A member's name as a relative reference. A leading slash would make it absolute, and an empty
/// reference is none.
fn member_uri(name: &[u8]) -> String {
    let start = name
        .iter()
        .position(|&byte| byte != b'/')
        .unwrap_or(name.len());
    match uri(name.get(start..).unwrap_or_default()) {
        uri if uri.is_empty() => "unnamed".to_owned(),
        uri => uri,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str) -> ArtifactLocation {
        Artifacts::new(Path::new("/work/repo")).address(Path::new(path))
    }

    #[test]
    fn paths_are_relative_to_the_working_directory_where_they_can_be() {
        assert_eq!(
            address("./models/a b.pt").uri.as_deref(),
            Some("models/a%20b.pt")
        );
        assert_eq!(address("/work/repo/a.pt").uri.as_deref(), Some("a.pt"));
        assert_eq!(
            address("../other/a.pt").uri.as_deref(),
            Some("file:///work/other/a.pt")
        );
        assert_eq!(address("../other/a.pt").uri_base_id, None);
    }

    #[test]
    fn member_names_are_relative_references() {
        assert_eq!(member_uri(b"/etc/passwd"), "etc/passwd");
        assert_eq!(member_uri(b"//"), "unnamed");
    }
}
