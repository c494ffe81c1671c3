//! What the command line and the configuration amount to. The command line wins; lists add up.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use super::{BadArgument, RuleSources, ScanArguments, limit};
use crate::{
    config::{self, Config, ConfigError, Found},
    output::Format,
    report::{Notice, NoticeKind, Report, Threshold, paths::below},
    scan::{self, Excludes},
    suppress::{Baseline, BaselineError, Date, Suppressions},
};

/// Where a baseline is no longer one; a finding takes some three hundred bytes. A configuration may
/// name a device without end.
const LARGEST_BASELINE: u64 = 256 << 20;

/// All that a scan needs to know.
pub struct Settings {
    /// What to scan.
    pub inputs: Vec<PathBuf>,
    /// How to scan it.
    pub options: scan::Options,
    /// Rules beside the built-in ones.
    pub sources: RuleSources,
    /// From which findings on the run fails.
    pub fail_on: Threshold,
    configuration: Option<PathBuf>,
    configured: Vec<String>,
    stray: Option<PathBuf>,
    suppressions: Suppressions,
    written: Option<(PathBuf, File)>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The command line.
    #[error(transparent)]
    Argument(#[from] BadArgument),
    /// The configuration file itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something that it says.
    #[error("{}: {error}", path.display())]
    Configured {
        /// Where.
        path: PathBuf,
        /// What.
        error: BadArgument,
    },
    /// A baseline that cannot be read or written.
    #[error("the baseline {}: {error}", path.display())]
    BaselineFile {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A baseline that is none.
    #[error("the baseline {}: {error}", path.display())]
    Baseline {
        /// Which.
        path: PathBuf,
        /// Why.
        error: BaselineError,
    },
}

impl ScanArguments {
    /// Reads configuration and baseline, and adds them to what the command line says.
    ///
    /// # Errors
    /// Where any of them is not understood or cannot be read.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let (config, stray) = self.configuration()?;
        let written = self.write_baseline.as_deref().map(openly).transpose()?;
        let from = self.baseline.clone().or_else(|| config.baseline.clone());
        let baseline = from.map(|path| read_baseline(&path)).transpose()?;
        let mut rules = config.rules.clone();
        rules.extend(self.sources.rules.iter().cloned());
        Ok(Settings {
            inputs: self.inputs(),
            options: self.options(&config)?,
            sources: RuleSources { rules },
            fail_on: self.fail_on.or(config.fail_on).unwrap_or_default(),
            configured: self.configured(&config),
            configuration: Some(config.path).filter(|path| !path.as_os_str().is_empty()),
            stray,
            suppressions: Suppressions {
                trusted: config.trusted,
                baseline,
            },
            written,
        })
    }

    /// The configuration, and one that was found and does not count.
    fn configuration(&self) -> Result<(Config, Option<PathBuf>), SettingsError> {
        if self.isolated {
            return Ok((Config::default(), None));
        }
        let here = std::env::current_dir().unwrap_or_default();
        let found = match &self.config {
            Some(path) => Found::Config(config::load(path)?),
            None => config::discover(&here)?,
        };
        // What lies below the working directory is shown without it, as paths of inputs are.
        let short = |path: PathBuf| {
            let below = below(&here, &here, &path);
            below.filter(|path| path.iter().count() > 0).unwrap_or(path)
        };
        Ok(match found {
            Found::Nothing => (Config::default(), None),
            Found::Stray(path) => (Config::default(), Some(short(path))),
            Found::Config(mut config) => {
                config.path = short(config.path);
                (config, None)
            }
        })
    }

    /// What the configuration changes beside what is suppressed, as it spells that.
    fn configured(&self, config: &Config) -> Vec<String> {
        let fail_on = config.fail_on.filter(|_| self.fail_on.is_none());
        let fail_on = fail_on.map(|threshold| format!("fail-on={}", threshold.name()));
        fail_on.into_iter().chain(config.limits.clone()).collect()
    }

    fn options(&self, config: &Config) -> Result<scan::Options, SettingsError> {
        let configured = |error| SettingsError::Configured {
            path: config.path.clone(),
            error,
        };
        let mut limits = crate::limits::Limits::default();
        for change in &config.limits {
            let changed = limit::changed(&limits, change);
            limits = changed.map_err(|error| configured(BadArgument::Limit(error)))?;
        }
        let given = self.exclude.iter().map(String::as_str);
        let excludes = Excludes::new(given).map_err(BadArgument::from)?;
        let patterns = config.exclude.iter().map(String::as_str);
        let excludes = excludes
            .and_configured(config.folder.clone(), patterns)
            .map_err(|error| configured(error.into()))?;
        let outputs = self.destinations()?;
        let wanted = |format| outputs.iter().any(|output| output.format == format);
        Ok(scan::Options {
            limits: self.caps.applied_to(limits)?,
            jobs: match self.jobs {
                // Inside the sandbox the files that tell of a container's share cannot be read.
                0 => std::thread::available_parallelism().map_or(1, usize::from),
                jobs => jobs,
            },
            excludes,
            digests: wanted(Format::CycloneDx),
        })
    }
}

impl Settings {
    /// Marks what a baseline or the configuration suppresses, and writes a new baseline if one is
    /// wanted, after which all that it holds is known.
    ///
    /// # Errors
    /// Where the baseline cannot be written.
    pub fn suppress(&mut self, report: &mut Report) -> Result<(), SettingsError> {
        let provenance = &mut report.provenance;
        provenance.configuration.clone_from(&self.configuration);
        provenance.configured.clone_from(&self.configured);
        provenance.rules.clone_from(&self.sources.rules);
        self.apply(report)?;
        report.notices.extend(self.stray.as_deref().map(not_used));
        Ok(())
    }

