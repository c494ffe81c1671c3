//! Whether `torch.load(weights_only=True)` reads an input, asked pickle by pickle.

use super::member::PickleMember;
use crate::{
    container::Host,
    facts::Facts,
    rules::{Ruleset, WeightsOnly},
};

/// Adds what a stream of a file of PyTorch says to the question; other files leave it unasked.
///
/// Pickles inside a pickle, or in an archive inside the input, are not what `torch.load` reads.
pub(super) fn ask(
    ruleset: &Ruleset,
    pickle: &PickleMember,
    facts: &Facts,
    answer: &mut Option<WeightsOnly>,
) {
    let names = pickle.path.names();
    match pickle.host {
        Host::Torch if names.len() == 1 => {
            let found = answer.get_or_insert_default();
            let scripted = |name: &Vec<u8>| name.ends_with(b"/constants.pkl");
            if names.last().is_some_and(scripted) {
                found.because.insert("it is a TorchScript archive");
            } else {
                ruleset.weigh(facts, found);
            }
        }
        Host::TorchLegacy if names.is_empty() => {
            ruleset.weigh(facts, answer.get_or_insert_default());
        }
        Host::TorchStorages | Host::TorchTensors if names.len() == 1 => {
            let found = answer.get_or_insert_default();
            found.because.insert("it is a tar archive of torch 0.1");
        }
        _ => {}
    }
}
