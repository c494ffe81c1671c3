//! CPython's own unpicklers, as a process that answers one line an input: `oracle.py --compact`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::unhex;

/// Seconds for one input under all readers of one interpreter.
const SECONDS: &str = "20";

/// One interpreter, which is started again when an input takes it down.
pub(crate) struct Interpreter {
    program: PathBuf,
    /// Its version.
    pub(crate) version: String,
    /// The names of its runs, by bit.
    pub(crate) runs: Vec<String>,
    process: Option<Process>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the runs of one input did.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Per run `s1`, `e2` or `-`; nothing where the interpreter died of the input.
    pub(crate) outcomes: Option<Vec<String>>,
    pub(crate) imports: Vec<Asked>,
    pub(crate) events: Vec<Done>,
}

/// Something that was asked for from `find_class`.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) module: Vec<u8>,
    pub(crate) name: Vec<u8>,
    /// Whether the reader would map the name to Python 3's.
    pub(crate) mapped: bool,
    pub(crate) runs: u32,
}

/// Something that was done to a stub.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) kind: String,
    pub(crate) target: Vec<u8>,
    pub(crate) runs: u32,
}

impl Interpreter {
    fn new(program: PathBuf) -> Option<Self> {
        let mut interpreter = Self {
            program,
            version: String::new(),
            runs: Vec::new(),
            process: None,
        };
        interpreter.start()?;
        Some(interpreter)
    }

    /// Every CPython 3 of the machine: `python3` on the path always, those of pyenv where they are.
    pub(crate) fn all() -> Vec<Self> {
        let mut found = BTreeMap::new();
        let default = std::env::var_os("PICKSCAN_PYTHON").unwrap_or("python3".into());
        let others = pyenv_versions();
        for program in [PathBuf::from(default)].into_iter().chain(others) {
            if let Some(interpreter) = Self::new(program) {
                found
                    .entry(interpreter.version.clone())
                    .or_insert(interpreter);
            }
        }
        assert!(!found.is_empty(), "python3 is needed by this test");
        found.into_values().collect()
    }

    /// Only the `python3` on the path.
    pub(crate) fn default() -> Self {
        let program = std::env::var_os("PICKSCAN_PYTHON").unwrap_or("python3".into());
        Self::new(program.into()).expect("python3 is needed by this test")
    }

    fn start(&mut self) -> Option<()> {
        let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/oracle.py");
        let mut child = Command::new(&self.program)
            .args(["-I", "-W", "ignore"])
            .arg(oracle)
            .args(["--compact", "--seconds", SECONDS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = child.stdin.take()?;
        let mut output = BufReader::new(child.stdout.take()?);
        let mut greeting = String::new();
        output.read_line(&mut greeting).ok()?;
        let mut words = greeting.split_whitespace().map(str::to_owned);
        self.version = words.next()?;
        self.runs = words.collect();
        self.process = Some(Process {
            child,
            input,
            output,
        });
        Some(())
    }

    /// What the readers do with each input, in order.
    pub(crate) fn ask(&mut self, inputs: &[Vec<u8>]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(inputs.len());
        while answers.len() < inputs.len() {
            if self.process.is_none() {
                self.start().expect("the interpreter starts again");
            }
            let process = self.process.as_mut().unwrap();
            process.ask(&inputs[answers.len()..], &mut answers);
            if answers.len() < inputs.len() {
                let mut process = self.process.take().unwrap();
                drop(process.input);
                process.child.wait().unwrap();
                answers.push(Answer::default());
            }
        }
        answers
    }

    /// The names of the runs in a mask.
    pub(crate) fn names(&self, mask: u32) -> String {
        let runs = self.runs.iter().enumerate();
        let chosen = runs.filter(|(bit, _)| mask & 1 << bit != 0);
        chosen
            .map(|(_, name)| name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.input);
            drop(process.output);
            let _ = process.child.wait();
        }
    }
}

impl Process {
    /// Reads as many answers as come.
    fn ask(&mut self, inputs: &[Vec<u8>], answers: &mut Vec<Answer>) {
        let Self { input, output, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for bytes in inputs {
                    let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
                    // A dead reader shows in the missing answer.
                    if input
                        .write_all(&length)
                        .and_then(|()| input.write_all(bytes))
                        .is_err()
                    {
                        return;
                    }
                }
                let _ = input.flush();
            });
            let mut line = String::new();
            for _ in inputs {
                line.clear();
                match output.read_line(&mut line) {
                    Ok(_) if line.ends_with('\n') => answers.push(Answer::parse(&line)),
                    _ => return,
                }
            }
        });
    }
}

impl Answer {
    fn parse(line: &str) -> Self {
        let mut parts = line.trim_end_matches('\n').split('\t');
        let mut part = || parts.next().unwrap().to_owned();
        let (outcomes, imports, events) = (part(), part(), part());
        let fields = |entry: &str| entry.split(':').map(str::to_owned).collect::<Vec<_>>();
        let entries = |part: &str| {
            part.split(',')
                .filter(|entry| !entry.is_empty())
                .map(fields)
                .collect::<Vec<_>>()
        };
        let mask = |text: &str| u32::from_str_radix(text, 16).unwrap();
        Self {
            outcomes: Some(outcomes.split(' ').map(str::to_owned).collect()),
            imports: entries(&imports)
                .iter()
                .map(|entry| Asked {
                    module: unhex(&entry[0]),
                    name: unhex(&entry[1]),
                    mapped: entry[2] == "1",
                    runs: mask(&entry[3]),
                })
                .collect(),
            events: entries(&events)
                .iter()
                .map(|entry| Done {
                    kind: entry[0].clone(),
                    target: unhex(&entry[1]),
                    runs: mask(&entry[2]),
                })
                .collect(),
        }
    }
}

fn pyenv_versions() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let versions = Path::new(&home).join(".pyenv/versions");
    let Ok(entries) = std::fs::read_dir(versions) else {
        return Vec::new();
    };
    let folders = entries.filter_map(Result::ok).map(|entry| entry.path());
    let is_3 = |path: &PathBuf| {
        path.file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.starts_with("3."))
    };
    let mut found: Vec<PathBuf> = folders
        .filter(is_3)
        .map(|path| path.join("bin/python3"))
        .collect();
    found.sort();
    found
}
