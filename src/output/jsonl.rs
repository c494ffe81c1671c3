//! `pickscan-report/1` in lines: one input a line as `{"file": …}`, then `{"summary": …}`.
//!
//! For results that are too many for one document, and for results that are put together.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{File, Summary, files};
use crate::report::Report;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'r> {
    File(Box<File<'r>>),
    Summary(Box<Summary<'r>>),
}

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let summary = Line::Summary(Box::new(Summary::from(report)));
    let lines = files(report).map(|file| Line::File(Box::new(file)));
    for line in lines.chain([summary]) {
        serde_json::to_writer(&mut *writer, &line)?;
        writeln!(writer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn each_input_is_a_line_and_the_summary_the_last() {
        let mut bytes = Vec::new();
        let report = example::report();
        write(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), report.files.len() + 1);
        assert_eq!(lines[0]["file"]["verdict"], "dangerous");
        assert_eq!(lines.last().unwrap()["summary"]["inputs"], 3);
    }
}
