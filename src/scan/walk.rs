//! From paths that a person names to inputs, in an order that depends on names alone.
//!
//! Paths that are named are always inputs; filters apply to what is discovered. Links to folders
//! are not followed on a walk, so there are no loops and nothing outside the named folders is
//! read; links to files are, because a loader would follow them.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::shelf;
use crate::report::{Notice, NoticeKind, paths::normalise};

/// One thing to look at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A regular file, or a link to one.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// Something that is not looked at, and why.
    Refused(PathBuf, Notice),
}

/// Patterns of what a walk leaves out.
///
/// A pattern without a slash is held against the name of every file and folder, one with a slash
/// against the path below the folder that was named, or, of a configuration, below the folder of
/// the configuration. A folder that matches is not entered.
#[derive(Clone, Debug, Default)]
pub struct Excludes {
    given: Patterns,
    configured: Option<(PathBuf, Patterns)>,
}

#[derive(Clone, Debug, Default)]
struct Patterns {
    names: GlobSet,
    paths: GlobSet,
}

/// A pattern that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the pattern `{pattern}` is not understood: {reason}")]
pub struct InvalidPattern {
    /// As it was given.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Patterns {
    fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, InvalidPattern> {
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
            let invalid = |error: globset::Error| InvalidPattern {
                pattern: pattern.to_owned(),
                reason: error.kind().to_string(),
            };
            let glob = GlobBuilder::new(trimmed.trim_start_matches('/'));
            let glob = { glob }.literal_separator(true).build().map_err(invalid)?;
            if trimmed.contains('/') {
                &mut paths
            } else {
                &mut names
            }
            .add(glob);
        }
        let invalid = |error: globset::Error| InvalidPattern {
            pattern: String::new(),
            reason: error.to_string(),
        };
        Ok(Self {
            names: names.build().map_err(invalid)?,
            paths: paths.build().map_err(invalid)?,
        })
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.paths.is_empty()
    }

    fn match_entry(&self, root: &Path, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let below = path.strip_prefix(root).ok();
        self.names.is_match(name) || below.is_some_and(|below| self.paths.is_match(below))
    }
}

impl Excludes {
    /// Compiles patterns.
    ///
    /// # Errors
    /// For the first pattern that is no glob.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, InvalidPattern> {
        Ok(Self {
            given: Patterns::new(patterns)?,
            configured: None,
        })
    }

    /// Adds the patterns of a configuration in `folder`, an absolute path.
    ///
    /// # Errors
    /// For the first pattern that is no glob.
    pub fn and_configured<'p>(
        self,
        folder: PathBuf,
        patterns: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, InvalidPattern> {
        let configured = Some((folder, Patterns::new(patterns)?));
        Ok(Self { configured, ..self })
    }

    fn leave_out(&self, root: &Path, entry: &DirEntry) -> bool {
        if entry.depth() == 0 {
            return false;
        }
        let configured = |(folder, patterns): &(PathBuf, Patterns)| {
            let path = || std::path::absolute(entry.path());
            !patterns.is_empty()
                && path().is_ok_and(|path| patterns.match_entry(folder, &normalise(&path)))
        };
        let given = || self.given.match_entry(root, entry.path());
        (!self.given.is_empty() && given()) || self.configured.as_ref().is_some_and(configured)
    }
}

/// What a run will look at.
#[derive(Debug, Default)]
pub struct Inputs {
    pub(super) list: Vec<Input>,
    /// Files and folders that were left out.
    pub(super) excluded: usize,
    grounds: Vec<PathBuf>,
}

impl Inputs {
    /// The paths at and below which everything lies that will be opened: those that were named,
    /// and links to files, which may lead anywhere.
    pub fn grounds(&self) -> &[PathBuf] {
        &self.grounds
    }
}

