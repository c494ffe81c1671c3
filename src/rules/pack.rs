//! Rules in the form in which they are embedded in the binary and looked up.
//!
//! A pack borrows from the bytes it was decoded from, so that opening the built-in one copies
//! neither names nor what is said of them. `build.rs` includes this file, too.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::load::{Document, Parsed, Problem, digest};
use super::pattern::{Pattern, PatternIndex};
use super::schema::{
    EffectSet, Judged, ModelFile, Modelled, Only, PackagesFile, Python2File, RegexText, Rule,
    TrustFile, Trusted, Usage, WeightsOnlyFile,
};
use super::table::{Entries, Strings, Table, number};
use crate::machine::model::Model;

/// A package that a trust pack or a file of models is about.
pub(crate) const COVERED: u32 = 0;
/// A package of which only the name is known.
pub(crate) const LISTED: u32 = 1;

/// Some rules, ready to be looked up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pack<'a> {
    /// SHA-256 of the files, as hexadecimal digits.
    #[serde(borrow)]
    pub(crate) digest: Cow<'a, str>,
    /// Prefixes that stand for others: the index of the other.
    #[serde(borrow)]
    pub(crate) aliases: Table<'a>,
    /// What the prefixes stand for.
    #[serde(borrow)]
    pub(crate) alias_targets: Strings<'a>,
    /// Names with a model.
    #[serde(borrow)]
    pub(crate) modelled: Table<'a>,
    /// Patterns with a model.
    #[serde(borrow)]
    pub(crate) patterns: PatternIndex<'a>,
    /// The models of both.
    #[serde(borrow)]
    pub(crate) models: Entries<'a, ModelEntry<'a>>,
    /// Trusted names.
    #[serde(borrow)]
    pub(crate) trusted: Table<'a>,
    /// What is known of trusted names.
    #[serde(borrow)]
    pub(crate) trust: Entries<'a, TrustEntry<'a>>,
    /// The libraries that the trusted names belong to.
    #[serde(borrow)]
    pub(crate) libraries: Vec<Library<'a>>,
    /// Top-level packages that the rules know: [`COVERED`] or [`LISTED`].
    #[serde(borrow)]
    pub(crate) packages: Table<'a>,
    /// What picklers write by themselves of packages that are only listed.
    pub(crate) named_by_picklers: Vec<RegexText>,
    /// Python 2 names, written `module name`: the index of Python 3's.
    #[serde(borrow)]
    pub(crate) python2_names: Table<'a>,
    /// Python 2 modules: the index of Python 3's.
    #[serde(borrow)]
    pub(crate) python2_modules: Table<'a>,
    /// Python 3 names, written `module name`, and modules.
    #[serde(borrow)]
    pub(crate) python3: Strings<'a>,
    /// What PyTorch's restricted unpickler may import; the numbers mean nothing.
    #[serde(borrow)]
    pub(crate) weights_only: Table<'a>,
    /// Classes whose objects it may give items; the numbers mean nothing.
    #[serde(borrow)]
    pub(crate) weights_only_mappings: Table<'a>,
    /// What is bad.
    pub(crate) rules: Vec<Rule>,
}

/// What is known of some callables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelEntry<'a> {
    /// What may come of calling them.
    pub(crate) effects: EffectSet,
    /// Whether naming them is already judged.
    pub(crate) judged: Judged,
    /// What the machine does when they are called.
    pub(crate) model: Option<Model>,
    /// What they do, for the reader; may be empty.
    #[serde(borrow)]
    pub(crate) note: Cow<'a, str>,
    /// Advisories and documentation, one a line; may be empty.
    #[serde(borrow)]
    pub(crate) references: Cow<'a, str>,
}

/// What is known of some trusted names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrustEntry<'a> {
    /// Index of the library.
    pub(crate) library: u32,
    /// Why, where it is another reason than the library's; may be empty.
    #[serde(borrow)]
    pub(crate) reason: Cow<'a, str>,
    /// As what they are trusted.
    pub(crate) usage: Usage,
    /// What every call must satisfy.
    pub(crate) only: Option<Only>,
}

