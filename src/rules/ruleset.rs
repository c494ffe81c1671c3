//! The rules of a run: the built-in ones and, before them, the user's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::condition::FactKinds;
use super::load::{self, Document, Problem, hexadecimal};
use super::pack::Pack;
use super::schema::{EffectSet, Rule};
use crate::machine::model::{Behaviour, Knowledge};
use sha2::{Digest, Sha256};

/// The built-in rules, written by `build.rs`.
static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));

/// How often an alias may lead to another: longer chains are mistakes, and circles would not end.
const MAX_ALIASES: usize = 8;

/// Rules, ready to judge.
#[derive(Clone, Debug)]
pub struct Ruleset {
    /// The packs, the most important first.
    pub(super) packs: Vec<Pack<'static>>,
    /// The detect rules in the order of their ids.
    pub(super) rules: Vec<Arc<Rule>>,
    /// The same in the order in which they are asked, with the facts that they need.
    pub(super) asked: Vec<(FactKinds, Arc<Rule>)>,
    digest: String,
}

/// Why rules cannot be used: the author's fault.
#[derive(Debug, thiserror::Error)]
#[error("{}", shown(.problems))]
pub struct RulesError {
    /// Everything that is wrong with them.
    pub problems: Vec<Problem>,
}

fn shown(problems: &[Problem]) -> String {
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    shown.join("\n")
}

impl Ruleset {
    /// The rules in the binary.
    pub fn builtin() -> &'static Self {
        static RULESET: OnceLock<Ruleset> = OnceLock::new();
        RULESET.get_or_init(|| Self::of(vec![builtin_pack()]))
    }

    /// The built-in rules and those at the given paths, files or folders. A detect rule replaces
    /// the built-in one of the same id; what is said of a name by its exact spelling replaces what
    /// the built-in rules say of it.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub fn with(paths: &[PathBuf]) -> Result<Self, RulesError> {
        let mut documents = Vec::new();
        let mut problems = Vec::new();
        for path in paths {
            match load::read(path) {
                Ok(read) => documents.extend(read),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(RulesError { problems });
        }
        let pack = Pack::new(&documents).map_err(|problems| RulesError { problems })?;
        Ok(Self::of(vec![pack, builtin_pack()]))
    }

    /// Only the rules of the given documents.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn only(documents: &[Document]) -> Result<Self, RulesError> {
        let pack = Pack::new(documents).map_err(|problems| RulesError { problems })?;
        Ok(Self::of(vec![pack]))
    }

    fn of(mut packs: Vec<Pack<'static>>) -> Self {
        let mut rules = BTreeMap::new();
        for pack in packs.iter_mut().rev() {
            for rule in std::mem::take(&mut pack.rules) {
                rules.insert(rule.id.clone(), Arc::new(rule));
            }
        }
        let rules: Vec<Arc<Rule>> = rules.into_values().collect();
        // Rules about unknown names come last: they are for what no other rule has found.
        let (late, early): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.when.asks_trust());
        let asked = early.into_iter().chain(late);
        Self {
            digest: joined_digest(&packs),
            asked: asked
                .map(|rule| (rule.when.needs(), Arc::clone(rule)))
                .collect(),
            rules,
            packs,
        }
    }

    /// The detect rules in the order of their ids.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The detect rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// What may come of calling a name, as far as models tell.
    pub fn effects(&self, symbol: &[u8]) -> EffectSet {
        self.standing(symbol).effects()
    }

    /// SHA-256 of the rule files, as 64 hexadecimal digits: two runs with the same digest judge
    /// alike.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The spellings of a name: as it is, then with one alias after the other replaced.
    pub(super) fn spellings<'s>(&self, symbol: &'s [u8]) -> Vec<Cow<'s, [u8]>> {
        let mut spellings = vec![Cow::Borrowed(symbol)];
        while spellings.len() <= MAX_ALIASES {
            let replaced = spellings.last().and_then(|last| self.replaced(last));
            match replaced {
                Some(name) if !spellings.iter().any(|known| **known == *name) => {
                    spellings.push(Cow::Owned(name));
                }
                _ => break,
            }
        }
        spellings
    }

    /// The name with its longest aliased prefix replaced.
    fn replaced(&self, symbol: &[u8]) -> Option<Vec<u8>> {
        for prefix in prefixes(symbol) {
            for pack in &self.packs {
                let target = pack.aliases.get(prefix);
                if let Some(target) =
                    target.and_then(|target| pack.alias_targets.get(target as usize))
                {
                    let rest = symbol.get(prefix.len()..).unwrap_or_default();
                    return Some([target, rest].concat());
                }
            }
        }
        None
    }
}

/// The built-in rules, decoded.
fn builtin_pack() -> Pack<'static> {
    match postcard::from_bytes(BUILTIN) {
        Ok(pack) => pack,
        // The bytes were encoded from this very type by the build of this very binary.
        Err(error) => unreachable!("the embedded rules cannot be decoded: {error}"),
    }
}

fn joined_digest(packs: &[Pack<'_>]) -> String {
    match packs {
        [pack] => pack.digest.to_string(),
        _ => {
            let mut hasher = Sha256::new();
            for pack in packs {
                hasher.update(pack.digest.as_bytes());
            }
            hexadecimal(&hasher.finalize())
        }
    }
}

/// The name, then without its last segment, and so on down to the first segment. Names with more
/// segments than any real one has have no prefixes: looking each of them up would cost the square.
pub(super) fn prefixes(symbol: &[u8]) -> impl Iterator<Item = &[u8]> {
    let fits = super::pattern::segments(symbol).is_some();
    let first = fits.then_some(symbol);
    std::iter::successors(first, |prefix| {
        let dot = prefix.iter().rposition(|&byte| byte == b'.')?;
        prefix.get(..dot)
    })
}

impl Knowledge for Ruleset {
    fn python3_name(&self, module: &[u8], name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        for pack in &self.packs {
            let key = [module, b" ", name].concat();
            let target = |index: u32| pack.python3.get(index as usize);
            if let Some(mapped) = pack.python2_names.get(&key).and_then(target) {
                let space = mapped.iter().position(|&byte| byte == b' ')?;
                let (module, name) = mapped.split_at_checked(space)?;
                return Some((module.to_vec(), name.get(1..)?.to_vec()));
            }
            if let Some(mapped) = pack.python2_modules.get(module).and_then(target) {
                return Some((mapped.to_vec(), name.to_vec()));
            }
        }
        None
    }

    fn behaviour(&self, symbol: &[u8]) -> Behaviour<'_> {
        let standing = self.standing(symbol);
        Behaviour {
            model: standing.model.and_then(|entry| entry.model.as_ref()),
            plain: standing.is_plain(),
            conditional: standing.is_conditional(),
        }
    }
}