    fn apply(&mut self, report: &mut Report) -> Result<(), SettingsError> {
        let today = Date::today();
        self.suppressions.apply(report, &self.inputs, today);
        let Some((path, file)) = self.written.take() else {
            return Ok(());
        };
        let baseline = Baseline::of(report);
        save(&baseline, &file).map_err(|error| SettingsError::BaselineFile {
            path: path.clone(),
            error,
        })?;
        report.notices.clear();
        self.suppressions.baseline = Some((path, baseline));
        self.suppressions.apply(report, &self.inputs, today);
        Ok(())
    }
}

/// What is said of a configuration that belongs to no repository.
fn not_used(path: &Path) -> Notice {
    let message = format!(
        "{} was not used, because it belongs to no repository and may have come with what is \
         scanned; --config takes it, --isolated says nothing of it",
        path.display()
    );
    Notice::new(NoticeKind::StrayConfiguration, message)
}

/// Opens the file before anything is scanned, as outputs are, and keeps what is in it until the
/// scan is over.
fn openly(path: &Path) -> Result<(PathBuf, File), SettingsError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).open(path);
    match opened {
        Ok(file) => Ok((path.to_owned(), file)),
        Err(error) => Err(SettingsError::BaselineFile {
            path: path.to_owned(),
            error,
        }),
    }
}

fn save(baseline: &Baseline, mut file: &File) -> io::Result<()> {
    // A device or a pipe has no length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    let mut writer = BufWriter::new(&mut file);
    baseline.write(&mut writer)?;
    writer.flush()
}

fn read_baseline(path: &Path) -> Result<(PathBuf, Baseline), SettingsError> {
    let unreadable = |error| SettingsError::BaselineFile {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let mut file = file.take(LARGEST_BASELINE);
    file.read_to_string(&mut text).map_err(unreadable)?;
    if file.limit() == 0 {
        let error = format!("no baseline has {LARGEST_BASELINE} bytes or more");
        return Err(unreadable(io::Error::other(error)));
    }
    let baseline = Baseline::parse(&text).map_err(|error| SettingsError::Baseline {
        path: path.to_owned(),
        error,
    })?;
    Ok((path.to_owned(), baseline))
}
