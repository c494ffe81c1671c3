//! How a report is written: pure functions of a [`Report`], one file a format.
//!
//! This room cannot reach inputs. Whatever comes from them, names above all, is hostile text and
//! is escaped for the place where it is written.

mod escape;
mod explain;
mod json;
mod sarif;
mod text;
mod words;

use std::io::{self, Write};

use crate::report::Report;

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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[Self::Text, Self::Json, Self::Sarif];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
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

/// What to write. Only text looks at colour and verbosity.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    /// The format.
    pub format: Format,
    /// Colour.
    pub colour: Colour,
    /// How much.
    pub verbosity: Verbosity,
}

/// Writes the report.
///
/// # Errors
/// Whatever `writer` reports.
pub fn write(report: &Report, rendering: Rendering, writer: &mut dyn Write) -> io::Result<()> {
    match rendering.format {
        Format::Text => text::write(report, rendering, writer),
        Format::Json => json::write(report, writer),
        Format::Sarif => sarif::write(report, writer),
    }
}

/// The last line of a text report: what was looked at, and how it came out.
pub fn summary(report: &Report) -> String {
    text::summary(report, Colour::Plain)
}

#[cfg(test)]
mod example;
