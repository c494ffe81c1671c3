//! The command line: what a person writes becomes the options of the library.
//!
//! Nothing here prints or exits; `main.rs` does.

mod destination;
mod limit;
mod manual;
mod progress;
mod rules;
mod self_test;
mod settings;
mod show;
mod signals;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};

pub use destination::{Destination, Opened, UnusableOutputs};
pub use manual::{completions, man};
pub use progress::Progress;
pub use rules::{lint, list, show};
pub use self_test::self_test;
pub use settings::{Settings, SettingsError};
pub use show::{disassemble, explain};

use crate::{
    limits::{Deadline, Limits},
    output::{Colour, Format, Rendering, Verbosity},
    report::Threshold,
    sandbox::Mode,
    scan::InvalidPattern,
};

const AFTER_HELP: &str = "\
Exit status:
  0  nothing was found at or above --fail-on
  1  something was found
  2  something could not be scanned, or the command line is not understood
     (where both hold, it is 1)
With --exit-zero, it is 2 for the command line alone, else 0.

A file or folder named like a command is given as ./explain.";

/// Says what Python pickles would do, without running any of them.
///
/// Scans files, folders and what is below them, whatever their names: what a file is, is decided
/// by its content.
#[derive(Debug, Parser)]
#[command(
    name = "pickscan",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
pub struct Cli {
    /// Another command than scanning.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to scan and how.
    #[command(flatten)]
    pub scan: ScanArguments,
}

/// Everything but scanning.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what a file would do, as pseudo-Python with offsets
    Explain(FileArguments),
    /// Show the instructions of the pickles in a file
    Disasm(FileArguments),
    /// Show or check rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Write the completions for a shell to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output
    Man,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules
    List(RuleSources),
    /// Show one rule
    Show {
        /// Id of the rule, as reports show it
        id: String,
        /// Where else rules come from.
        #[command(flatten)]
        sources: RuleSources,
    },
    /// Check the rules in a file or folder
    Lint {
        /// File or folder with rules
        path: PathBuf,
    },
}

/// One file.
#[derive(Debug, Args)]
pub struct FileArguments {
    /// File, or - for standard input
    pub file: PathBuf,
    /// Only the member of this name, as reports show it behind the !
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// Where else rules come from.
    #[command(flatten)]
    pub sources: RuleSources,
    /// Caps.
    #[command(flatten)]
    pub caps: Caps,
    /// What the process gives up.
    #[command(flatten)]
    pub confinement: Confinement,
}

/// What the process gives up before it reads anything.
#[derive(Debug, Args)]
pub struct Confinement {
    /// Let the operating system hold this process to reading what is scanned: auto does what the
    /// system offers, require fails where that is not all
    #[arg(
        long = "sandbox",
        value_name = "WHEN",
        default_value = "auto",
        value_parser = modes(),
        help_heading = "Input"
    )]
    pub mode: Mode,
}

/// Rules beside the built-in ones.
#[derive(Debug, Default, Args)]
pub struct RuleSources {
    /// Add rules from a file or folder, and override built-in ones of the same id; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,
}

/// Caps on work and memory.
#[derive(Debug, Args)]
pub struct Caps {
    /// Change a limit, such as inflated=1Gi; may be repeated; `--limit help` lists them
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Input")]
    pub limit: Vec<String>,
}

/// What to scan and how.
#[derive(Debug, Args)]
pub struct ScanArguments {
    /// Files and folders; - is standard input [default: .]
    pub paths: Vec<PathBuf>,

    /// Fail from findings of this verdict on [default: suspicious]
    #[arg(long, value_name = "VERDICT", value_parser = thresholds(), help_heading = "Verdict")]
    pub fail_on: Option<Threshold>,
    /// Exit with 0 whatever is found and whatever could not be scanned
    #[arg(long, help_heading = "Verdict")]
    pub exit_zero: bool,
    /// Do not fail because of findings that a file written by --write-baseline holds
    #[arg(long, value_name = "FILE", help_heading = "Verdict")]
    pub baseline: Option<PathBuf>,
    /// Write what is found to a file, to be known from now on
    #[arg(long, value_name = "FILE", help_heading = "Verdict")]
    pub write_baseline: Option<PathBuf>,

    /// Take this configuration [default: pickscan.toml, .pickscan.toml or pyproject.toml at or
    /// above the working directory]
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Take no configuration: for files whose configuration is not trusted either
    #[arg(long, conflicts_with = "config", help_heading = "Configuration")]
    pub isolated: bool,

    /// Write in this format [default: text]
    #[arg(short, long, value_name = "FORMAT", value_parser = formats(), help_heading = "Output")]
    pub format: Option<Format>,
    /// Write to FILE, or in a format to a file as in sarif=out.sarif; may be repeated; - is
    /// standard output
    #[arg(short, long, value_name = "[FORMAT=]FILE", help_heading = "Output")]
    pub output: Vec<std::ffi::OsString>,
    /// Use colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        value_parser = ["auto", "always", "never"],
        help_heading = "Output"
    )]
    pub color: String,
    /// One line a finding, and nothing where nothing was found
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Also show files without findings, what they import, and how many bytes were read
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// Show no progress bar
    #[arg(long, help_heading = "Output")]
    pub no_progress: bool,

    /// Leave out what matches a glob when folders are searched; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Input")]
    pub exclude: Vec<String>,
    /// Scan so many files at the same time [default: one a processor]
    #[arg(
        short,
        long,
        value_name = "COUNT",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Input"
    )]
    pub jobs: usize,
    /// Caps.
    #[command(flatten)]
    pub caps: Caps,
    /// What the process gives up.
    #[command(flatten)]
    pub confinement: Confinement,
    /// Try from inside the sandbox what it forbids, and scan nothing
    #[arg(long, hide = true)]
    pub sandbox_self_test: bool,
    /// Rules.
    #[command(flatten)]
    pub sources: RuleSources,
}

