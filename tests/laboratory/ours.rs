//! What pickscan's machine says that the readers of a member do, all streams and readings together.

use std::collections::BTreeSet;

use pickscan::facts::{CallFact, ChangeFact, End, Facts, Symbol, Target};
use pickscan::limits::Limits;
use pickscan::machine::Readings;
use pickscan::machine::model::{Behaviour, Knowledge};
use pickscan::rules::Ruleset;
use pickscan::source::MemorySource;

use crate::readers::{Asked, Done};

/// Maps names of Python 2, and knows nothing else: a call stays a call of what was named.
struct Opaque(&'static Ruleset);

impl Knowledge for Opaque {
    fn python3_name(&self, module: &[u8], name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        self.0.python3_name(module, name)
    }

    fn behaviour(&self, _: &[u8]) -> Behaviour<'_> {
        Behaviour::default()
    }
}

/// What happens in a member under some reader.
#[derive(Debug, Default)]
pub(crate) struct Ours {
    /// Every spelling of every import.
    pub(crate) imports: BTreeSet<(Vec<u8>, Vec<u8>)>,
    /// The imports as Python 3 knows them.
    mapped: BTreeSet<(Vec<u8>, Vec<u8>)>,
    /// How imports of Python 2 names are spelled: a later stream may find them in the memo.
    spelled: BTreeSet<(Symbol, Symbol)>,
    calls: BTreeSet<Thing>,
    changes: BTreeSet<Thing>,
    persistent: bool,
    buffers: bool,
    /// Extension codes that were met.
    codes: BTreeSet<i64>,
    /// Whether something unresolved is imported or called, which stands for anything.
    pub(crate) unknown: bool,
    /// How the streams of the first reading ended.
    pub(crate) ends: Vec<End>,
    /// Whether a limit was reached.
    pub(crate) limited: bool,
    /// How many readings differ from the first.
    pub(crate) readings: usize,
}

/// A symbol, and whether it is the symbol itself or what came of calling it.
type Thing = (Vec<u8>, bool);

/// Follows every stream of the bytes, knowing only names.
pub(crate) fn ours(bytes: &[u8]) -> Ours {
    ours_knowing(bytes, &Opaque(Ruleset::builtin()))
}

/// Follows every stream of the bytes with some knowledge of what callables do.
pub(crate) fn ours_knowing(bytes: &[u8], knowledge: &dyn Knowledge) -> Ours {
    let source = MemorySource::new(bytes);
    let limits = Limits::default();
    let mut readings = Readings::new(&source, knowledge, &limits);
    let mut ours = Ours::default();
    let mut starts = vec![0];
    let mut seen = BTreeSet::new();
    while let Some(start) = starts.pop() {
        if !seen.insert(start) || (start >= bytes.len() as u64 && start > 0) {
            continue;
        }
        let reading = readings.stream(start);
        ours.ends.push(reading.first.end);
        ours.readings += reading.others.len();
        let readings = reading.others.iter().chain(&reading.shared);
        for facts in std::iter::once(&reading.first).chain(readings) {
            ours.add(facts);
        }
        starts.extend(reading.continues);
    }
    ours
}

impl Ours {
    fn add(&mut self, facts: &Facts) {
        let pair = |symbol: &Symbol| (symbol.module.clone(), symbol.name.clone());
        for import in &facts.imports {
            self.unknown |= import.symbol.is_none();
            self.mapped.extend(import.symbol.as_ref().map(pair));
            self.imports.extend(import.symbol.as_ref().map(pair));
            self.imports.extend(import.spelled.as_ref().map(pair));
            self.spelled
                .extend(import.symbol.clone().zip(import.spelled.clone()));
        }
        for (_, code) in &facts.extensions {
            self.codes.insert(*code);
            let extension = (b"ext_module".to_vec(), format!("ext_{code}").into_bytes());
            self.mapped.insert(extension.clone());
            self.imports.insert(extension);
        }
        for CallFact { callee, .. } in &facts.calls {
            self.unknown |= *callee == Target::Unknown;
            let things = self.things(callee, facts);
            self.calls.extend(things);
        }
        for ChangeFact { target, .. } in &facts.changes {
            let things = self.things(target, facts);
            self.changes.extend(things);
        }
        self.persistent |= !facts.persistent.is_empty();
        self.buffers |= !facts.buffers.is_empty();
        self.limited |= facts.end == End::Limit;
    }