impl TrustEntry<'_> {
    /// Where two entries disagree on a name, the one that trusts it less holds.
    fn strictness(&self) -> u8 {
        match (self.usage, &self.only) {
            (Usage::Data, _) => 2,
            (Usage::Any, Some(_)) => 1,
            (Usage::Any, None) => 0,
        }
    }
}

/// A library some of whose names are trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Library<'a> {
    /// Its name.
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    /// The versions that were looked at.
    #[serde(borrow)]
    pub(crate) versions: Cow<'a, str>,
    /// Why its names can be trusted.
    #[serde(borrow)]
    pub(crate) reason: Cow<'a, str>,
}

impl Pack<'static> {
    /// A pack of the documents.
    ///
    /// # Errors
    /// What no single file shows: two rules of one id, a condition in a place where it means nothing.
    pub(crate) fn new(documents: &[Document]) -> Result<Self, Vec<Problem>> {
        let mut builder = Builder::default();
        for document in documents {
            builder.add(document);
        }
        if builder.problems.is_empty() {
            Ok(builder.finish(digest(documents)))
        } else {
            Err(builder.problems)
        }
    }
}

/// A pack that is being put together.
#[derive(Default)]
struct Builder {
    aliases: BTreeMap<String, String>,
    modelled: BTreeMap<String, u32>,
    patterns: Vec<(Pattern, u32)>,
    models: Vec<ModelEntry<'static>>,
    trusted: BTreeMap<String, u32>,
    trust: Vec<TrustEntry<'static>>,
    libraries: Vec<Library<'static>>,
    packages: BTreeMap<String, u32>,
    named_by_picklers: Vec<RegexText>,
    python2: Python2File,
    weights_only: WeightsOnlyFile,
    rules: BTreeMap<String, Rule>,
    problems: Vec<Problem>,
}

impl Builder {
    fn add(&mut self, document: &Document) {
        match &document.parsed {
            Parsed::Models(file) => self.add_models(file),
            Parsed::Trust(file) => self.add_trust(document, file),
            Parsed::Python2(file) => self.python2 = file.clone(),
            Parsed::WeightsOnly(file) => self.weights_only = file.clone(),
            Parsed::Packages(file) => self.add_packages(file),
            Parsed::Detect(rule) => {
                if self
                    .rules
                    .insert(rule.id.clone(), (**rule).clone())
                    .is_some()
                {
                    let message = format!("another rule has the id `{}`", rule.id);
                    self.problems.push(document.problem(&rule.id, message));
                }
            }
        }
    }

    fn add_models(&mut self, file: &ModelFile) {
        self.packages.insert(file.package.clone(), COVERED);
        for alias in &file.aliases {
            let (from, to) = (alias.from.to_string(), alias.to.to_string());
            self.aliases.insert(from, to);
        }
        for (to, names) in &file.reexports {
            for from in names {
                // What is written by hand knows better.
                let alias = self.aliases.entry(from.clone());
                alias.or_insert_with(|| to.clone());
            }
        }
        for modelled in &file.entries {
            let index = number(self.models.len());
            self.models.push(model_entry(modelled));
            for symbol in &modelled.symbols {
                if !symbol.is_exact() {
                    self.patterns.push((symbol.clone(), index));
                    continue;
                }
                let known = self.modelled.get(symbol.as_str()).copied();
                let entry = match known {
                    Some(known) => self.merge(known, index),
                    None => index,
                };
                self.modelled.insert(symbol.to_string(), entry);
            }
        }
    }

    /// Two entries name the same symbol: the worse of both holds. The lint asks to write it once.
    fn merge(&mut self, first: u32, second: u32) -> u32 {
        let pair = (
            self.models.get(first as usize).cloned(),
            self.models.get(second as usize).cloned(),
        );
        let (Some(mut merged), Some(other)) = pair else {
            return first;
        };
        merged.effects = merged.effects.union(other.effects);
        if other.judged == Judged::Import {
            merged.judged = Judged::Import;
        }
        merged.model = merged.model.or(other.model);
        if merged.note.is_empty() {
            merged.note = other.note;
        }
        self.models.push(merged);
        number(self.models.len() - 1)
    }