/// The inputs that the paths amount to; a path that is reached twice counts once.
///
/// Reads folders and links, but of no file a single byte.
pub fn find(paths: &[PathBuf], excludes: &Excludes) -> Inputs {
    let mut inputs = Inputs::default();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.list.push(Input::Stdin);
        } else {
            inputs.grounds.push(path.clone());
            inputs.grounds.extend(shelf::indexes(path));
            named(path, excludes, &mut inputs);
        }
    }
    // One walk comes to each path once.
    if paths.len() > 1 {
        let mut seen = HashSet::new();
        inputs.list.retain(|input| match input {
            Input::File(path) | Input::Refused(path, _) => seen.insert(path.clone()),
            Input::Stdin => seen.insert(PathBuf::from("-")),
        });
    }
    inputs
}

fn named(path: &Path, excludes: &Excludes, inputs: &mut Inputs) {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => walk(path, excludes, inputs),
        Ok(metadata) if metadata.is_file() => inputs.list.push(Input::File(path.to_owned())),
        Ok(metadata) => {
            let what = special(metadata.file_type());
            let message = format!(
                "is {what}, not a file; to scan what a program writes, pipe it into `pickscan -`"
            );
            inputs
                .list
                .push(refused(path, NoticeKind::NotAFile, message));
        }
        Err(error) => {
            // `shelve.open("shelf")` opens `shelf.dat`, or whatever else stands there.
            let files = shelf::files(path);
            if files.is_empty() {
                inputs.list.push(unopened(path, &error));
            }
            inputs.grounds.extend(files.iter().cloned());
            inputs.list.extend(files.into_iter().map(Input::File));
        }
    }
}

fn unopened(path: &Path, error: &io::Error) -> Input {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    match error.kind() {
        io::ErrorKind::NotFound if is_link => refused(
            path,
            NoticeKind::Missing,
            "is a symbolic link that leads nowhere",
        ),
        io::ErrorKind::NotFound => refused(path, NoticeKind::Missing, "does not exist"),
        _ => refused(
            path,
            NoticeKind::Unreadable,
            format!("cannot be read: {error}"),
        ),
    }
}

fn walk(root: &Path, excludes: &Excludes, inputs: &mut Inputs) {
    let entries = WalkDir::new(root)
        .follow_links(false)
        // As by the names, which follow the same folder: but nothing is taken apart.
        .sort_by(|one, other| one.path().as_os_str().cmp(other.path().as_os_str()))
        .into_iter();
    let mut excluded = 0;
    let entries = entries.filter_entry(|entry| {
        let left_out = excludes.leave_out(root, entry);
        excluded += usize::from(left_out);
        !left_out
    });
    for entry in entries {
        let found = match entry {
            Ok(entry) => {
                let found = discovered(&entry);
                if let (Some(Input::File(path)), true) = (&found, entry.path_is_symlink()) {
                    inputs.grounds.push(path.clone());
                }
                found
            }
            Err(error) => Some(unwalked(root, &error)),
        };
        inputs.list.extend(found.map(|input| {
            if root == Path::new(".") {
                short(input)
            } else {
                input
            }
        }));
    }
    inputs.excluded += excluded;
}

/// Without the `./` that the folder `.` lends to everything below it.
fn short(input: Input) -> Input {
    let short = |path: PathBuf| match path.strip_prefix(".") {
        // A file called `-` must not look like standard input.
        Ok(below) if !below.as_os_str().is_empty() && below != Path::new("-") => below.to_owned(),
        _ => path,
    };
    match input {
        Input::File(path) => Input::File(short(path)),
        Input::Refused(path, notice) => Input::Refused(short(path), notice),
        Input::Stdin => Input::Stdin,
    }
}

fn unwalked(root: &Path, error: &walkdir::Error) -> Input {
    let path = error.path().unwrap_or(root);
    let reason = match error.io_error() {
        Some(error) => error.to_string(),
        None => error.to_string(),
    };
    refused(
        path,
        NoticeKind::Unreadable,
        format!("cannot be read: {reason}"),
    )
}

