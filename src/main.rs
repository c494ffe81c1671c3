//! Command line entry point: parse, scan, write, exit.

use std::{
    borrow::Cow,
    io::{self, Write},
    process::ExitCode,
};

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
            say(&format!("pickscan: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Writes to standard error. Where that is closed or full, the exit status still tells. What is said
/// may quote files of others, so nothing in it moves a cursor.
fn say(text: &str) {
    for line in text.lines() {
        let line = output::visible(line.replace('\t', " ").as_bytes());
        drop(writeln!(io::stderr(), "{line}"));
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
            confine_to_file(arguments)?;
            Ok(cli::explain(arguments, &ruleset, &mut stdout)?)
        }
        Some(Command::Disasm(arguments)) => {
            confine_to_file(arguments)?;
            Ok(cli::disassemble(arguments, &mut stdout)?)
        }
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
    settings.options.limits.deadline = arguments.stop_when_told()?;
    let ruleset = rules(&settings.sources)?;
    let mut outputs = Vec::new();
    for destination in arguments.destinations()? {
        let shown = destination.path.clone().unwrap_or_default();
        let opened = destination.open();
        let opened = opened.with_context(|| format!("cannot write {}", shown.display()))?;
        outputs.push((destination, opened));
    }
    let inputs = scan::find(&settings.inputs, &settings.options.excludes);
    // Here, because outputs are open, and nothing of an input was read and no thread started yet.
    let enforced = sandbox::enter(arguments.confinement.mode, inputs.grounds())?;
    if arguments.sandbox_self_test {
        let granted = inputs.grounds().first().context("name a file to read")?;
        return Ok(cli::self_test(&enforced, granted, &mut io::stdout())?);
    }
    if arguments.verbosity() == Verbosity::Verbose {
        say(&format!("pickscan: sandbox: {enforced}"));
    }
    let progress = arguments.progress();
    let mut report = scan::scan_found(inputs, &settings.options, &ruleset, &progress);
    report.sandbox = enforced.to_string();
    progress.finish();
    settings.suppress(&mut report)?;
    let mut written = Ok(());
    for (destination, opened) in &mut outputs {
        let writer = opened.writer();
        let rendering = output::Rendering {
            jobs: settings.options.jobs,
            ..arguments.rendering(destination, settings.fail_on)
        };
        let outcome = output::write(&report, rendering, writer).and_then(|()| writer.flush());
        // A full disk must not keep the other outputs from being written.
        written = written.and(unless_closed(outcome));
    }
    written.context("cannot write the report")?;
    let silent = outputs
        .iter()
        .all(|(destination, _)| !destination.is_stdout());
    if silent && arguments.verbosity() > Verbosity::Quiet {
        say(&output::summary(&report));
    }
    let status = match arguments.exit_zero {
        true => 0,
        false => report.exit_code(settings.fail_on),
    };
    // The process ends, and with it its memory: giving it back piece by piece would take longer.
    std::mem::forget(report);
    Ok(status)
}

/// The exit status of a command that only writes.
fn written(outcome: io::Result<()>) -> Result<u8> {
    unless_closed(outcome)?;
    Ok(0)
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
