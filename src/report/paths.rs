//! Paths as reports and patterns compare them: by their components, without looking at the disk.

use std::path::{Component, Path, PathBuf};

use super::{FileReport, Report};

/// Without `.` and `..`, by the spelling alone.
pub fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The path below `root`; nothing where it is elsewhere. A relative path starts from
/// `working_directory`.
pub fn below(root: &Path, working_directory: &Path, path: &Path) -> Option<PathBuf> {
    let normal = normalise(&working_directory.join(path));
    let root = normalise(&working_directory.join(root));
    let relative = normal.strip_prefix(root).ok()?;
    Some(relative.to_owned())
}

impl Report {
    /// The path of an input as fingerprints spell it: `./a.pt`, `a.pt` and `/work/a.pt` are one in
    /// `/work`.
    pub fn identity(&self, file: &FileReport) -> PathBuf {
        let root = &self.working_directory;
        let below = below(root, root, &file.path).filter(|_| !root.as_os_str().is_empty());
        below.unwrap_or_else(|| normalise(&file.path))
    }

    /// The fingerprint of a finding about an input: see [`super::Finding::fingerprint`].
    pub fn fingerprint(&self, file: &FileReport, finding: &super::Finding) -> String {
        finding.fingerprint(&self.identity(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one() {
        let report = Report {
            working_directory: "/work".into(),
            ..Report::default()
        };
        let identity = |path: &str| {
            let file = FileReport {
                path: path.into(),
                ..FileReport::default()
            };
            report.identity(&file)
        };
        for path in ["a/b.pt", "./a/b.pt", "/work/a/b.pt", "a/../a/b.pt"] {
            assert_eq!(identity(path), Path::new("a/b.pt"), "{path}");
        }
        assert_eq!(identity("/else/b.pt"), Path::new("/else/b.pt"));
    }

    #[test]
    fn what_is_elsewhere_is_not_below() {
        let (root, cwd) = (Path::new("/work"), Path::new("/work/sub"));
        assert_eq!(below(root, cwd, Path::new("x")), Some("sub/x".into()));
        assert_eq!(below(root, cwd, Path::new("../../x")), None);
    }
}
