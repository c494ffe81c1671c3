//! What the rules know of one name, whatever the stream does with it.

use super::pack::{LISTED, ModelEntry, Pack, TrustEntry};
use super::ruleset::{Ruleset, prefixes};
use super::schema::{EffectSet, Judged, Only, Trust, Usage};
use super::table::Entries;
use crate::machine::model::Model;
use serde::Deserialize;

/// What is known of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'r> {
    /// Its model, or that of what it is a member of.
    pub model: Option<&'r ModelEntry<'static>>,
    /// Its trust.
    pub trust: Option<&'r TrustEntry<'static>>,
    /// Whether, in a package that is only listed, it is a kind of name that picklers write.
    pub named_by_picklers: bool,
    /// How it belongs to what is known.
    pub kinship: Kinship,
    /// Whether its top-level package is one that the rules know.
    pub package: Package,
    /// Whether its model is that of a pattern.
    pub by_pattern: bool,
    /// Whether what it is a member of is trusted without conditions on its arguments.
    pub owner_is_plain: bool,
}

/// What is known of a top-level package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Package {
    /// Nothing: it may be the author's own project.
    Unknown,
    /// It is a library that people install; its names were not looked at.
    Listed,
    /// A trust pack or a file of models is about it.
    Covered,
}

/// The model and the trust of a name.
type Known<'r> = (
    Option<&'r ModelEntry<'static>>,
    Option<&'r TrustEntry<'static>>,
);

/// How a name belongs to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinship {
    /// The name itself is known.
    Itself,
    /// It is a member of something harmful, such as `builtins.eval.__call__`.
    OfHarmful,
    /// It is a member of something trusted, and not known itself.
    OfTrusted,
    /// Nothing is known.
    Stranger,
}

impl Standing<'_> {
    /// Whether naming it is already judged.
    pub(super) fn is_harmful(&self) -> bool {
        self.model
            .is_some_and(|model| model.judged == Judged::Import)
    }

    /// Whether a model says what it does, and not only where it keeps bytes.
    pub(super) fn is_modelled(&self) -> bool {
        self.model.is_some_and(|model| !only_holds(model))
    }

    /// Whether its calls and instances are of no further interest.
    pub(super) fn is_plain(&self) -> bool {
        let unconditional =
            |entry: &TrustEntry<'_>| entry.usage == Usage::Any && entry.only.is_none();
        !self.is_modelled()
            && self.kinship == Kinship::Itself
            && self.trust.is_some_and(unconditional)
    }

    /// Whether each of its calls must satisfy conditions.
    pub(super) fn is_conditional(&self) -> bool {
        self.trust.is_some_and(|entry| entry.only.is_some())
    }

    /// How far the name, of which nothing is known, is trusted for its package alone. Authors keep
    /// instances of the classes of any library; few of its functions are what a pickler calls.
    pub(super) fn trust_of_stranger(&self, called: bool) -> Trust {
        match self.package {
            Package::Unknown => Trust::Unfamiliar,
            Package::Listed if self.named_by_picklers || !called => Trust::Unfamiliar,
            Package::Listed | Package::Covered => Trust::Unknown,
        }
    }

    /// What may come of calling it.
    pub(super) fn effects(&self) -> EffectSet {
        self.model.map(|model| model.effects).unwrap_or_default()
    }
}