    /// The names under which the oracle may know a target.
    fn things(&self, target: &Target, facts: &Facts) -> Vec<Thing> {
        let (symbol, is_result) = match target {
            Target::Import(symbol) => (symbol.clone(), false),
            Target::Module(module) => (
                Symbol {
                    module: module.clone(),
                    name: Vec::new(),
                },
                false,
            ),
            Target::Result(Some(symbol)) | Target::Instance(Some(symbol)) => (symbol.clone(), true),
            Target::Persistent => return vec![(b"persistent_load".to_vec(), true)],
            Target::Extension(code) => {
                let name = format!("ext_module.ext_{code}").into_bytes();
                return vec![(name.clone(), false), (name, true)];
            }
            Target::Result(None) | Target::Instance(None) => {
                let mut results = vec![(b"persistent_load".to_vec(), true)];
                // One unpickler keeps in its memo what an earlier stream made.
                let codes = self.codes.iter();
                results.extend(
                    codes.map(|code| (format!("ext_module.ext_{code}").into_bytes(), true)),
                );
                return results;
            }
            Target::Data | Target::Unknown => return Vec::new(),
        };
        let label = |symbol: &Symbol| [symbol.module.as_slice(), b".", &symbol.name].concat();
        let spelled = self.spelled.iter().filter(|(known, _)| *known == symbol);
        let spelled = spelled.map(|(_, spelled)| label(spelled));
        let names = std::iter::once(label(&symbol)).chain(spelled);
        let names = names.map(|name| (name, is_result));
        // torch's old persistent ids carry the class itself, which pickscan knows and the oracle does not.
        let persistent = (is_result && !facts.persistent.is_empty())
            .then(|| (b"persistent_load".to_vec(), true));
        names.chain(persistent).collect()
    }

    /// Whether an import that a reader asks for is known here. A name beyond the limit is reported
    /// as one that is not known.
    pub(crate) fn has_import(&self, asked: &Asked) -> bool {
        let length = asked.module.len().max(asked.name.len());
        if self.unknown && length > Limits::default().name {
            return true;
        }
        let raw = (asked.module.clone(), asked.name.clone());
        let mapped = Ruleset::builtin().python3_name(&asked.module, &asked.name);
        self.imports.contains(&raw)
            && mapped.is_none_or(|mapped| !asked.mapped || self.mapped.contains(&mapped))
    }

    /// Whether something that a reader does to a stub is known here.
    pub(crate) fn has_event(&self, done: &Done) -> bool {
        let is_long = done.target.len() > Limits::default().name;
        if self.unknown && (is_long || done.target.starts_with("…".as_bytes())) {
            return true;
        }
        match done.kind.as_str() {
            "call" | "new" => has_thing(&self.calls, &done.target),
            "setstate" | "append" | "extend" | "setitem" | "add" | "update" => {
                has_thing(&self.changes, &done.target)
            }
            "persistent-load" => self.persistent,
            "buffer" => self.buffers,
            // Goes before a call of the same instruction, with a stub in place of arguments.
            "iterate" => true,
            kind => panic!("{kind}"),
        }
    }
}

/// Whether a stub's label is that of a known thing. The oracle shortens long labels at their start.
fn has_thing(known: &BTreeSet<Thing>, label: &[u8]) -> bool {
    let mut things = things_of(label);
    things.any(
        |(name, is_result)| match name.strip_prefix("…".as_bytes()) {
            Some(end) => known
                .iter()
                .any(|known| known.0.ends_with(end) && known.1 == is_result),
            None => known.contains(&(name.to_vec(), is_result)),
        },
    )
}

/// What a stub's label may stand for: `os.system()()` is what came of calling `os.system`, or, as a name
/// may end in parentheses itself, `os.system()` called or not.
fn things_of(label: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let shorter = std::iter::successors(Some(label), |name| name.strip_suffix(b"()"));
    shorter.map(move |name| (name, name.len() < label.len()))
}
