//! From the root group to every attribute and dataset that may hold a pickle.

use std::{collections::HashSet, io, sync::Arc};

use super::{
    Followed,
    dataset::{Chunked, Extent, Layout, Partial},
    datatype::{Datatype, datatype},
    explain,
    file::{Fail, Fields, File, Outcome},
    filters::{Filter, filters},
    header::{Message, kind, messages, resolved, shared},
    heap::{FractalHeap, GlobalHeap, Object, local_heap},
    index::{self, Grid, Index},
    tree,
};
use crate::{
    container::{
        Member, Opening, ProblemKind, Sniffed,
        carve::{self, Text, carve},
        sniff, text,
    },
    source::{Part, Source, read_range},
};

/// Longest name of an object, in bytes.
const LONGEST_NAME: usize = 256;

/// Units of work for looking at one value.
const VALUE: usize = 128;

/// Values of fixed length in one dataset that are looked at one by one.
const FEW: u64 = 1 << 16;

/// Bytes of references that are read at once.
const STRIDE: u64 = 64 << 10;

pub(super) struct Walk<'o, 'a> {
    opening: &'o mut Opening<'a>,
    file: File,
    heap: GlobalHeap,
    /// Headers still to be read, with the names of their objects.
    left: Vec<(u64, Vec<u8>)>,
    /// Headers and trees that were read or are going to be.
    seen: HashSet<u64>,
    followed: Followed,
}

/// The parts of one dataset.
#[derive(Default)]
struct Parts {
    space: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
    layout: Option<(Vec<u8>, u64)>,
    filters: Option<Vec<u8>>,
    fill: Vec<(u64, u64)>,
}

impl<'o, 'a> Walk<'o, 'a> {
    pub(super) fn new(opening: &'o mut Opening<'a>, file: File) -> Self {
        Self {
            opening,
            file,
            heap: GlobalHeap::default(),
            left: Vec::new(),
            seen: HashSet::new(),
            followed: Followed::Whole,
        }
    }

    pub(super) fn run(mut self, root: u64) -> io::Result<Followed> {
        self.left.push((root, Vec::new()));
        while let Some((address, name)) = self.left.pop() {
            if self.opening.limits().deadline.has_passed() {
                self.opening
                    .problem(ProblemKind::Limit, "it took too long to follow it");
                return Ok(Followed::Stopped);
            }
            let outcome = self.object(address, &name);
            self.held(outcome, &name)?;
            if self.followed == Followed::Stopped {
                break;
            }
        }
        Ok(self.followed)
    }

    /// Says what was not followed of an object; the file is searched for it then.
    fn held(&mut self, outcome: Outcome<()>, name: &[u8]) -> io::Result<()> {
        let Err(fail) = outcome else {
            return Ok(());
        };
        if self.followed == Followed::Whole {
            self.followed = Followed::InPart;
        }
        let name = String::from_utf8_lossy(name).escape_debug().to_string();
        let what = if name.is_empty() {
            "the root group".to_owned()
        } else {
            name
        };
        explain(self.opening, fail, &what)
    }

    fn spend(&self, units: usize) {
        self.opening.limits().deadline.spend(units);
    }

    fn object(&mut self, address: u64, name: &[u8]) -> Outcome<()> {
        let messages = messages(&self.file, address)?;
        self.spend(messages.iter().map(|message| message.data.len() + 64).sum());
        let mut parts = Parts::default();
        for message in &messages {
            let outcome = self.message(message, name, &mut parts);
            self.held(outcome, name)?;
        }
        self.dataset(&parts, name)
    }

