//! Whether PyTorch's restricted unpickler, `torch.load(weights_only=True)`, reads a stream.

use std::collections::BTreeSet;

use super::ruleset::Ruleset;
use crate::facts::{Argument, ChangeKind, End, Facts, Symbol, Target};

/// Names that are listed before the rest is left out.
const MAX_NAMES: usize = 100;

/// What the restricted unpickler does not read in a file; nothing of it where it accepts the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightsOnly {
    /// Globals that it does not allow, sorted: the first hundred.
    pub lacks: BTreeSet<String>,
    /// Other reasons, sorted.
    pub because: BTreeSet<&'static str>,
}

impl WeightsOnly {
    /// Whether it reads the file.
    pub fn accepts(&self) -> bool {
        self.lacks.is_empty() && self.because.is_empty()
    }
}

impl Ruleset {
    /// Adds what the restricted unpickler does not read in a stream.
    pub fn weigh(&self, facts: &Facts, found: &mut WeightsOnly) {
        let imports = facts.imports.iter().filter(|import| !import.resolved);
        for import in imports {
            match &import.symbol {
                Some(symbol) if self.in_weights(symbol) => {}
                Some(symbol) if found.lacks.len() < MAX_NAMES => {
                    found.lacks.insert(shown(symbol));
                }
                Some(_) => {}
                None => {
                    found.because.insert("it imports a name that it computes");
                }
            }
            if import.place.opcode != "GLOBAL" {
                found.because.insert("it imports otherwise than by GLOBAL");
            }
        }
        found.because.extend(self.further_reasons(facts));
    }

    fn in_weights(&self, symbol: &Symbol) -> bool {
        let dotted = symbol.dotted();
        let mut packs = self.packs.iter();
        packs.any(|pack| pack.weights_only.get(&dotted).is_some())
    }

    fn further_reasons(&self, facts: &Facts) -> Vec<&'static str> {
        let called = |target: &Target| matches!(target, Target::Import(_));
        let filled = |target: &Target| {
            let symbol = target.symbol().map(Symbol::dotted);
            let is_mapping = |symbol: Vec<u8>| {
                let mut packs = self.packs.iter();
                packs.any(|pack| pack.weights_only_mappings.get(&symbol).is_some())
            };
            !matches!(target, Target::Import(_)) && symbol.is_some_and(is_mapping)
        };
        let mut mutated = facts.changes.iter();
        let reasons = [
            (
                !(2..=3).contains(&facts.protocol),
                "its protocol is neither 2 nor 3",
            ),
            (facts.end != End::Stop, "it does not end as a pickle does"),
            (
                facts.calls.iter().any(|call| !called(&call.callee)),
                "it calls something that is no import",
            ),
            (
                mutated.any(|change| change.kind == ChangeKind::Mutate && !filled(&change.target)),
                "it fills something that is no list or dict",
            ),
            (
                !facts.persistent.iter().all(|(_, id)| is_storage(id)),
                "it refers to something outside that is no storage",
            ),
            (
                !facts.extensions.is_empty(),
                "it uses the extension registry",
            ),
            (!facts.buffers.is_empty(), "it needs out-of-band buffers"),
        ];
        let holding = reasons.into_iter().filter(|(holds, _)| *holds);
        holding.map(|(_, reason)| reason).collect()
    }
}

/// Whether a persistent id is one that PyTorch writes: a number, or a tuple that begins with the
/// word `storage`.
fn is_storage(id: &Argument) -> bool {
    match id {
        Argument::Int(_) => true,
        Argument::Tuple(parts) => parts
            .first()
            .and_then(super::value::literal)
            .is_some_and(|word| word == "storage"),
        _ => false,
    }
}

fn shown(symbol: &Symbol) -> String {
    String::from_utf8_lossy(&symbol.dotted()).into_owned()
}
