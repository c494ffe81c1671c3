//! The names of one stream: each is looked up once, and how it is used decides how far it is
//! trusted.

use std::collections::HashMap;

use super::pattern::MAX_SEGMENTS;
use super::ruleset::Ruleset;
use super::schema::{Effect, Trust, Usage};
use super::standing::{Kinship, Package, Standing};
use super::value::Values;
use crate::facts::{CallFact, ChangeFact, ChangeKind, Facts, Symbol, Target};

/// Members that may be read off a trusted class although they begin with two underscores: none of
/// them leads to a namespace, to code or to another object.
const INERT_MEMBERS: &[&[u8]] = &[
    b"__doc__",
    b"__eq__",
    b"__ge__",
    b"__gt__",
    b"__hash__",
    b"__init__",
    b"__le__",
    b"__len__",
    b"__lt__",
    b"__module__",
    b"__name__",
    b"__ne__",
    b"__qualname__",
    b"__repr__",
    b"__str__",
];

/// One name and what the stream does with it.
#[derive(Debug)]
pub(super) struct Named<'r> {
    /// The name, then what its aliases lead to.
    pub spellings: Vec<Vec<u8>>,
    /// What is known of it.
    pub standing: Standing<'r>,
    /// How far it is trusted in this stream.
    pub trust: Trust,
    /// Whether its own calls or states are what it is not trusted for.
    pub misused: bool,
    /// The first call of it.
    pub first_call: Option<usize>,
}

impl Named<'_> {
    /// The name as it is in the facts, for the reader.
    pub(super) fn shown(&self) -> String {
        let name = self.spellings.first().map(Vec::as_slice);
        String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
    }
}

/// The names of a stream, and which fact has which.
pub(super) struct Names<'r> {
    pub list: Vec<Named<'r>>,
    /// For each import: the name, and the Python 2 spelling where rules know it.
    pub imports: Vec<[Option<usize>; 2]>,
    /// For each call: the name of the callee.
    pub calls: Vec<Option<usize>>,
    /// For each change: the name of the target.
    pub changes: Vec<Option<usize>>,
    /// For each call: whether it is not one that its name is trusted for.
    pub failing_calls: Vec<bool>,
    /// For each change: the same.
    pub failing_changes: Vec<bool>,
}

impl<'r> Names<'r> {
    /// Looks up every name of the facts.
    pub(super) fn new(rules: &'r Ruleset, facts: &Facts) -> Self {
        let mut lookup = Lookup {
            rules,
            known: HashMap::new(),
            list: Vec::new(),
        };
        let import_names = |lookup: &mut Lookup<'r>, symbol: &Option<Symbol>| {
            symbol.as_ref().map(|symbol| lookup.symbol(symbol))
        };
        let mut imports = Vec::with_capacity(facts.imports.len());
        for import in &facts.imports {
            let name = import_names(&mut lookup, &import.symbol);
            let spelled = import_names(&mut lookup, &import.spelled);
            imports.push([name, spelled.filter(|&index| lookup.is_known(index))]);
        }
        let calls = facts.calls.iter();
        let calls: Vec<_> = calls.map(|call| lookup.target(&call.callee)).collect();
        let changes = facts.changes.iter();
        let changes: Vec<_> = changes
            .map(|change| lookup.target(&change.target))
            .collect();
        let mut names = Self {
            list: lookup.list,
            imports,
            calls,
            changes,
            failing_calls: Vec::new(),
            failing_changes: Vec::new(),
        };
        names.follow_use(&Values::new(rules), facts);
        names.settle_trust();
        names
    }

    /// The name of a fact.
    pub(super) fn get(&self, index: Option<usize>) -> Option<&Named<'r>> {
        self.list.get(index?)
    }

    /// Notes which names are called, and which calls and states they are not trusted for.
    fn follow_use(&mut self, values: &Values<'_>, facts: &Facts) {
        for (index, (call, name)) in facts.calls.iter().zip(&self.calls).enumerate() {
            let mut failing = false;
            let named = name.and_then(|name| self.list.get_mut(name));
            if let (Some(named), Target::Import(_)) = (named, &call.callee) {
                named.first_call.get_or_insert(index);
                failing = call_fails(values, named, call);
                named.misused |= failing || is_data_only(named);
            }
            self.failing_calls.push(failing);
        }
        for (change, name) in facts.changes.iter().zip(&self.changes) {
            let mut failing = false;
            if let Some(named) = name.and_then(|name| self.list.get_mut(name)) {
                failing = state_fails(values, named, change);
                named.misused |= failing;
            }
            self.failing_changes.push(failing);
        }
    }

    fn settle_trust(&mut self) {
        for named in &mut self.list {
            named.trust = trust(named);
        }
    }
}

/// Answers to one question about names, each found once: a stream may give one name a million
/// times, and long ones are slow to hold against patterns.
#[derive(Default)]
pub(super) struct Answers(HashMap<usize, bool>);

impl Answers {
    /// The answer about a name, by its index.
    pub(super) fn about(&mut self, name: usize, find: impl FnOnce() -> bool) -> bool {
        *self.0.entry(name).or_insert_with(find)
    }
}

/// Names that are being looked up.
struct Lookup<'r> {
    rules: &'r Ruleset,
    known: HashMap<(Vec<u8>, usize), usize>,
    list: Vec<Named<'r>>,
}

impl<'r> Lookup<'r> {
    fn target(&mut self, target: &Target) -> Option<usize> {
        match target {
            Target::Module(module) => Some(self.name(module.clone(), module.len())),
            _ => target.symbol().map(|symbol| self.symbol(symbol)),
        }
    }