    fn message(&mut self, message: &Message, name: &[u8], parts: &mut Parts) -> Outcome<()> {
        let file = &self.file;
        let whole = || resolved(file, message.kind, message);
        match message.kind {
            kind::DATASPACE => parts.space = Some(whole()?),
            kind::DATATYPE => parts.kind = Some(whole()?),
            kind::LAYOUT => parts.layout = Some((whole()?, message.at)),
            kind::FILTERS => parts.filters = Some(whole()?),
            kind::FILL_VALUE | kind::OLD_FILL_VALUE => {
                parts.fill.push((message.at, message.data.len() as u64));
            }
            kind::LINK => return self.link(&message.data, name),
            kind::LINK_INFO => return self.dense(&message.data, name, kind::LINK),
            kind::ATTRIBUTE_INFO => return self.dense(&message.data, name, kind::ATTRIBUTE),
            kind::SYMBOL_TABLE => {
                let mut fields = Fields::new(&message.data);
                let root = fields.number(self.file.address_width)?;
                let heap = fields.number(self.file.address_width)?;
                return self.group((root, heap), name);
            }
            kind::ATTRIBUTE if message.is_shared => {
                return Err(Fail::Unsupported("shared attributes".to_owned()));
            }
            kind::ATTRIBUTE => return self.attribute(&message.data, Some(message.at), name),
            _ => {}
        }
        Ok(())
    }

    /// Takes up an object that a group refers to.
    fn child(&mut self, address: u64, parent: &[u8], name: &[u8]) {
        if self.file.place(address).is_some() && self.seen.insert(address) {
            let mut path = parent.to_vec();
            path.push(b'/');
            path.extend_from_slice(name);
            path.truncate(LONGEST_NAME);
            self.left.push((address, path));
        }
    }

    /// A group of the old kind: a tree of nodes with links.
    fn group(&mut self, (root, heap): (u64, u64), name: &[u8]) -> Outcome<()> {
        if self.file.place(root).is_none() || !self.seen.insert(root) {
            return Ok(());
        }
        let names = local_heap(&self.file, heap)?;
        let (wide, long) = (self.file.address_width, self.file.length_width);
        let mut nodes = Vec::new();
        tree::leaves(&self.file, (root, 0, long), &mut |_, node| {
            nodes.push(node);
            Ok(())
        })?;
        for node in nodes {
            let head = self.file.signed(node, 8, b"SNOD")?;
            let mut fields = Fields::new(&head);
            fields.skip(1)?;
            let links = fields.size(2)?;
            let width = 2 * wide + 24;
            let block = self
                .file
                .block(node.saturating_add(8), (links * width) as u64)?;
            self.spend(block.len());
            for link in block.chunks_exact(width) {
                let mut fields = Fields::new(link);
                let place = names.saturating_add(fields.number(wide)?);
                let address = fields.number(wide)?;
                let cached = fields.number(4)?;
                fields.skip(4)?;
                let text = self
                    .file
                    .up_to(place, LONGEST_NAME as u64)
                    .unwrap_or_default();
                let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                self.child(address, name, text);
                if cached == 1 {
                    // A copy of what the header of the group says. Whoever trusts it may see
                    // another group.
                    let copy = (fields.number(wide)?, fields.number(wide)?);
                    let path = [name, b"/", text].concat();
                    self.group(copy, path.get(..LONGEST_NAME).unwrap_or(&path))?;
                }
            }
        }
        Ok(())
    }

    /// A link message.
    fn link(&mut self, data: &[u8], name: &[u8]) -> Outcome<()> {
        let mut fields = Fields::new(data);
        fields.skip(1)?;
        let flags = fields.number(1)?;
        let kind = if flags & 0x08 == 0 {
            0
        } else {
            fields.number(1)?
        };
        fields.skip(if flags & 0x04 == 0 { 0 } else { 8 })?;
        fields.skip(if flags & 0x10 == 0 { 0 } else { 1 })?;
        let length = fields.size(1 << (flags & 3))?;
        let text = fields.take(length)?;
        if kind == 0 {
            let address = fields.number(self.file.address_width)?;
            self.child(address, name, text);
        }
        Ok(())
    }

