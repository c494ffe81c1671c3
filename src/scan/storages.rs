//! Storages that the persistent ids of torch's pickles refer to: raw numbers between and behind the
//! pickles of old files, members of an archive since.

use std::collections::{BTreeSet, HashSet};

use super::{analyse::Analysed, member::PickleMember};
use crate::{
    container::{Host, torch_legacy},
    facts::{Argument, Target},
    pickle::Span,
    source::Source,
};

/// Where the pickle behind `last` starts, where raw numbers stand between them. `count` is how many
/// pickles there were.
pub(super) fn next_pickle(
    host: Host,
    source: &dyn Source,
    last: &Analysed,
    count: usize,
) -> Option<u64> {
    // The first one says how many there are.
    if count < 2 || !matches!(host, Host::TorchStorages | Host::TorchTensors) {
        return None;
    }
    let imports = last.facts.imports.iter().rev();
    let class = imports.filter_map(|import| import.symbol.as_ref()).next();
    let class = class.map_or(&b""[..], |symbol| symbol.name.as_slice());
    torch_legacy::next_pickle(host, source, last.end(), class)
        .ok()
        .flatten()
}

/// The raw numbers behind the fifth pickle of a file of torch before 1.6.
#[derive(Default)]
pub(super) struct Blocks {
    /// Each storage, the number of its elements before it included.
    pub(super) spans: Vec<Span>,
    /// Where a reader of the file is done.
    pub(super) end: u64,
    /// What is wrong, where the file cannot hold what the pickles refer to.
    pub(super) cut: Option<String>,
}

/// The storages from `offset` on that the pickles before refer to. Nothing where there are none,
/// or the file is no such file.
pub(super) fn behind(source: &dyn Source, offset: u64, streams: &[Analysed]) -> Option<Blocks> {
    if streams.len() != torch_legacy::STREAMS {
        return None;
    }
    let mut known = HashSet::new();
    let ids = streams.iter().flat_map(|stream| &stream.facts.persistent);
    let storages: Vec<(u64, u64)> = ids
        .filter_map(|(_, id)| storage(id))
        .filter(|storage| known.insert(storage.key.clone()))
        .filter_map(|storage| Some((storage.count, storage.size?)))
        .collect();
    let needed = storages.iter().fold(0, |sum: u64, (count, size)| {
        sum.saturating_add(count.saturating_mul(*size))
            .saturating_add(torch_legacy::COUNT)
    });
    let room = source.len().saturating_sub(offset);
    if needed > room {
        // No block of theirs can be told from the next pickle, so none is looked for.
        let message =
            format!("its tensors need {needed} bytes behind the pickles; {room} are there");
        return Some(Blocks {
            spans: vec![Span {
                start: offset,
                length: room,
            }],
            end: source.len(),
            cut: Some(message),
        });
    }
    let spans = torch_legacy::storages(source, offset, &storages).ok()?;
    let end = spans.last()?.end();
    Some(Blocks {
        spans,
        end,
        cut: None,
    })
}

/// What a checkpoint lacks of the storages that a pickle in it refers to; nothing where it lacks
/// none, or where the pickle does not stand in a checkpoint.
pub(super) fn lacking(pickle: &PickleMember, streams: &[Analysed]) -> Option<String> {
    let records = pickle.member.records.as_ref()?;
    let ids = streams.iter().flat_map(|stream| &stream.facts.persistent);
    let lacks = |storage: &Storage| match records.length(&storage.key) {
        None => true,
        Some(length) => {
            let needed = storage.size.map(|size| size.saturating_mul(storage.count));
            needed.is_some_and(|needed| needed > length)
        }
    };
    let lacking: BTreeSet<Vec<u8>> = ids
        .filter_map(|(_, id)| storage(id))
        .filter(lacks)
        .map(|storage| storage.key)
        .collect();
    let shown: Vec<String> = lacking
        .iter()
        .take(SHOWN)
        .map(|key| format!("{:?}", String::from_utf8_lossy(key)))
        .collect();
    let more = if lacking.len() > SHOWN { ", …" } else { "" };
    (!lacking.is_empty()).then(|| {
        let keys = shown.join(", ");
        format!("storages that it refers to are missing or too short: {keys}{more}")
    })
}

/// Keys that one message lists.
const SHOWN: usize = 5;

/// What a persistent id of torch says about a storage.
struct Storage {
    key: Vec<u8>,
    /// Number of elements.
    count: u64,
    /// Bytes of one element, where its class is known.
    size: Option<u64>,
}

fn storage(id: &Argument) -> Option<Storage> {
    let Argument::Tuple(parts) = id else {
        return None;
    };
    let [kind, class, key, _, Argument::Int(Some(count)), ..] = parts.as_slice() else {
        return None;
    };
    let size = match class {
        Argument::Object(Target::Import(class)) => torch_legacy::element_size(&class.name),
        _ => None,
    };
    let storage = Storage {
        key: match key {
            // As torch.package numbers them.
            Argument::Int(Some(number)) => number.to_string().into_bytes(),
            key => text(key)?.to_vec(),
        },
        count: u64::try_from(*count).ok()?,
        size,
    };
    (text(kind)? == b"storage").then_some(storage)
}

/// Python 2 wrote its strings as bytes.
fn text(value: &Argument) -> Option<&[u8]> {
    match value {
        Argument::Text(Some(text)) | Argument::Bytes(Some(text)) => Some(text),
        _ => None,
    }
}
