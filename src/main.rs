//! Command line entry point: parse, scan, write, exit.
#![expect(clippy::print_stderr, reason = "the only file that prints")]

use std::{borrow::Cow, io, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use pickscan::{
    cli::{
        self, Cli, Command, FileArguments, RuleSources, RulesCommand, ScanArguments, unless_closed,
    },
    output::{self, Verbosity},
    rules::Ruleset,
    sandbox::{self, Enforced},
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
        None if cli.scan.caps.asks_for_help() => {
            unless_closed(cli::list_limits(&mut stdout))?;
            Ok(0)
        }
        None => {
            drop(stdout);
            scan(&cli.scan)
        }
        Some(Command::Explain(arguments)) => {
            let ruleset = rules(&arguments.sources)?;
            confine_to_file(arguments)?;
            Ok(cli::explain(arguments, &ruleset, &mut stdout)?)
        }
        Some(Command::Disasm(arguments)) => {
            confine_to_file(arguments)?;
            Ok(cli::disassemble(arguments, &mut stdout)?)
        }
        Some(Command::Rules(RulesCommand::List(sources))) => {
            unless_closed(cli::list(&*rules(sources)?, &mut stdout))?;
            Ok(0)
        }
        Some(Command::Rules(RulesCommand::Show { id, sources })) => {
            Ok(cli::show(&*rules(sources)?, id, &mut stdout)?)
        }
        Some(Command::Rules(RulesCommand::Lint { path })) => Ok(cli::lint(path, &mut stdout)?),
    }
}

fn scan(arguments: &ScanArguments) -> Result<u8> {
    let options = arguments.options()?;
    let ruleset = rules(&arguments.sources)?;
    let mut outputs = Vec::new();
    for destination in arguments.destinations()? {
        let shown = destination.path.clone().unwrap_or_default();
        let opened = destination.open();
        let opened = opened.with_context(|| format!("cannot write {}", shown.display()))?;
        outputs.push((destination, opened));
    }
    let inputs = scan::find(&arguments.inputs(), &options.excludes);
    // Here, because outputs are open, and nothing of an input was read and no thread started yet.
    let enforced = sandbox::enter(arguments.confinement.mode, inputs.grounds())?;
    if arguments.sandbox_self_test {
        let granted = inputs.grounds().first().context("name a file to read")?;
        return Ok(cli::self_test(&enforced, granted, &mut io::stdout())?);
    }
    if arguments.verbosity() == Verbosity::Verbose {
        eprintln!("pickscan: sandbox: {enforced}");
    }
    let progress = arguments.progress();
    let mut report = scan::scan_found(inputs, &options, &ruleset, &progress);
    report.sandbox = enforced.to_string();
    progress.finish();
    for (destination, opened) in &mut outputs {
        let writer = opened.writer();
        let written = output::write(&report, arguments.rendering(destination), writer)
            .and_then(|()| writer.flush());
        unless_closed(written).context("cannot write the report")?;
    }
    let silent = outputs
        .iter()
        .all(|(destination, _)| !destination.is_stdout());
    if silent && arguments.verbosity() > Verbosity::Quiet {
        eprintln!("{}", output::summary(&report));
    }
    Ok(report.exit_code(arguments.fail_on))
}

fn confine_to_file(arguments: &FileArguments) -> Result<Enforced> {
    let grounds = [arguments.file.clone()];
    Ok(sandbox::enter(arguments.confinement.mode, &grounds)?)
}

fn rules(sources: &RuleSources) -> Result<Cow<'static, Ruleset>> {
    if sources.rules.is_empty() {
        return Ok(Cow::Borrowed(Ruleset::builtin()));
    }
    Ruleset::with(&sources.rules)
        .map(Cow::Owned)
        .context("the rules cannot be used")
}
