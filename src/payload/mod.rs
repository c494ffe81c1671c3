//! What code and commands inside a pickle say, read without running any of it.
//!
//! [`summarize`] takes the bytes of a payload and says what they import, use and contact. Nothing
//! here is good or bad: which names are harmful is for the rules, which are handed
//! [`PayloadSummary::symbols`]. Input is hostile: nothing recurses on it, everything is bounded,
//! and what cannot be read ends in a note, not in an error.

mod bytecode;
mod contacts;
mod encoded;
mod marshal;
mod parts;
mod shell;
mod source;
mod tokens;

use crate::facts::{PayloadKind, PayloadSummary};
pub(crate) use parts::{CodeParts, Constant};

/// Bytes of a payload that are read. What follows is noted, not read.
pub const MOST_BYTES: usize = 4 << 20;

/// Entries of one list of a summary, at most.
const MOST_ENTRIES: usize = 256;

/// Payloads inside payloads that are read, counted.
const MOST_INNER: usize = 64;

/// Longest entry, in characters.
const LONGEST: usize = 200;

/// What a payload says.
pub fn summarize(kind: PayloadKind, data: &[u8]) -> PayloadSummary {
    let mut reading = Reading::default();
    let head = data.get(..MOST_BYTES).unwrap_or(data);
    if head.len() < data.len() {
        reading.note("only its beginning was read");
    }
    match kind {
        PayloadKind::Source if marshal::is_code(head) => reading.read_marshal(head),
        PayloadKind::CodeObject => reading.read_marshal(head),
        PayloadKind::Source | PayloadKind::Module => reading.inner(PayloadKind::Source, head),
        PayloadKind::Generated => reading.inner(PayloadKind::Generated, head),
        PayloadKind::Shell => reading.inner(PayloadKind::Shell, head),
        PayloadKind::Pickle | PayloadKind::Unread => {}
    }
    reading.finish()
}

/// What the parts of a code object say, where a call was given them one by one.
pub(crate) fn summarize_parts(parts: &CodeParts) -> PayloadSummary {
    let mut reading = Reading::default();
    parts.read(&mut reading);
    reading.finish()
}

/// Whether bytes are a marshalled code object, with or without the header of a `.pyc`.
pub(crate) fn is_code(data: &[u8]) -> bool {
    marshal::is_code(data)
}

/// A summary that grows.
#[derive(Default)]
struct Reading {
    summary: PayloadSummary,
    /// Source, commands and code objects inside what was read.
    pending: Vec<(PayloadKind, Vec<u8>)>,
    taken: usize,
    /// What code objects bind for those inside them.
    globals: source::Scope,
}

impl Reading {
    /// Reads source, a command or a code object later.
    fn inner(&mut self, kind: PayloadKind, data: &[u8]) {
        if self.taken < MOST_INNER {
            self.taken += 1;
            self.pending.push((kind, data.to_vec()));
        }
    }

    fn finish(mut self) -> PayloadSummary {
        while let Some((kind, data)) = self.pending.pop() {
            if kind == PayloadKind::CodeObject {
                self.read_marshal(&data);
                continue;
            }
            let text = String::from_utf8_lossy(&data).into_owned();
            self.contacts(&text);
            match kind {
                PayloadKind::Shell => shell::read(&mut self, &text),
                PayloadKind::Generated => source::read_function(&mut self, &text),
                _ => source::read(&mut self, &text),
            }
        }
        self.summary
    }

    fn read_marshal(&mut self, data: &[u8]) {
        match marshal::read(data) {
            Some(codes) => {
                for code in &codes {
                    code.read(self);
                }
            }
            None => self.note("the code object cannot be read"),
        }
    }

    fn import(&mut self, module: &str) {
        add(&mut self.summary.imports, module);
    }

    fn call(&mut self, symbol: &str) {
        add(&mut self.summary.calls, symbol);
    }

    /// A name that is used, called or not.
    fn name(&mut self, symbol: &str) {
        add(&mut self.summary.names, symbol);
    }

    fn constant(&mut self, text: &str) {
        add(&mut self.summary.constants, text);
        self.contacts(text);
        self.encoded(PayloadKind::Source, text);
    }

    /// Reads later what a text holds in another form.
    fn encoded(&mut self, kind: PayloadKind, text: &str) {
        if self.taken >= MOST_INNER {
            return;
        }
        if let Some(code) = encoded::decoded(text) {
            self.note("decodes more code");
            let is_code = marshal::is_code(&code);
            self.inner(
                if is_code {
                    PayloadKind::CodeObject
                } else {
                    kind
                },
                &code,
            );
        }
    }

    fn note(&mut self, note: &str) {
        add(&mut self.summary.notes, note);
    }

    fn contacts(&mut self, text: &str) {
        contacts::find(text, &mut self.summary.contacts, &mut self.summary.paths);
    }
}

/// Adds an entry once, and none where the list is full.
fn add(list: &mut Vec<String>, entry: &str) {
    let short = match entry.char_indices().nth(LONGEST) {
        Some((end, _)) => entry.get(..end).unwrap_or(entry),
        None => entry,
    };
    let known = list.iter().any(|known| known == short);
    if !short.is_empty() && !known && list.len() < MOST_ENTRIES {
        list.push(short.to_owned());
    }
}