    fn add_packages(&mut self, file: &PackagesFile) {
        for name in file.listed_packages.values().flatten() {
            self.packages.entry(name.clone()).or_insert(LISTED);
        }
        self.named_by_picklers
            .extend(file.named_by_picklers.iter().cloned());
    }

    fn add_trust(&mut self, document: &Document, file: &TrustFile) {
        let library = number(self.libraries.len());
        self.libraries.push(Library {
            name: Cow::Owned(file.library.clone()),
            versions: Cow::Owned(file.versions.clone()),
            reason: Cow::Owned(file.reason.clone()),
        });
        let covered = file.packages.iter().map(|name| (name.clone(), COVERED));
        self.packages.extend(covered);
        for trusted in &file.entries {
            for name in trusted.modules.iter().chain(&trusted.names) {
                if !name.is_exact() {
                    let message = format!("trust is exact, but `{name}` is a pattern");
                    self.problems.push(document.problem(name.as_str(), message));
                }
            }
            let positions = trusted
                .only
                .iter()
                .flat_map(|only| only.arguments.values().chain(only.state.values()));
            if positions
                .filter(|condition| condition.position.is_some())
                .count()
                > 0
            {
                let message = "`position` is the key of the condition here".to_owned();
                self.problems.push(document.problem("position", message));
            }
            self.add_trusted(library, trusted);
        }
    }

    fn add_trusted(&mut self, library: u32, trusted: &Trusted) {
        let index = number(self.trust.len());
        let entry = TrustEntry {
            library,
            reason: Cow::Owned(trusted.reason.clone()),
            usage: trusted.usage,
            only: trusted.only.clone(),
        };
        for module in &trusted.modules {
            for name in &trusted.names {
                let symbol = format!("{module}.{name}");
                let known = self.trusted.get(&symbol).copied();
                let stricter = known
                    .and_then(|known| self.trust.get(known as usize))
                    .is_some_and(|known| known.strictness() >= entry.strictness());
                if !stricter {
                    self.trusted.insert(symbol, index);
                }
            }
        }
        self.trust.push(entry);
    }

    fn finish(self, digest: String) -> Pack<'static> {
        let names = self.python2.names.len();
        let python3 = self
            .python2
            .names
            .values()
            .chain(self.python2.modules.values());
        Pack {
            digest: Cow::Owned(digest),
            alias_targets: self.aliases.values().collect(),
            aliases: numbered(self.aliases.keys(), 0),
            modelled: Table::new(&self.modelled),
            patterns: PatternIndex::new(&self.patterns),
            models: Entries::Held(self.models),
            trusted: Table::new(&self.trusted),
            trust: Entries::Held(self.trust),
            libraries: self.libraries,
            packages: Table::new(&self.packages),
            named_by_picklers: self.named_by_picklers,
            python3: python3.collect(),
            python2_names: numbered(self.python2.names.keys(), 0),
            python2_modules: numbered(self.python2.modules.keys(), names),
            weights_only: listed(&self.weights_only.symbols),
            weights_only_mappings: listed(&self.weights_only.mappings),
            rules: self.rules.into_values().collect(),
        }
    }
}

/// A table in which each key has its own index, counted from `first`.
fn numbered<'k>(keys: impl Iterator<Item = &'k String>, first: usize) -> Table<'static> {
    let pairs = keys.enumerate();
    Table::new(
        &pairs
            .map(|(index, key)| (key.clone(), number(first + index)))
            .collect(),
    )
}

/// A table that only says whether a name is listed.
fn listed(names: &[Pattern]) -> Table<'static> {
    let names: BTreeSet<String> = names.iter().map(Pattern::to_string).collect();
    numbered(names.iter(), 0)
}

fn model_entry(modelled: &Modelled) -> ModelEntry<'static> {
    let harmless = |effect| EffectSet::HARMLESS.contains(effect);
    let default = if modelled.effects.iter().all(harmless) {
        Judged::Call
    } else {
        Judged::Import
    };
    ModelEntry {
        effects: modelled.effects.iter().copied().collect(),
        judged: modelled.judged.unwrap_or(default),
        model: modelled.does.clone().map(Model::from),
        note: Cow::Owned(modelled.note.clone()),
        references: Cow::Owned(modelled.references.join("\n")),
    }
}
