//! Files in which joblib before 0.10 keeps the arrays of a pickle, one for each, beside it.
//!
//! The pickle names them, and loading it reads them with `numpy.load`, for which a file that is no
//! array is a pickle. Each is an input of its own, whatever it is called; where one is not among
//! the inputs, something that the loader reads was not looked at.

use std::{
    collections::{BTreeSet, HashSet},
    path::{Component, Path, PathBuf},
    sync::OnceLock,
};

use super::{analyse::Analysed, walk::Input};
use crate::{
    container::joblib,
    facts::{Argument, ChangeFact, ChangeKind},
    report::paths::normalise,
};

/// The inputs of a run, by path.
pub(super) struct Inputs<'a> {
    list: &'a [Input],
    paths: OnceLock<HashSet<PathBuf>>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(list: &'a [Input]) -> Self {
        Self {
            list,
            paths: OnceLock::new(),
        }
    }

    fn has(&self, path: &Path) -> bool {
        let paths = self.paths.get_or_init(|| {
            let files = self.list.iter().filter_map(|input| match input {
                Input::File(path) => Some(normalise(path)),
                _ => None,
            });
            files.collect()
        });
        paths.contains(&normalise(path))
    }
}

/// Names that one message lists.
const SHOWN: usize = 5;

/// What the streams of the file at `path` make their loader read that is no input; nothing where
/// that is nothing. Without `inputs` no file is one.
pub(super) fn lacking(
    path: &Path,
    streams: &[Analysed],
    inputs: Option<&Inputs<'_>>,
) -> Option<String> {
    let all = streams.iter().flat_map(|stream| &stream.facts.changes);
    let names = all.filter(|change| is_array(change)).map(name);
    let is_input = |name: &String| {
        // Anything but a plain name leads out of the folder, where nobody has looked.
        let mut parts = Path::new(name).components();
        let is_plain = matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        );
        let beside = path.with_file_name(name);
        is_plain && inputs.is_some_and(|inputs| inputs.has(&beside))
    };
    let lacking: BTreeSet<String> = names
        .filter(|name| !name.as_ref().is_some_and(is_input))
        .map(|name| {
            name.map_or("one whose name is not known".to_owned(), |name| {
                format!("{name:?}")
            })
        })
        .collect();
    let shown: Vec<&str> = lacking.iter().take(SHOWN).map(String::as_str).collect();
    let more = if lacking.len() > SHOWN { ", …" } else { "" };
    (!lacking.is_empty()).then(|| {
        let shown = shown.join(", ");
        format!("joblib reads arrays, or pickles, from files that were not scanned: {shown}{more}; scan the folder")
    })
}

fn is_array(change: &ChangeFact) -> bool {
    let symbol = change.target.symbol();
    change.kind == ChangeKind::SetState && symbol.is_some_and(joblib::is_beside)
}

/// The name of the file, as far as the state says it.
fn name(change: &ChangeFact) -> Option<String> {
    let Argument::Dict(pairs) = &change.value else {
        return None;
    };
    let mut values = pairs
        .iter()
        .filter(|(key, _)| text(key) == Some(b"filename"));
    // Where a key stands twice, the last one counts.
    let (_, value) = values.next_back()?;
    String::from_utf8(text(value)?.to_vec()).ok()
}

/// Python 2 wrote its strings as bytes.
fn text(value: &Argument) -> Option<&[u8]> {
    match value {
        Argument::Text(Some(text)) | Argument::Bytes(Some(text)) => Some(text),
        _ => None,
    }
}
