//! Commands: which programs they start, and the shapes that fetch and run something.

use super::Reading;
use crate::facts::PayloadKind;

/// Programs that fetch what an address names.
const DOWNLOADERS: &[&str] = &["curl", "wget", "fetch", "aria2c", "certutil", "bitsadmin"];

/// Programs that run what they are given.
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "zsh",
    "ksh",
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "php",
    "powershell",
    "pwsh",
];

/// Words before the program itself.
const PREFIXES: &[&str] = &[
    "sudo", "env", "nohup", "exec", "time", "nice", "then", "do", "!",
];

/// One command of a line: its words, and whether a pipe feeds it.
#[derive(Default)]
struct Command {
    words: Vec<String>,
    fed: bool,
}

/// Reads a command line.
pub(super) fn read(reading: &mut Reading, text: &str) {
    let mut fetched = false;
    for command in commands(text) {
        let Some((program, arguments)) = program(&command.words) else {
            continue;
        };
        reading.call(program);
        let interprets = INTERPRETERS.contains(&program);
        if interprets && command.fed && fetched {
            reading.note("fetches a program and runs it");
        }
        fetched = DOWNLOADERS.contains(&program) || (command.fed && fetched);
        if interprets {
            let is_code = |word: &String| word == "-c" || word.eq_ignore_ascii_case("-command");
            let code = arguments.iter().skip_while(|word| !is_code(word)).nth(1);
            let kind = if program.starts_with("python") {
                PayloadKind::Source
            } else {
                PayloadKind::Shell
            };
            if let Some(code) = code {
                reading.inner(kind, code.as_bytes());
            }
        }
        for word in arguments {
            reading.encoded(PayloadKind::Shell, word);
        }
        if arguments
            .iter()
            .any(|word| word.contains("/dev/tcp/") || word.contains("/dev/udp/"))
        {
            reading.note("opens a shell or sends data to an address");
        }
    }
}

/// The program of a command, without its folder, and what it is given.
fn program(words: &[String]) -> Option<(&str, &[String])> {
    let is_assignment = |word: &String| {
        let name = word.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let place = words
        .iter()
        .position(|word| !is_assignment(word) && !PREFIXES.contains(&word.as_str()))?;
    let (word, arguments) = words.get(place..)?.split_first()?;
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    (!name.is_empty()).then_some((name, arguments))
}

/// Cuts a line into commands at `|`, `;`, `&`, line ends and substitutions.
fn commands(text: &str) -> Vec<Command> {
    let mut commands = vec![Command::default()];
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.chars().peekable();
    let finish = |word: &mut String, commands: &mut Vec<Command>| {
        if let Some(command) = commands.last_mut()
            && !word.is_empty()
        {
            command.words.push(std::mem::take(word));
        }
    };
    while let Some(character) = characters.next() {
        match (character, quote) {
            (_, Some(end)) if character == end => quote = None,
            ('\\', None | Some('"')) => word.extend(characters.next()),
            (_, Some('\'')) => word.push(character),
            ('\'' | '"', None) => quote = Some(character),
            ('`', _) | ('(', None) | (')', None) => {
                finish(&mut word, &mut commands);
                commands.push(Command::default());
            }
            ('$', Some(_) | None) if characters.peek() == Some(&'(') => {
                characters.next();
                finish(&mut word, &mut commands);
                commands.push(Command::default());
            }
            ('>' | '<', None) => {
                if characters.peek() == Some(&'&') {
                    characters.next();
                }
                finish(&mut word, &mut commands);
            }
            ('|' | ';' | '&' | '\n', None) => {
                finish(&mut word, &mut commands);
                let doubled = characters.next_if_eq(&character).is_some();
                commands.push(Command {
                    words: Vec::new(),
                    fed: character == '|' && !doubled,
                });
            }
            (_, None) if character.is_whitespace() => finish(&mut word, &mut commands),
            _ => word.push(character),
        }
        if commands.len() > super::MOST_ENTRIES {
            break;
        }
    }
    finish(&mut word, &mut commands);
    commands
}
