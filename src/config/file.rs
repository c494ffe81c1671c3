//! The file as it is written, and what it must satisfy.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::value::Datetime;

use super::Config;
use crate::{
    report::{Threshold, paths::normalise},
    suppress::{Date, TrustedSymbols},
};

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The syntax, an unknown key, a value of another type.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A `pyproject.toml` that was named.
    #[error("has no table [tool.pickscan]")]
    NoTable,
    /// A verdict that is none.
    #[error("fail-on: `{0}` is none of dangerous, suspicious, unfamiliar, never")]
    Threshold(String),
    /// A limit that is no number.
    #[error("limits: `{0}` must be a number, or text such as \"1Gi\"")]
    Limit(String),
    /// Something about a trust entry.
    #[error("trust entry {number}: {what}")]
    Trust {
        /// Which, from 1.
        number: usize,
        /// What.
        what: String,
    },
}

/// A configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct File {
    exclude: Vec<String>,
    fail_on: Option<String>,
    rules: Vec<PathBuf>,
    baseline: Option<PathBuf>,
    limits: BTreeMap<String, toml::Value>,
    trust: Vec<Trust>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Trust {
    symbols: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
    reason: String,
    expires: Option<Datetime>,
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    pickscan: Option<File>,
}

pub(super) fn config(text: &str) -> Result<File, Problem> {
    Ok(toml::from_str(text)?)
}

/// The table of a `pyproject.toml`; nothing where it has none.
pub(super) fn pyproject(text: &str) -> Result<Option<File>, Problem> {
    let project: PyProject = toml::from_str(text)?;
    Ok(project.tool.and_then(|tool| tool.pickscan))
}

impl File {
    pub(super) fn into_config(self, path: &Path, folder: &Path) -> Result<Config, Problem> {
        let threshold = |name: String| Threshold::from_name(&name).ok_or(Problem::Threshold(name));
        let limits = self.limits.into_iter().map(|(name, value)| match value {
            toml::Value::Integer(number) => Ok(format!("{name}={number}")),
            toml::Value::String(number) => Ok(format!("{name}={number}")),
            _ => Err(Problem::Limit(name)),
        });
        let trusted = self.trust.into_iter().enumerate().map(|(index, entry)| {
            let number = index + 1;
            entry
                .complete(path, folder, number)
                .map_err(|what| Problem::Trust { number, what })
        });
        let absolute = |relative: PathBuf| folder.join(relative);
        Ok(Config {
            path: path.to_owned(),
            folder: normalise(folder),
            exclude: self.exclude,
            fail_on: self.fail_on.map(threshold).transpose()?,
            rules: self.rules.into_iter().map(absolute).collect(),
            baseline: self.baseline.map(absolute),
            limits: limits.collect::<Result<_, _>>()?,
            trusted: trusted.collect::<Result<_, _>>()?,
        })
    }
}

impl Trust {
    fn complete(self, path: &Path, folder: &Path, number: usize) -> Result<TrustedSymbols, String> {
        if self.reason.trim().is_empty() {
            return Err("`reason` is empty; say why the symbols can be trusted".to_owned());
        }
        let exact = |symbol: &String| !symbol.is_empty() && !symbol.contains(['*', '?', '[']);
        if let Some(pattern) = self.symbols.iter().find(|symbol| !exact(symbol)) {
            return Err(format!(
                "`{pattern}` is no symbol; trust is exact, so write each name out, as \
                 module.Class"
            ));
        }
        if self.symbols.is_empty() {
            return Err("`symbols` is empty".to_owned());
        }
        Ok(TrustedSymbols {
            place: format!("{}, trust entry {number}", path.display()),
            paths: globs(&self.paths)?,
            symbols: self.symbols,
            root: folder.to_owned(),
            rules: self.rules,
            reason: self.reason,
            expires: self.expires.as_ref().map(date).transpose()?,
        })
    }
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>, String> {
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern.trim_start_matches("./"))
            .literal_separator(true)
            .build()
            .map_err(|error| format!("the pattern `{pattern}` is not understood: {error}"))?;
        globs.add(glob);
    }
    let set = globs.build().map_err(|error| error.to_string())?;
    Ok(Some(set).filter(|_| !patterns.is_empty()))
}

fn date(datetime: &Datetime) -> Result<Date, String> {
    match (datetime.date, datetime.time) {
        (Some(date), None) => Ok(Date {
            year: date.year,
            month: date.month,
            day: date.day,
        }),
        _ => Err(format!(
            "`expires` is {datetime}; write a day, as 2027-01-31"
        )),
    }
}