    /// Links or attributes that stand in a heap of their own.
    fn dense(&mut self, data: &[u8], name: &[u8], kind: u16) -> Outcome<()> {
        let mut fields = Fields::new(data);
        fields.skip(1)?;
        let counted = fields.number(1)? & 1 != 0;
        let width = if kind == kind::LINK { 8 } else { 2 };
        fields.skip(if counted { width } else { 0 })?;
        let heap = fields.number(self.file.address_width)?;
        let names = fields.number(self.file.address_width)?;
        if self.file.place(heap).is_none() {
            return Ok(());
        }
        let heap = FractalHeap::read(&self.file, heap)?;
        let mut found = Vec::new();
        tree::records(&self.file, names, &mut |tree, record| {
            let id = match tree {
                5 => record.get(4..),
                8 => record.get(..8),
                _ => None,
            };
            let id = id.ok_or(Fail::Damaged)?;
            if tree == 8 && record.get(8).is_some_and(|flags| flags & 2 != 0) {
                return Err(Fail::Unsupported("shared attributes".to_owned()));
            }
            found.push(heap.object(id)?);
            Ok(())
        })?;
        let huge = heap.huge.iter().map(|&(at, length)| Object::At(at, length));
        for object in found.into_iter().chain(huge) {
            let (data, at) = match object {
                Object::At(at, length) => (self.file.block(at, length)?, Some(at)),
                Object::Inside(data) => (data, None),
                Object::Huge => continue,
            };
            self.spend(data.len() + 64);
            match kind {
                kind::LINK => self.link(&data, name)?,
                _ => self.attribute(&data, at, name)?,
            }
        }
        Ok(())
    }

    /// An attribute message at this address.
    fn attribute(&mut self, data: &[u8], at: Option<u64>, owner: &[u8]) -> Outcome<()> {
        let mut fields = Fields::new(data);
        let version = fields.number(1)?;
        let flags = fields.number(1)?;
        let sizes = [fields.size(2)?, fields.size(2)?, fields.size(2)?];
        fields.skip(if version == 3 { 1 } else { 0 })?;
        let mut part = |size: usize| -> Outcome<&[u8]> {
            let padded = if version == 1 {
                size.next_multiple_of(8)
            } else {
                size
            };
            let part = fields.take(padded)?;
            Ok(part.get(..size).unwrap_or(part))
        };
        let [name, kind, space] = [part(sizes[0])?, part(sizes[1])?, part(sizes[2])?];
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let kind = match version > 1 && flags & 1 != 0 {
            true => datatype(&self.file, &shared(&self.file, kind::DATATYPE, kind)?)?,
            false => datatype(&self.file, kind)?,
        };
        let extent = match version > 1 && flags & 2 != 0 {
            true => Extent::read(&self.file, &shared(&self.file, kind::DATASPACE, space)?)?,
            false => Extent::read(&self.file, space)?,
        };
        let mut path = [owner, b"@", name].concat();
        path.truncate(LONGEST_NAME);
        let start = fields.at as u64;
        let length = (data.len() as u64).saturating_sub(start);
        let length = length.min(extent.elements().saturating_mul(kind.size as u64));
        let place = at.and_then(|at| self.file.place(at.saturating_add(start)));
        let values: Arc<dyn Source> = match place {
            Some(place) => Arc::new(Part::new(Arc::clone(&self.file.source), place, length)),
            None => Arc::new(crate::source::MemorySource::new(fields.rest())),
        };
        let outer = place.and_then(|place| self.outer(place));
        self.values((&values, outer), &kind, &path, &[(0, length)])
    }

    /// Offset in the input of a place in the file.
    fn outer(&self, place: u64) -> Option<u64> {
        let outer = self.opening.member.outer?;
        outer.checked_add(place)
    }