/// Why arguments that clap accepts are not understood: the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum BadArgument {
    /// A pattern of `--exclude`.
    #[error("--exclude: {0}")]
    Exclude(#[from] InvalidPattern),
    /// A limit.
    #[error("--limit: {0}")]
    Limit(String),
    /// The outputs cannot be written side by side.
    #[error(transparent)]
    Output(#[from] UnusableOutputs),
}

impl Caps {
    /// Whether the limits shall be listed instead.
    pub fn asks_for_help(&self) -> bool {
        self.limit.iter().any(|change| change == "help")
    }

    /// The default limits with the changes applied.
    ///
    /// # Errors
    /// For a name that is no limit and a value that is no number.
    pub fn limits(&self) -> Result<Limits, BadArgument> {
        self.applied_to(Limits::default())
    }

    fn applied_to(&self, limits: Limits) -> Result<Limits, BadArgument> {
        self.limit.iter().try_fold(limits, |limits, change| {
            limit::changed(&limits, change).map_err(BadArgument::Limit)
        })
    }
}

impl ScanArguments {
    /// The inputs; the current folder where none is named.
    pub fn inputs(&self) -> Vec<PathBuf> {
        match self.paths.as_slice() {
            [] => vec![PathBuf::from(".")],
            paths => paths.to_vec(),
        }
    }

    /// What stops the run early, with a report of what was done: SIGINT and SIGTERM.
    ///
    /// # Errors
    /// Whatever the operating system says about handling signals.
    pub fn stop_when_told(&self) -> io::Result<Deadline> {
        // Whoever waits for standard input does not look whether it was told to stop.
        if self.paths.iter().any(|path| path.as_os_str() == "-") {
            return Ok(Deadline::default());
        }
        signals::stop_when_told()
    }

    /// Where reports go.
    ///
    /// # Errors
    /// Where two of them would go to the same place.
    pub fn destinations(&self) -> Result<Vec<Destination>, BadArgument> {
        Ok(destination::all(self.format, &self.output)?)
    }

    /// How a report is written to a destination.
    pub fn rendering(&self, destination: &Destination, fail_on: Threshold) -> Rendering {
        let colour = match self.color.as_str() {
            "always" => Colour::Ansi,
            "auto" if destination.is_stdout() && terminal_wants_colour() => Colour::Ansi,
            _ => Colour::Plain,
        };
        Rendering {
            format: destination.format,
            colour,
            verbosity: self.verbosity(),
            columns: Some(destination)
                .filter(|one| one.is_stdout())
                .and_then(|_| terminal_columns()),
            fail_on,
            ..Rendering::default()
        }
    }

    /// How much text is wanted.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }

    /// The progress bar: on a terminal, unless it is not wanted.
    pub fn progress(&self) -> Progress {
        let wanted = !self.no_progress && !self.quiet && io::stderr().is_terminal();
        if wanted {
            Progress::on_terminal()
        } else {
            Progress::hidden()
        }
    }
}

fn terminal_columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0))
}

/// See <https://no-color.org>.
fn terminal_wants_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}

/// Takes a closed pipe for what it is: the reader has seen enough.
///
/// # Errors
/// Everything else that went wrong with writing.
pub fn unless_closed(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Writes what `--limit help` shows.
///
/// # Errors
/// Whatever `writer` reports.
pub fn list_limits(writer: &mut dyn Write) -> io::Result<()> {
    limit::list(writer)
}

fn thresholds() -> impl TypedValueParser<Value = Threshold> {
    PossibleValuesParser::new(Threshold::ALL.map(Threshold::name))
        .try_map(|given| Threshold::from_name(&given).ok_or("no verdict"))
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::NAMES.map(|(name, _)| name)).try_map(|given| {
        let found = Mode::NAMES.iter().find(|(name, _)| *name == given);
        found.map(|(_, mode)| *mode).ok_or("no mode")
    })
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    PossibleValuesParser::new(names).try_map(|given| Format::from_name(&given).ok_or("no format"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_folder_is_no_command_but_a_command_is() {
        let folder = Cli::try_parse_from(["pickscan", "corpus"]).unwrap();
        assert_eq!(folder.scan.inputs(), [PathBuf::from("corpus")]);
        let command = Cli::try_parse_from(["pickscan", "explain", "a.pkl"]).unwrap();
        assert!(matches!(command.command, Some(Command::Explain(_))));
        let folder = Cli::try_parse_from(["pickscan", "./explain"]).unwrap();
        assert_eq!(folder.scan.inputs(), [PathBuf::from("./explain")]);
    }

    #[test]
    fn the_default_is_the_current_folder() {
        let cli = Cli::try_parse_from(["pickscan"]).unwrap();
        assert_eq!(cli.scan.inputs(), [PathBuf::from(".")]);
        assert_eq!(cli.scan.fail_on, None);
    }
}
