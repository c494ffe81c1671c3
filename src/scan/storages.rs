//! Raw numbers between and behind the pickles of old torch files, as their persistent ids tell.

use super::analyse::Analysed;
use crate::{
    container::{Host, torch_legacy},
    facts::{Argument, Target},
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

/// Whether everything from `offset` on is storages that the pickles before it refer to.
pub(super) fn explain(source: &dyn Source, offset: u64, streams: &[Analysed]) -> bool {
    if streams.len() != torch_legacy::STREAMS {
        return false;
    }
    let mut storages: Vec<(Vec<u8>, (u64, u64))> = Vec::new();
    for (_, id) in streams.iter().flat_map(|stream| &stream.facts.persistent) {
        if let Some((key, storage)) = storage(id)
            && !storages.iter().any(|(known, _)| *known == key)
        {
            storages.push((key, storage));
        }
    }
    let storages: Vec<(u64, u64)> = storages.into_iter().map(|(_, storage)| storage).collect();
    let spans = torch_legacy::storages(source, offset, &storages);
    let end = spans
        .ok()
        .and_then(|spans| spans.last().map(|span| span.end()));
    end.unwrap_or(offset) >= source.len()
}

/// The key of a storage, the number of its elements and the size of one.
fn storage(id: &Argument) -> Option<(Vec<u8>, (u64, u64))> {
    let Argument::Tuple(parts) = id else {
        return None;
    };
    let [
        Argument::Text(Some(kind)),
        Argument::Object(Target::Import(class)),
        Argument::Text(Some(key)),
        _,
        Argument::Int(Some(count)),
        ..,
    ] = parts.as_slice()
    else {
        return None;
    };
    let size = torch_legacy::element_size(&class.name)?;
    let count = u64::try_from(*count).ok()?;
    (kind == b"storage").then(|| (key.clone(), (count, size)))
}