    fn dataset(&mut self, parts: &Parts, name: &[u8]) -> Outcome<()> {
        let (Some(space), Some(kind), Some((layout, at))) =
            (&parts.space, &parts.kind, &parts.layout)
        else {
            return Ok(());
        };
        let kind = datatype(&self.file, kind)?;
        if !kind.has_bytes && kind.references.is_empty() && !kind.is_deep {
            return Ok(());
        }
        for &(at, length) in &parts.fill {
            let place = self.file.place(at).ok_or(Fail::Damaged)?;
            let range = (place, place.saturating_add(length));
            if kind.has_bytes && !carve(self.opening, range, Text::Anywhere)? {
                self.followed = Followed::Stopped;
                return Ok(());
            }
        }
        let extent = Extent::read(&self.file, space)?;
        let piece = |at: u64, length: u64| -> Outcome<(Arc<dyn Source>, Option<u64>)> {
            let place = self.file.place(at).ok_or(Fail::Damaged)?;
            let part = Part::new(Arc::clone(&self.file.source), place, length);
            Ok((Arc::new(part), self.outer(place)))
        };
        let mut chunks = None;
        let (values, ranges): (_, Vec<(u64, u64)>) =
            match Layout::read(&self.file, layout, &extent, kind.size)? {
                Layout::Elsewhere => return Ok(()),
                Layout::Contiguous(at, _) if self.file.place(at).is_none() => return Ok(()),
                Layout::Contiguous(at, length) => (piece(at, length)?, vec![(0, length)]),
                Layout::Compact(inside, length) => {
                    let at = at.saturating_add(inside as u64);
                    (piece(at, length)?, vec![(0, length)])
                }
                Layout::Chunked(grid, index, partial) => {
                    let pipeline = parts.filters.as_deref().map(filters).transpose()?;
                    let pipeline = (pipeline.unwrap_or_default(), partial);
                    let chunked = Arc::new(self.chunked(grid, &index, pipeline, &kind)?);
                    let values: Arc<dyn Source> = Arc::clone(&chunked) as Arc<dyn Source>;
                    let written = chunked.written();
                    chunks = Some(chunked);
                    ((values, None), written)
                }
            };
        self.values((&values.0, values.1), &kind, name, &ranges)?;
        match chunks.and_then(|chunks| chunks.failure()) {
            // What the references lead to stands in the file as it is.
            Some(Fail::Unsupported(_)) if !kind.has_bytes => {
                self.followed = Followed::InPart;
                Ok(())
            }
            Some(fail) => Err(fail),
            None => Ok(()),
        }
    }

    fn chunked(
        &self,
        grid: Grid,
        index: &Index,
        pipeline: (Vec<Filter>, Partial),
        kind: &Datatype,
    ) -> Outcome<Chunked> {
        let chunks = index::chunks(&self.file, &grid, index)?;
        self.spend(chunks.len().saturating_mul(16));
        let rest = (kind.size, &*self.opening.budget);
        Chunked::new(&self.file, (grid, chunks), pipeline, rest)
    }

    /// Looks at the values of a dataset or an attribute, where something was written.
    fn values(
        &mut self,
        (values, outer): (&Arc<dyn Source>, Option<u64>),
        kind: &Datatype,
        name: &[u8],
        ranges: &[(u64, u64)],
    ) -> Outcome<()> {
        if kind.is_deep {
            // Sequences of sequences stand in the file as they are.
            self.followed = Followed::InPart;
        }
        for &range in ranges {
            if !kind.references.is_empty() {
                self.references(values, kind, (name, range))?;
            }
            if kind.has_bytes {
                self.bytes((values, outer), kind, (name, range))?;
            }
            if self.followed == Followed::Stopped {
                break;
            }
        }
        Ok(())
    }

    /// Bytes and texts that stand in the elements.
    fn bytes(
        &mut self,
        (values, outer): (&Arc<dyn Source>, Option<u64>),
        kind: &Datatype,
        (name, (start, end)): (&[u8], (u64, u64)),
    ) -> Outcome<()> {
        let size = if kind.is_byte { 0 } else { kind.size as u64 };
        let count = end.saturating_sub(start).checked_div(size).unwrap_or(1);
        let size = if count <= 1 {
            end.saturating_sub(start)
        } else {
            size
        };
        for number in 0..if count <= FEW { count.max(1) } else { 0 } {
            let at = start.saturating_add(number.saturating_mul(size));
            let value: Arc<dyn Source> = Arc::new(Part::new(Arc::clone(values), at, size));
            let named = if count > 1 {
                numbered(name, number)
            } else {
                name.to_vec()
            };
            let outer = outer.and_then(|outer| outer.checked_add(at));
            let taken = self.offer(named, value, outer)?;
            if self.followed == Followed::Stopped || taken && count <= 1 {
                return Ok(());
            }
        }
        let member = Member::found(self.opening.member.inside(name), Arc::clone(values), outer);
        let mut opening = Opening {
            member: &member,
            source: values,
            budget: self.opening.budget,
            emit: self.opening.emit,
        };
        let end = start.saturating_add(opening.searched(end.saturating_sub(start)));
        if !carve(&mut opening, (start, end), Text::Begins)? {
            self.followed = Followed::Stopped;
        }
        Ok(())
    }

