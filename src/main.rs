//! Command line entry point: parse, scan, write, exit.
#![expect(clippy::print_stderr, reason = "the only file that prints")]

use std::{borrow::Cow, io, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use pickscan::{
    cli::{self, Cli, Command, RuleSources, RulesCommand, ScanArguments, unless_closed},
    output::{self, Verbosity},
    rules::Ruleset,
    scan,
};

/// Exit status where pickscan could not do what it was asked for.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("pickscan: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: &Cli) -> Result<u8> {
    let mut stdout = io::stdout().lock();
    match &cli.command {
        None if cli.scan.caps.asks_for_help() => written(cli::list_limits(&mut stdout)),
        None => {
            drop(stdout);
            scan(&cli.scan)
        }
        Some(Command::Explain(arguments)) => {
            let ruleset = rules(&arguments.sources)?;
            Ok(cli::explain(arguments, &ruleset, &mut stdout)?)
        }
        Some(Command::Disasm(arguments)) => Ok(cli::disassemble(arguments, &mut stdout)?),
        Some(Command::Completions { shell }) => written(cli::completions(*shell, &mut stdout)),
        Some(Command::Man) => written(cli::man(&mut stdout)),
        Some(Command::Rules(RulesCommand::List(sources))) => {
            written(cli::list(&*rules(sources)?, &mut stdout))
        }
        Some(Command::Rules(RulesCommand::Show { id, sources })) => {
            Ok(cli::show(&*rules(sources)?, id, &mut stdout)?)
        }
        Some(Command::Rules(RulesCommand::Lint { path })) => Ok(cli::lint(path, &mut stdout)?),
    }
}

fn scan(arguments: &ScanArguments) -> Result<u8> {
    let mut settings = arguments.settings()?;
    let ruleset = rules(&settings.sources)?;
    let mut outputs = Vec::new();
    for destination in arguments.destinations()? {
        let shown = destination.path.clone().unwrap_or_default();
        let opened = destination.open();
        let opened = opened.with_context(|| format!("cannot write {}", shown.display()))?;
        outputs.push((destination, opened));
    }
    let progress = arguments.progress();
    let mut report = scan::scan(&settings.inputs, &settings.options, &ruleset, &progress);
    progress.finish();
    settings.suppress(&mut report)?;
    for (destination, opened) in &mut outputs {
        let writer = opened.writer();
        let rendering = arguments.rendering(destination, settings.fail_on);
        let written = output::write(&report, rendering, writer).and_then(|()| writer.flush());
        unless_closed(written).context("cannot write the report")?;
    }
    let silent = outputs
        .iter()
        .all(|(destination, _)| !destination.is_stdout());
    if silent && arguments.verbosity() > Verbosity::Quiet {
        eprintln!("{}", output::summary(&report));
    }
    Ok(match arguments.exit_zero {
        true => 0,
        false => report.exit_code(settings.fail_on),
    })
}

/// The exit status of a command that only writes.
fn written(outcome: io::Result<()>) -> Result<u8> {
    unless_closed(outcome)?;
    Ok(0)
}

fn rules(sources: &RuleSources) -> Result<Cow<'static, Ruleset>> {
    if sources.rules.is_empty() {
        return Ok(Cow::Borrowed(Ruleset::builtin()));
    }
    Ruleset::with(&sources.rules)
        .map(Cow::Owned)
        .context("the rules cannot be used")
}
