//! The rules as their authors write them: one type for each kind of YAML file.
//!
//! Everything is strict: an unknown key is an error, so that a misspelt condition cannot turn a
//! rule off. `build.rs` includes this file, too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize};

use super::pattern::Pattern;
use super::verbs::Does;

/// A file of `rules/models`: what callables do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelFile {
    /// The distribution that owns the names.
    pub package: String,
    /// The versions that were looked at.
    #[serde(default)]
    pub versions: String,
    /// Other spellings of the same objects.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// The same, as `rules/grow/reexports.py` writes them: each object and its other names.
    #[serde(default)]
    pub reexports: BTreeMap<String, Vec<String>>,
    /// What is known, in any order.
    #[serde(default)]
    pub entries: Vec<Modelled>,
}

/// A prefix of names that stands for another.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Alias {
    /// The prefix, in whole segments.
    pub from: Pattern,
    /// What replaces it.
    pub to: Pattern,
}

/// What some callables do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Modelled {
    /// Which callables.
    pub symbols: Vec<Pattern>,
    /// What may come of calling them.
    pub effects: Vec<Effect>,
    /// What the machine shall do when they are called.
    pub does: Option<Does>,
    /// Whether naming them is already judged.
    pub judged: Option<Judged>,
    /// What they do, for the reader of a finding.
    #[serde(default)]
    pub note: String,
    /// Advisories and documentation.
    #[serde(default)]
    pub references: Vec<String>,
}

// Turns each row `Variant = "kebab-name"` into a variant and its name in rules and on screen.
macro_rules! effects {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What may come of calling something.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Effect { $($(#[$doc])* $variant,)* }

        impl Effect {
            /// Every effect.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in rules.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

// The worst first: a finding about a name with several effects is about the first of them.
effects! {
    /// Starts another program.
    StartProcess = "start-process";
    /// Runs Python code that it is given.
    RunCode = "run-code";
    /// Loads machine code.
    LoadNative = "load-native";
    /// Loads a pickle or another format that can run code.
    LoadPickle = "load-pickle";
    /// Imports a module by name.
    ImportModule = "import-module";
    /// Talks to a network.
    Network = "network";
    /// Writes a file.
    WriteFile = "write-file";
    /// Deletes a file.
    DeleteFile = "delete-file";
    /// Reads a file.
    ReadFile = "read-file";
    /// Registers something to be called or found later.
    Register = "register";
    /// Changes state of the whole process.
    ChangeState = "change-state";
    /// Reveals the environment or the inner parts of objects.
    Introspect = "introspect";
    /// Reads an attribute by name.
    ReadAttribute = "read-attribute";
    /// Calls something that it is given.
    CallArgument = "call-argument";
    /// Costs time or memory without bound.
    UnboundedWork = "unbounded-work";
    /// Computes text or bytes.
    BuildText = "build-text";
    /// Builds a value and nothing else.
    Inert = "inert";
}

/// A set of effects.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectSet(u32);

impl EffectSet {
    /// Effects that do no harm by themselves: naming such a callable is not judged by default.
    pub const HARMLESS: &[Effect] = &[Effect::BuildText, Effect::Inert];

    /// Whether any effect is in both.
    pub fn meets(self, effects: &[Effect]) -> bool {
        effects
            .iter()
            .any(|effect| self.0 & (1 << *effect as u32) != 0)
    }

    /// The effects of either.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The effects in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Effect> {
        Effect::ALL
            .iter()
            .copied()
            .filter(move |effect| self.meets(&[*effect]))
    }
}

impl FromIterator<Effect> for EffectSet {
    fn from_iter<I: IntoIterator<Item = Effect>>(effects: I) -> Self {
        Self(
            effects
                .into_iter()
                .fold(0, |set, effect| set | 1 << effect as u32),
        )
    }
}

/// When a callable is judged.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// When it is named.
    Import,
    /// When it is called, by what it is called with; naming it is trusted.
    Call,
}

/// A file of `rules/trust`: what is trusted.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustFile {
    /// The library, as people call it.
    pub library: String,
    /// Top-level packages that the file covers.
    pub packages: Vec<String>,
    /// The versions that were looked at.
    pub versions: String,
    /// Why its names can be trusted.
    pub reason: String,
    /// The names.
    pub entries: Vec<Trusted>,
}

/// Some trusted names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trusted {
    /// Modules that hold them; each name is trusted in each module.
    pub modules: Vec<Pattern>,
    /// Qualified names, never patterns: trust is exact.
    pub names: Vec<Pattern>,
    /// Why, where it is another reason than the file's.
    #[serde(default)]
    pub reason: String,
    /// As what they are trusted.
    #[serde(default, rename = "use")]
    pub usage: Usage,
    /// What every call must satisfy.
    pub only: Option<Only>,
}

/// As what a name is trusted.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// It may be named, called, instantiated and given a state.
    #[default]
    Any,
    /// It may be named; nothing may call it.
    Data,
}