impl Ruleset {
    /// What is known of a name. An exact entry comes before a pattern, a model before trust, the
    /// spelling in the file before what its aliases lead to.
    pub(super) fn standing(&self, symbol: &[u8]) -> Standing<'_> {
        self.standing_of(&self.spellings(symbol))
    }

    /// What is known of a name with these spellings.
    pub(super) fn standing_of<N: AsRef<[u8]>>(&self, spellings: &[N]) -> Standing<'_> {
        let packages = spellings.iter().map(|name| self.package(name.as_ref()));
        let package = packages.max().unwrap_or(Package::Unknown);
        let exact = self.exact(spellings);
        let (model, trust) = exact.unwrap_or_default();
        let mut standing = Standing {
            model,
            trust,
            kinship: Kinship::Itself,
            package,
            named_by_picklers: false,
            by_pattern: false,
            owner_is_plain: false,
        };
        if exact.is_some() {
            return standing;
        }
        let patterns = spellings
            .iter()
            .filter_map(|name| self.by_pattern(name.as_ref()));
        if let Some((_, model)) = patterns.max_by_key(|(literal, _)| *literal) {
            standing.model = Some(model);
            standing.by_pattern = true;
            return standing;
        }
        let (kinship, model) = spellings
            .last()
            .map_or((Kinship::Stranger, None), |name| self.kin(name.as_ref()));
        Standing {
            kinship,
            model,
            named_by_picklers: package == Package::Listed && self.named_by_picklers(spellings),
            owner_is_plain: kinship == Kinship::OfTrusted && self.owner_is_plain(spellings),
            ..standing
        }
    }

    /// Whether the class that a name is a member of is trusted, whatever it is made with.
    fn owner_is_plain<N: AsRef<[u8]>>(&self, spellings: &[N]) -> bool {
        let name = spellings.last().map(AsRef::as_ref);
        let owner = name.and_then(|name| prefixes(name).nth(1));
        let trust = owner.and_then(|owner| self.exact(&[owner])?.1);
        trust.is_some_and(|entry| {
            let only = entry.only.as_ref();
            entry.usage == Usage::Any && only.is_none_or(Only::asks_nothing_of_arguments)
        })
    }

    /// Whether the last part of a name is what a pack says that picklers write.
    fn named_by_picklers<N: AsRef<[u8]>>(&self, spellings: &[N]) -> bool {
        let name = spellings.last().map(AsRef::as_ref).unwrap_or_default();
        let last = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
        let Ok(last) = std::str::from_utf8(last) else {
            return false;
        };
        let packs = self.packs.iter();
        let mut patterns = packs.flat_map(|pack| &pack.named_by_picklers);
        patterns.any(|pattern| pattern.matches_whole(last))
    }

    /// The model and the trust that spell out the name, of the first pack that has either.
    fn exact<N: AsRef<[u8]>>(&self, spellings: &[N]) -> Option<Known<'_>> {
        self.packs.iter().find_map(|pack| {
            let names = || spellings.iter().map(AsRef::as_ref);
            let model = names().find_map(|name| lookup(pack.modelled.get(name), &pack.models));
            let trust = names().find_map(|name| lookup(pack.trusted.get(name), &pack.trust));
            (model.is_some() || trust.is_some()).then_some((model, trust))
        })
    }

    /// The model of the most specific pattern, of the first pack that has one, and how many
    /// characters the pattern spells out.
    fn by_pattern(&self, name: &[u8]) -> Option<(usize, &ModelEntry<'static>)> {
        self.packs.iter().find_map(|pack| {
            let (literal, index) = pack.patterns.best(name)?;
            Some((literal, lookup(Some(index), &pack.models)?))
        })
    }

    /// How an unknown name belongs to the nearest known thing that it is a member of.
    fn kin(&self, name: &[u8]) -> (Kinship, Option<&ModelEntry<'static>>) {
        for owner in prefixes(name).skip(1) {
            let exact = self.exact(&[owner]);
            let model = match exact {
                Some((model, _)) => model.filter(|model| !only_holds(model)),
                None => self.by_pattern(owner).map(|(_, model)| model),
            };
            match (model, exact) {
                (Some(model), _) if model.judged == Judged::Import => {
                    return (Kinship::OfHarmful, Some(model));
                }
                (None, Some(_)) => return (Kinship::OfTrusted, None),
                (Some(_), _) => return (Kinship::Stranger, None),
                (None, None) => {}
            }
        }
        (Kinship::Stranger, None)
    }

    /// Whether any pack knows the top-level package of a name.
    pub fn knows_package(&self, name: &[u8]) -> bool {
        self.package(name) != Package::Unknown
    }

    /// What the packs know of the top-level package of a name.
    fn package(&self, name: &[u8]) -> Package {
        let package = name.split(|&byte| byte == b'.').next().unwrap_or_default();
        let known = |pack: &Pack<'_>| match pack.packages.get(package)? {
            LISTED => Some(Package::Listed),
            _ => Some(Package::Covered),
        };
        let known = self.packs.iter().filter_map(known).max();
        known.unwrap_or(Package::Unknown)
    }
}

/// Whether a model says no more than where bytes are, which leaves the name to trust.
fn only_holds(entry: &ModelEntry<'_>) -> bool {
    matches!(entry.model, Some(Model::HoldBytes { .. })) && entry.judged == Judged::Call
}

fn lookup<'e, T: Deserialize<'static>>(
    index: Option<u32>,
    entries: &'e Entries<'static, T>,
) -> Option<&'e T> {
    entries.get(index? as usize)
}