    fn symbol(&mut self, symbol: &Symbol) -> usize {
        self.name(symbol.dotted(), symbol.module.len())
    }

    /// The index of a name whose module is so many bytes long.
    fn name(&mut self, dotted: Vec<u8>, module: usize) -> usize {
        let key = (dotted, module);
        if let Some(&index) = self.known.get(&key) {
            return index;
        }
        let dotted = &key.0;
        let spellings = self.rules.spellings(dotted);
        let mut standing = self.rules.standing_of(&spellings);
        if standing.kinship != Kinship::Itself || standing.by_pattern {
            let qualname = dotted.get(module + 1..).unwrap_or_default();
            if let Some(reached) = self.reached_through_modules(qualname) {
                standing = Standing {
                    kinship: Kinship::OfHarmful,
                    ..reached
                };
            }
        }
        if module == dotted.len() {
            standing = of_bare_module(standing);
        }
        let spellings = spellings.into_iter().map(|name| name.into_owned());
        let index = self.list.len();
        self.list.push(Named {
            spellings: spellings.collect(),
            standing,
            trust: Trust::Unknown,
            misused: false,
            first_call: None,
        });
        self.known.insert(key, index);
        index
    }

    /// What a dotted qualname ends at, where it walks through modules that a module has imported:
    /// `random` + `_os.system` is `os.system`. A module's own path cannot be such a walk, so
    /// `app.profile` + `Profile` is not `profile.Profile`.
    fn reached_through_modules(&self, qualname: &[u8]) -> Option<Standing<'r>> {
        let starts = std::iter::once(0).chain(dots(qualname).map(|dot| dot + 1));
        let tails = starts
            .filter_map(|start| qualname.get(start..))
            .take(MAX_SEGMENTS);
        let mut reached = tails
            .filter(|tail| dots(tail).next().is_some())
            .flat_map(|tail| {
                let private = tail.iter().take_while(|&&byte| byte == b'_').count();
                let public = tail.get(private..).filter(|_| private > 0);
                std::iter::once(tail).chain(public)
            })
            .map(|tail| self.rules.standing(tail))
            .filter(Standing::is_harmful);
        // `contextlib.os.remove` is the end of its walk, not something of contextlib.
        let first = reached.next()?;
        let exact =
            |standing: &Standing<'_>| standing.kinship == Kinship::Itself && !standing.by_pattern;
        if exact(&first) {
            return Some(first);
        }
        Some(reached.find(exact).unwrap_or(first))
    }

    fn is_known(&self, index: usize) -> bool {
        let known = |named: &Named<'_>| named.standing.kinship != Kinship::Stranger;
        self.list.get(index).is_some_and(known)
    }
}

/// A module by itself is judged by what is taken from it, unless importing it already does harm:
/// what a pattern says of everything in a module does not hold for the module.
fn of_bare_module(standing: Standing<'_>) -> Standing<'_> {
    let runs = standing
        .effects()
        .meets(&[Effect::RunCode, Effect::ImportModule]);
    let itself = standing.is_modelled() && !standing.by_pattern;
    if runs || itself || standing.package == Package::Unknown {
        return standing;
    }
    Standing {
        model: None,
        kinship: Kinship::Itself,
        ..standing
    }
}

/// Where the dots of a name are.
fn dots(name: &[u8]) -> impl Iterator<Item = usize> {
    name.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'.')
        .map(|(at, _)| at)
}

fn is_data_only(named: &Named<'_>) -> bool {
    let trust = named.standing.trust;
    trust.is_some_and(|entry| entry.usage == Usage::Data) && !named.standing.is_modelled()
}

/// Whether a call is not one that its name is trusted for. A call that the machine counted but did
/// not keep cannot be checked, so it fails.
fn call_fails(values: &Values<'_>, named: &Named<'_>, call: &CallFact) -> bool {
    let only = named.standing.trust.and_then(|entry| entry.only.as_ref());
    only.is_some_and(|only| call.repeated > 0 || !values.allowed(only, call.arguments.as_deref()))
}

/// Whether a state is not one that the name of its object is trusted with.
fn state_fails(values: &Values<'_>, named: &Named<'_>, change: &ChangeFact) -> bool {
    let only = named.standing.trust.and_then(|entry| entry.only.as_ref());
    change.kind == ChangeKind::SetState
        && only.is_some_and(|only| !values.state_allowed(only, &change.value))
}

/// How far a name is trusted, given how it is used.
fn trust(named: &Named<'_>) -> Trust {
    let standing = &named.standing;
    if standing.is_harmful() {
        return Trust::Dangerous;
    }
    match standing.kinship {
        Kinship::Itself if !named.misused => Trust::Trusted,
        Kinship::OfTrusted if named.first_call.is_none() && is_plain_member(named) => {
            Trust::Trusted
        }
        // Below protocol 4 an object made with keyword arguments is written as a call of this.
        Kinship::OfTrusted if is_maker(named) => Trust::Trusted,
        Kinship::Stranger => standing.trust_of_stranger(named.first_call.is_some()),
        _ => Trust::Unknown,
    }
}

/// Whether it is the `__new__` of a class that is trusted whatever it is made with.
fn is_maker(named: &Named<'_>) -> bool {
    let name = named.spellings.last().map(Vec::as_slice);
    named.standing.owner_is_plain && name.is_some_and(|name| name.ends_with(b".__new__"))
}

/// Whether reading the member off its class can lead nowhere else.
fn is_plain_member(named: &Named<'_>) -> bool {
    let name = named.spellings.last().map(Vec::as_slice);
    let mut segments = name.unwrap_or_default().split(|&byte| byte == b'.');
    segments.all(|segment| !segment.starts_with(b"__") || INERT_MEMBERS.contains(&segment))
}