/// What every call and state of a trusted name must satisfy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Only {
    /// What the arguments must be.
    #[serde(default)]
    pub arguments: BTreeMap<Position, ArgumentCondition>,
    /// How many arguments there must be.
    pub min_arguments: Option<u8>,
    /// How many arguments there may be.
    pub max_arguments: Option<u8>,
    /// What the keys of a state may be: each must match one of these.
    #[serde(default)]
    pub state_keys: Vec<RegexText>,
    /// Of which classes the objects may be that stand in a state that is a pair, beside its dict.
    #[serde(default)]
    pub state_objects: Vec<Pattern>,
    /// What the values under some keys of a state must be.
    #[serde(default)]
    pub state: BTreeMap<String, ArgumentCondition>,
}

impl Only {
    /// Whether every call satisfies it.
    pub fn asks_nothing_of_arguments(&self) -> bool {
        self.arguments.is_empty() && self.min_arguments.is_none() && self.max_arguments.is_none()
    }
}

/// Which arguments a condition is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Position {
    /// The argument at a position, from 0.
    At(u8),
    /// All arguments at positions that are not mentioned.
    Rest,
    /// Any argument, and whatever lies inside it.
    Any,
}

impl TryFrom<String> for Position {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "rest" => Ok(Self::Rest),
            "any" => Ok(Self::Any),
            _ => text.parse().map(Self::At).map_err(|_| {
                format!("`{text}` is no position: give a number from 0 to 255, `rest` or `any`")
            }),
        }
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        match position {
            Position::At(number) => number.to_string(),
            Position::Rest => "rest".to_owned(),
            Position::Any => "any".to_owned(),
        }
    }
}

/// What a value must be. Every key that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ArgumentCondition {
    /// Which arguments; only in `call.argument`.
    pub position: Option<Position>,
    /// A container is looked into: everything inside must satisfy the condition, and the container
    /// itself need not.
    #[serde(default)]
    pub inside: bool,
    /// Of one of these types.
    #[serde(default, rename = "type")]
    pub types: Vec<ValueType>,
    /// Text or bytes that match as a whole; bytes are read as Latin-1.
    pub pattern: Option<RegexText>,
    /// An import (or, where `type` says so, an instance) of one of these symbols.
    #[serde(default)]
    pub symbol: Vec<Pattern>,
    /// An import with one of these effects.
    #[serde(default)]
    pub effect: Vec<Effect>,
    /// An import that is trusted in this way.
    pub trust: Option<Trust>,
}

/// The types that a value may have.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    /// `str`.
    Text,
    /// `bytes`.
    Bytes,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `bool`.
    Bool,
    /// `None`.
    None,
    /// `tuple`.
    Tuple,
    /// `list`.
    List,
    /// `dict`.
    Dict,
    /// `set` or `frozenset`.
    Set,
    /// An import without a model: a class, as far as the rules know.
    Class,
    /// An import.
    Import,
    /// A module.
    Module,
    /// An instance of a class, or the result of a call.
    Instance,
    /// An object that the host's `persistent_load` returns.
    Persistent,
    /// Something from the extension registry.
    Extension,
    /// An out-of-band buffer.
    Buffer,
    /// Not known.
    Unknown,
}

/// How bad a finding is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Said, not judged.
    Info,
    /// `unfamiliar`.
    Low,
    /// `suspicious`.
    Medium,
    /// `dangerous`.
    High,
    /// `dangerous`, and as bad as it gets.
    Critical,
}

impl Severity {
    /// The name in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How far a name is trusted, best first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Known to do no harm in the way it is used.
    Trusted,
    /// Of a package that the rules do not know.
    Unfamiliar,
    /// Inside a package that the rules know, but not listed, or used in a way that is not.
    Unknown,
    /// Known to do harm.
    Dangerous,
}

impl Trust {
    /// The name in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Unfamiliar => "unfamiliar",
            Self::Unknown => "unknown",
            Self::Dangerous => "dangerous",
        }
    }
}

