//! `pickscan.toml`, `.pickscan.toml` and `[tool.pickscan]` of `pyproject.toml`.
//!
//! The nearest configuration at or above the *working directory* counts, up to the root of the
//! repository: never one that lies beside a scanned file elsewhere, for whoever made that file
//! could have made the configuration, too.

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

/// The nearest configuration at or above `folder`, an absolute path; nothing where there is none.
///
/// # Errors
/// Where there is one that cannot be used. It is not passed over: what it excludes or trusts was
/// meant.
pub fn discover(folder: &Path) -> Result<Option<Config>, ConfigError> {
    for folder in folder.ancestors() {
        for name in NAMES {
            let path = folder.join(name);
            // A pipe of that name would never be read to its end.
            let is_file = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
            if let Some(config) = if is_file { read(&path)? } else { None } {
                return Ok(Some(config));
            }
        }
        if folder.join(REPOSITORY).exists() {
            break;
        }
    }
    Ok(None)
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
    let is_pyproject = path.file_name().is_some_and(|name| name == PYPROJECT);
    let parsed = if is_pyproject {
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