    /// Values of any length that the elements refer to.
    fn references(
        &mut self,
        values: &Arc<dyn Source>,
        kind: &Datatype,
        (name, (start, end)): (&[u8], (u64, u64)),
    ) -> Outcome<()> {
        let size = kind.size.max(1) as u64;
        let step = (STRIDE / size).max(1).saturating_mul(size);
        let mut at = start;
        while at < end {
            let length = usize::try_from(step.min(end - at)).unwrap_or(0);
            let block = read_range(values.as_ref(), at, length)?;
            self.spend(block.len());
            for (element, number) in block.chunks_exact(kind.size.max(1)).zip(at / size..) {
                for &(inside, unit) in &kind.references {
                    self.reference(element.get(inside..), unit, (name, number))?;
                    if self.followed == Followed::Stopped {
                        return Ok(());
                    }
                }
            }
            at = at.saturating_add(step);
        }
        Ok(())
    }

    fn reference(
        &mut self,
        reference: Option<&[u8]>,
        unit: usize,
        (name, number): (&[u8], u64),
    ) -> Outcome<()> {
        let mut fields = Fields::new(reference.ok_or(Fail::Damaged)?);
        let count = fields.number(4)?;
        let collection = fields.number(self.file.address_width)?;
        let index = fields.number(4)?;
        if count == 0 || collection == 0 || self.file.place(collection).is_none() {
            return Ok(());
        }
        let found = self.heap.value(&self.file, collection, index)?;
        let listed = std::mem::take(&mut self.heap.listed);
        self.spend(VALUE + listed * 16);
        if self.opening.limits().deadline.has_passed() {
            self.opening
                .problem(ProblemKind::Limit, "it took too long to follow it");
            self.followed = Followed::Stopped;
            return Ok(());
        }
        let (address, length) = found.ok_or(Fail::Damaged)?;
        let place = self.file.place(address).ok_or(Fail::Damaged)?;
        let length = length.min(count.saturating_mul(unit as u64));
        let value = Part::new(Arc::clone(&self.file.source), place, length);
        let outer = self.outer(place);
        self.offer(numbered(name, number), Arc::new(value), outer)
            .map(|_| ())
    }

    /// Emits a value where some loader would read it. Returns whether it is understood.
    fn offer(
        &mut self,
        name: Vec<u8>,
        value: Arc<dyn Source>,
        outer: Option<u64>,
    ) -> Outcome<bool> {
        self.spend(VALUE);
        let mut wanted = false;
        for reading in sniff(value.as_ref())? {
            match reading {
                // Texts are many, and hardly one of them holds anything.
                Sniffed::Container(format) if format.name == text::JSON.name => {
                    let member =
                        Member::found(self.opening.member.inside(&name), Arc::clone(&value), outer);
                    (format.opener)(&mut Opening {
                        member: &member,
                        source: &value,
                        budget: self.opening.budget,
                        emit: self.opening.emit,
                    })?;
                }
                Sniffed::Container(_) => wanted |= text::runs(value.as_ref())?,
                Sniffed::Pickle(_) => wanted = true,
                Sniffed::PerhapsPickle => {
                    wanted |= carve::extent(value.as_ref(), (0, value.len()))?.is_some();
                }
                Sniffed::NoPickle(_) | Sniffed::LfsPointer | Sniffed::Source | Sniffed::Empty => {}
            }
        }
        if wanted {
            let path = self.opening.member.inside(name);
            if !self.opening.member(Member::found(path, value, outer)) {
                self.followed = Followed::Stopped;
            }
        }
        Ok(wanted)
    }
}

fn numbered(name: &[u8], number: u64) -> Vec<u8> {
    [name, format!("[{number}]").as_bytes()].concat()
}