/// How sure a rule is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Honest files match, too.
    Low,
    /// Honest files match in rare cases.
    Medium,
    /// No honest file is known that matches.
    High,
}

impl Confidence {
    /// The name in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A file of `rules/detect`: what is bad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// The identity, which is the file's name, too.
    pub id: String,
    /// What it finds, in a few words.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// `security` and weakness classes (CWE).
    #[serde(default)]
    pub tags: Vec<String>,
    /// What would happen, with placeholders.
    pub message: String,
    /// Why it is bad.
    pub why: String,
    /// What to do about it.
    pub what_to_do: String,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<String>,
    /// When it matches.
    pub when: super::condition::Condition,
    /// Samples of the corpus that it must and must not match.
    #[serde(default)]
    pub examples: Examples,
}

/// Samples of the corpus, as paths below `corpus/` without extension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Examples {
    /// The rule matches these.
    #[serde(default, rename = "match")]
    pub matching: Vec<String>,
    /// The rule does not match these.
    #[serde(default)]
    pub no_match: Vec<String>,
}

/// The file `python2.yml`: names that Python 3 maps below protocol 3.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Python2File {
    /// The Python versions whose tables these are.
    pub python2_versions: String,
    /// `module.name` to `module.name`.
    pub names: BTreeMap<String, String>,
    /// Module to module, where the name is not mapped.
    pub modules: BTreeMap<String, String>,
}

/// The file `packages.yml`: packages that the rules know by name alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackagesFile {
    /// The packages, by what they are for.
    pub listed_packages: BTreeMap<String, Vec<String>>,
    /// What the last part of a name in them is where picklers write it by themselves: a class, or
    /// a function that rebuilds something.
    #[serde(default)]
    pub named_by_picklers: Vec<RegexText>,
}

/// The file `weights-only.yml`: what PyTorch's restricted unpickler allows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WeightsOnlyFile {
    /// The versions of PyTorch whose list this is.
    pub weights_only_versions: String,
    /// What may be imported and called.
    pub symbols: Vec<Pattern>,
    /// Classes whose objects may be given items.
    pub mappings: Vec<Pattern>,
}

/// A regular expression, compiled when it is first asked.
#[derive(Clone, Serialize)]
#[serde(into = "String")]
pub struct RegexText {
    text: String,
    /// Matches the whole of a text.
    whole: OnceLock<Option<Regex>>,
    /// Matches anywhere in a text.
    search: OnceLock<Option<Regex>>,
}

/// Bytes that one compiled expression may take. Stops `(a{1000}){1000}` in a rule file.
const REGEX_SIZE: usize = 1 << 20;

impl RegexText {
    /// Checks the expression.
    ///
    /// # Errors
    /// What is wrong with it, for the author of the rule.
    pub fn new(text: &str) -> Result<Self, String> {
        compile(text).map_err(|error| {
            // The error draws the expression over several lines; the last one says what is wrong.
            let drawn = error.to_string();
            let reason = drawn.lines().last().unwrap_or_default();
            format!(
                "`{text}` is no regular expression: {}",
                reason.trim_start_matches("error: ")
            )
        })?;
        Ok(Self::unchecked(text.to_owned()))
    }

    fn unchecked(text: String) -> Self {
        Self {
            text,
            whole: OnceLock::new(),
            search: OnceLock::new(),
        }
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether all of the text matches.
    pub fn matches_whole(&self, text: &str) -> bool {
        // Anchored from outside: the leftmost match of `a|ab` in `ab` is only `a`.
        let compile_whole = || compile(&format!(r"\A(?:{})\z", self.text)).ok();
        let regex = self.whole.get_or_init(compile_whole);
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Whether the expression is found anywhere in the text.
    pub fn found_in(&self, text: &str) -> bool {
        let regex = self.search.get_or_init(|| compile(&self.text).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).build()
}

impl From<RegexText> for String {
    fn from(regex: RegexText) -> Self {
        regex.text
    }
}

impl PartialEq for RegexText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for RegexText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

// Compiled where a person wrote it; of the built-in rules only those that are asked for.
impl<'de> Deserialize<'de> for RegexText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = deserializer.is_human_readable();
        let text = String::deserialize(deserializer)?;
        if written {
            Self::new(&text).map_err(serde::de::Error::custom)
        } else {
            Ok(Self::unchecked(text))
        }
    }
}
