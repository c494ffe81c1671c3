//! `pickscan.toml`, `.pickscan.toml` and `[tool.pickscan]` of `pyproject.toml`.
//!
//! The nearest configuration at or above the *working directory* counts, up to the root of its
//! repository: never one that lies beside a scanned file elsewhere, nor one that belongs to no
//! repository, as in a folder of downloads. Whoever made the files there could have made the
//! configuration, too.

mod file;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{report::Threshold, suppress::TrustedSymbols};

pub use file::Problem;

/// The names of configurations, the first that is found in a folder counts.
const NAMES: [&str; 3] = ["pickscan.toml", ".pickscan.toml", PYPROJECT];

const PYPROJECT: &str = "pyproject.toml";

/// A folder that holds one is the root of a repository.
const REPOSITORY: &str = ".git";

/// Larger files are no configurations.
const LARGEST: u64 = 1 << 20;

/// What a configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where it stands.
    pub path: PathBuf,
    /// The folder of the file, absolute: where its paths start from.
    pub folder: PathBuf,
    /// Patterns of what is left out when folders are searched.
    pub exclude: Vec<String>,
    /// From which verdict on a run fails.
    pub fail_on: Option<Threshold>,
    /// Files and folders with further rules.
    pub rules: Vec<PathBuf>,
    /// A baseline.
    pub baseline: Option<PathBuf>,
    /// Changes of limits, as `name=value`.
    pub limits: Vec<String>,
    /// Symbols that are trusted.
    pub trusted: Vec<TrustedSymbols>,
}

/// Why a configuration cannot be used: whoever wrote it is at fault.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The contents.
    #[error("{}: {problem}", path.display())]
    Malformed {
        /// Of which.
        path: PathBuf,
        /// What is wrong.
        problem: Problem,
    },
}

/// What a search for a configuration comes to.
#[derive(Clone, Debug, Default)]
pub enum Found {
    /// There is none.
    #[default]
    Nothing,
    /// One that belongs to the repository.
    Config(Config),
    /// One that belongs to no repository. Nothing in it counts.
    Stray(PathBuf),
}

/// The nearest configuration at or above `folder`, an absolute path.
///
/// # Errors
/// Where there is one that cannot be used. It is not passed over: what it excludes or trusts was
/// meant.
pub fn discover(folder: &Path) -> Result<Found, ConfigError> {
    let mut root = folder.ancestors();
    let Some(root) = root.find(|folder| folder.join(REPOSITORY).exists()) else {
        return Ok(stray(folder));
    };
    let within = folder.ancestors().take_while(|one| one.starts_with(root));
    for path in within.flat_map(candidates) {
        if let Some(config) = read(&path)? {
            return Ok(Found::Config(config));
        }
    }
    Ok(Found::Nothing)
}

/// A configuration outside of any repository. What is wrong with it does not matter.
fn stray(folder: &Path) -> Found {
    let is_one = |path: &PathBuf| match read(path) {
        Ok(config) => config.is_some(),
        // A `pyproject.toml` that cannot be read need not be about pickscan at all.
        Err(_) => !is_pyproject(path),
    };
    let mut candidates = folder.ancestors().flat_map(candidates);
    candidates.find(is_one).map_or(Found::Nothing, Found::Stray)
}

fn is_pyproject(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == PYPROJECT)
}

/// The files of a folder that may be configurations.
fn candidates(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let paths = NAMES.map(|name| folder.join(name)).into_iter();
    // A pipe of that name would never be read to its end.
    paths.filter(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

/// The configuration in a file that was named.
///
/// # Errors
/// Where it cannot be used, or is a `pyproject.toml` without `[tool.pickscan]`.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    read(path)?.ok_or_else(|| ConfigError::Malformed {
        path: path.to_owned(),
        problem: Problem::NoTable,
    })
}

fn read(path: &Path) -> Result<Option<Config>, ConfigError> {
    let unreadable = |error| ConfigError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST {
        let error = format!("it has {size} bytes, and no configuration has more than {LARGEST}");
        return Err(unreadable(io::Error::other(error)));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let parsed = if is_pyproject(path) {
        file::pyproject(&text)
    } else {
        file::config(&text).map(Some)
    };
    let folder = absolute.parent().unwrap_or(&absolute).to_owned();
    let complete = |file: file::File| file.into_config(path, &folder);
    let config = parsed.and_then(|file| file.map(complete).transpose());
    config.map_err(|problem| ConfigError::Malformed {
        path: path.to_owned(),
        problem,
    })
}

#[cfg(test)]
mod tests;