fn discovered(entry: &DirEntry) -> Option<Input> {
    let path = entry.path();
    let kind = entry.file_type();
    if kind.is_file() {
        return Some(Input::File(path.to_owned()));
    }
    if kind.is_dir() {
        return None;
    }
    if !kind.is_symlink() {
        let message = format!("is {}, and was not opened", special(kind));
        return Some(refused(path, NoticeKind::SpecialFile, message));
    }
    // The root itself may be a link; walkdir has followed it and lists what is below.
    match fs::metadata(path) {
        Ok(_) if entry.depth() == 0 => None,
        Ok(metadata) if metadata.is_file() => Some(Input::File(path.to_owned())),
        Ok(metadata) if metadata.is_dir() => {
            let message = "is a symbolic link to a folder and was not followed; \
                           name it to have it scanned";
            Some(refused(path, NoticeKind::LinkedFolder, message))
        }
        Ok(metadata) => {
            let what = special(metadata.file_type());
            let message = format!("is a symbolic link to {what}, which was not opened");
            Some(refused(path, NoticeKind::SpecialFile, message))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = "is a symbolic link that leads nowhere";
            Some(refused(path, NoticeKind::DanglingLink, message))
        }
        Err(error) => Some(unopened(path, &error)),
    }
}

fn refused(path: &Path, kind: NoticeKind, message: impl Into<String>) -> Input {
    Input::Refused(path.to_owned(), Notice::new(kind, message))
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else {
        "a special file"
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "a special file"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, patterns: &[&str]) -> Vec<String> {
        let excludes = Excludes::new(patterns.iter().copied()).unwrap();
        let inputs = find(&[root.to_owned()], &excludes).list;
        let name = |input: Input| match input {
            Input::File(path) => path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            other => format!("{other:?}"),
        };
        inputs.into_iter().map(name).collect()
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["b", "b/cache", ".git"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in ["c.pkl", "a.pkl", "b/x.txt", "b/cache/y.pkl", ".git/z"] {
            fs::write(root.path().join(file), b"").unwrap();
        }
        root
    }

    #[test]
    fn files_come_in_the_order_of_their_names_and_hidden_ones_count() {
        let root = tree();
        let expected = [".git/z", "a.pkl", "b/cache/y.pkl", "b/x.txt", "c.pkl"];
        assert_eq!(names(root.path(), &[]), expected);
    }

    #[test]
    fn excludes_apply_to_names_and_to_paths_below_the_root() {
        let root = tree();
        assert_eq!(
            names(root.path(), &[".git", "*.txt", "b/cache"]),
            ["a.pkl", "c.pkl"]
        );
        assert_eq!(
            names(root.path(), &["cache/", "**/z"]),
            ["a.pkl", "b/x.txt", "c.pkl"]
        );
    }

    #[test]
    fn patterns_of_a_configuration_start_from_its_folder_and_are_counted() {
        let root = tree();
        let configured = |pattern| {
            let folder = root.path().to_owned();
            let excludes = Excludes::default();
            let excludes = excludes.and_configured(folder, [pattern]).unwrap();
            let found = find(&[root.path().join("b")], &excludes);
            (found.list.len(), found.excluded)
        };
        assert_eq!(configured("b/cache"), (1, 1));
        assert_eq!(configured("cache/"), (1, 1));
        assert_eq!(configured("other/cache"), (2, 0));
    }

    #[test]
    fn what_is_named_is_scanned_even_if_a_pattern_matches() {
        let root = tree();
        let file = root.path().join("a.pkl");
        let excludes = Excludes::new(["*.pkl"]).unwrap();
        assert_eq!(
            find(&[file.clone(), file.clone()], &excludes).list,
            [Input::File(file)]
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_grounds_are_what_was_named_and_where_links_to_files_lead() {
        let (root, elsewhere) = (tree(), tree());
        let link = root.path().join("link.pkl");
        std::os::unix::fs::symlink(elsewhere.path().join("a.pkl"), &link).unwrap();
        let found = find(&["-".into(), root.path().to_owned()], &Excludes::default());
        assert_eq!(found.grounds(), [root.path().to_owned(), link]);
    }

    #[test]
    fn a_pattern_that_is_no_glob_is_named() {
        let error = Excludes::new(["a[", "b"]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the pattern `a[` is not understood"),
            "{error}"
        );
    }
}
