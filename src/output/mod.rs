//! How a report is written: pure functions of a [`Report`], one file a format.
//!
//! This room cannot reach inputs. Whatever comes from them, names above all, is hostile text and
//! is escaped for the place where it is written.

mod cyclonedx;
mod escape;
mod explain;
mod github;
mod gitlab;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod sarif;
mod text;
mod words;

use std::io::{self, Write};

use crate::report::{Report, Threshold};

pub use escape::visible;
pub use explain::explain;

/// The formats.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// `pickscan-report/1`, for programs.
    Json,
    /// The inputs of `pickscan-report/1`, one a line, then the summary.
    JsonLines,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// A page, for the summary of a job.
    Markdown,
    /// JUnit's XML, for everything that shows test results.
    Junit,
    /// Code Quality of GitLab.
    Gitlab,
    /// A bill of materials of models: CycloneDX 1.6.
    CycloneDx,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Json,
        Self::JsonLines,
        Self::Sarif,
        Self::Github,
        Self::Markdown,
        Self::Junit,
        Self::Gitlab,
        Self::CycloneDx,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Gitlab => "gitlab",
            Self::CycloneDx => "cyclonedx",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name() == name)
    }
}

/// How much text a person wants.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// One line a finding; nothing where nothing was found.
    Quiet,
    /// Every finding with reasons and advice, and a summary.
    #[default]
    Normal,
    /// Also inputs without findings, what they import, and how many bytes were read.
    Verbose,
}

/// Whether text carries terminal colours.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// What to write. Only text looks at colour, verbosity and columns, and only JUnit, which knows nothing
/// between passed and failed, at the threshold.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    /// The format.
    pub format: Format,
    /// Colour.
    pub colour: Colour,
    /// How much.
    pub verbosity: Verbosity,
    /// Columns of the terminal that it is written to, where it is one.
    pub columns: Option<usize>,
    /// From which findings on the run fails.
    pub fail_on: Threshold,
    /// Threads that render, where there is much to render; 0 for as many as there are processors.
    pub jobs: usize,
}

/// Writes the report.
///
/// # Errors
/// Whatever `writer` reports.
pub fn write(report: &Report, rendering: Rendering, writer: &mut dyn Write) -> io::Result<()> {
    match rendering.format {
        Format::Text => text::write(report, rendering, writer),
        Format::Json => json::write(report, rendering.jobs, writer),
        Format::JsonLines => jsonl::write(report, writer),
        Format::Sarif => sarif::write(report, writer),
        Format::Github => github::write(report, writer),
        Format::Markdown => markdown::write(report, writer),
        Format::Junit => junit::write(report, rendering.fail_on, writer),
        Format::Gitlab => gitlab::write(report, writer),
        Format::CycloneDx => cyclonedx::write(report, writer),
    }
}

/// The last lines of a text report: what was looked at, how it came out, what does not count.
pub fn summary(report: &Report) -> String {
    text::summary(report, Colour::Plain)
}

#[cfg(test)]
mod example;
