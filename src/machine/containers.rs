//! Lists, tuples, dicts and sets: the latest of them, and of the others what may be called.
//!
//! A file of millions of dicts must not take memory for each. So nodes and their elements live in
//! two rings of fixed size, and what is overwritten is forgotten: then a container is one of which
//! nothing is known. But whatever may be called is also linked to its container for good, and a
//! node with links outlives the ring, so a callable hidden in a long list is not lost.

use std::collections::HashMap;

use super::value::{Tag, Value};

/// Nodes in their ring, counted: one MiB.
const NODES: usize = 1 << 15;

/// Elements in their ring, counted: one MiB.
const ELEMENTS: usize = 1 << 17;

/// Elements kept of one container, counted. A command spelled character by character fits.
const KEPT: u16 = 4096;

/// Room, in elements, that a container gets at least when it grows.
const LEAST: u16 = 8;

/// The count of a container that was forgotten.
const FORGOTTEN: u32 = u32::MAX;

/// A list, tuple, dict, set or frozenset.
#[derive(Copy, Clone, Debug, Default)]
struct Node {
    /// How many were made before it.
    number: u64,
    /// Position of the first element in the ring, counted since the beginning.
    start: u64,
    kept: u16,
    room: u16,
    /// Elements that went in, saturating.
    count: u32,
    /// Head of the list of links; 0 where nothing that may be called went in.
    links: u32,
}

impl Node {
    #[inline(always)]
    fn count_more(&mut self, elements: usize) {
        let more = u32::try_from(elements).unwrap_or(FORGOTTEN);
        self.count = self.count.saturating_add(more);
    }
}

/// One value that may be called, and the next in its container.
#[derive(Copy, Clone, Debug)]
struct Link {
    value: Value,
    next: u32,
}

/// Every container of a stream.
pub(super) struct Containers {
    /// How many were made.
    made: u64,
    /// The latest, each at its number modulo the ring's size.
    latest: Vec<Node>,
    /// Those with links that the ring has no place for any more, in order of their numbers.
    linked: Vec<Node>,
    /// Those that got their first link after they were forgotten.
    revived: HashMap<u64, Node>,
    elements: Ring,
    links: Vec<Link>,
    /// How many nodes and links there are.
    size: usize,
}

/// The latest elements of all containers. What a container keeps stands in one piece.
#[derive(Default)]
struct Ring {
    values: Vec<Value>,
    /// Elements written, counted.
    written: u64,
}

impl Default for Containers {
    fn default() -> Self {
        let none = Link {
            value: Value::UNKNOWN,
            next: 0,
        };
        Self {
            made: 0,
            latest: Vec::new(),
            linked: Vec::new(),
            revived: HashMap::new(),
            elements: Ring::default(),
            links: vec![none],
            size: 1,
        }
    }
}

impl Containers {
    /// Containers and links that take memory, counted.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Makes an empty container. Its node is written where it stays, field by field: one that is put
    /// together first and then copied costs more than all the rest.
    #[inline(always)]
    pub(super) fn make(&mut self, tag: Tag) -> Value {
        let number = self.made;
        self.made += 1;
        match self.latest.get_mut(slot(number, NODES)) {
            Some(node) if node.links == 0 => {
                node.number = number;
                node.start = 0;
                node.kept = 0;
                node.room = 0;
                node.count = 0;
            }
            _ => self.make_apart(number),
        }
        Value::new(tag, number)
    }

    /// Makes a container in a new place of the ring, or in that of one with links.
    #[cold]
    #[inline(never)]
    fn make_apart(&mut self, number: u64) {
        self.size += 1;
        let node = Node {
            number,
            ..Node::default()
        };
        match self.latest.get_mut(slot(number, NODES)) {
            Some(place) => self.linked.push(std::mem::replace(place, node)),
            None => self.latest.push(node),
        }
    }

    /// Adds elements to a container. Those that may be called are linked by the caller.
    #[inline]
    pub(super) fn extend(&mut self, container: Value, elements: &[Value]) {
        let number = container.payload();
        match self.latest.get_mut(slot(number, NODES)) {
            Some(node) if node.number == number && container.is_node() => {
                self.elements.add(node, elements);
            }
            _ => self.extend_old(container, elements),
        }
    }

    /// As [`Containers::extend`], where there is room already, or nothing to be remembered; otherwise
    /// says no.
    #[inline(always)]
    pub(super) fn add_few<const N: usize>(
        &mut self,
        container: Value,
        elements: [Value; N],
    ) -> bool {
        let number = container.payload();
        match self.latest.get_mut(slot(number, NODES)) {
            Some(node) if node.number == number => self.elements.add_few(node, elements),
            _ => self.linked.is_empty() && self.revived.is_empty(),
        }
    }

    /// Whether it is one of the latest containers, and nothing in it may be called.
    #[inline(always)]
    pub(super) fn is_plain(&self, value: Value) -> bool {
        let number = value.payload();
        let node = self.latest.get(slot(number, NODES));
        value.is_node() && node.is_some_and(|node| node.number == number && node.links == 0)
    }

    /// Adds elements to a container that the ring has no place for any more.
    #[cold]
    #[inline(never)]
    fn extend_old(&mut self, container: Value, elements: &[Value]) {
        if !container.is_node() {
            return;
        }
        let number = container.payload();
        if let Some(node) = old_node_mut(&mut self.linked, &mut self.revived, number) {
            self.elements.add(node, elements);
        }
    }

    /// The node of a container, unless it was forgotten.
    #[inline]
    fn node(&self, container: Value) -> Option<&Node> {
        if !container.is_node() {
            return None;
        }
        let number = container.payload();
        match self.latest.get(slot(number, NODES)) {
            Some(node) if node.number == number => Some(node),
            _ => self.old_node(number),
        }
    }

    #[cold]
    #[inline(never)]
    fn old_node(&self, number: u64) -> Option<&Node> {
        let place = self
            .linked
            .binary_search_by_key(&number, |node| node.number);
        let linked = place.ok().and_then(|place| self.linked.get(place));
        linked.or_else(|| self.revived.get(&number))
    }

    #[inline]
    fn node_mut(&mut self, container: Value) -> Option<&mut Node> {
        if !container.is_node() {
            return None;
        }
        let number = container.payload();
        let place = slot(number, NODES);
        let is_latest = self
            .latest
            .get(place)
            .is_some_and(|node| node.number == number);
        match is_latest {
            true => self.latest.get_mut(place),
            false => old_node_mut(&mut self.linked, &mut self.revived, number),
        }
    }

    /// The elements of a container, or nothing where some were forgotten.
    pub(super) fn elements(&self, container: Value) -> Option<Vec<Value>> {
        let node = self.node(container)?;
        let kept = self.elements.of(node);
        (kept.len() as u64 == u64::from(node.count)).then(|| kept.to_vec())
    }

    /// The first elements of a container, and whether these are all.
    pub(super) fn first_elements(&self, container: Value, most: usize) -> (Vec<Value>, bool) {
        let Some(node) = self.node(container) else {
            return (Vec::new(), false);
        };
        let kept = self.elements.of(node);
        let whole = kept.len() as u64 == u64::from(node.count) && kept.len() <= most;
        (kept.iter().take(most).copied().collect(), whole)
    }

    /// Whether a container is known to be empty.
    pub(super) fn is_empty(&self, container: Value) -> bool {
        self.node(container).is_some_and(|node| node.count == 0)
    }

    /// Whether something that may be called is in a container, at any depth.
    #[inline]
    pub(super) fn has_links(&self, container: Value) -> bool {
        self.node(container).is_some_and(|node| node.links != 0)
    }

    /// What may be called among the elements of a container, latest first.
    pub(super) fn linked(&self, container: Value) -> impl Iterator<Item = Value> {
        let mut next = self.node(container).map_or(0, |node| node.links);
        std::iter::from_fn(move || {
            let link = self.links.get(next as usize).filter(|_| next != 0)?;
            next = link.next;
            Some(link.value)
        })
    }

    /// Links a value that may be called to a container for good.
    pub(super) fn link(&mut self, container: Value, value: Value) {
        if !container.is_node() {
            return;
        }
        if self.node(container).is_none() {
            let number = container.payload();
            let node = Node {
                number,
                count: FORGOTTEN,
                ..Node::default()
            };
            self.revived.insert(number, node);
            self.size += 1;
        }
        let number = u32::try_from(self.links.len()).unwrap_or(0);
        let Some(node) = self.node_mut(container) else {
            return;
        };
        let next = std::mem::replace(&mut node.links, number);
        self.links.push(Link { value, next });
        self.size += 1;
    }
}

#[cold]
fn old_node_mut<'c>(
    linked: &'c mut [Node],
    revived: &'c mut HashMap<u64, Node>,
    number: u64,
) -> Option<&'c mut Node> {
    match linked.binary_search_by_key(&number, |node| node.number) {
        Ok(place) => linked.get_mut(place),
        Err(_) => revived.get_mut(&number),
    }
}

impl Ring {
    /// Adds elements to those of a container, where it is: a node that is copied, changed and
    /// written back costs more than all the rest.
    #[inline(always)]
    fn add(&mut self, node: &mut Node, elements: &[Value]) {
        node.count_more(elements.len());
        let wanted = KEPT - node.kept;
        let wanted = u16::try_from(elements.len()).map_or(wanted, |more| more.min(wanted));
        if node.room - node.kept < wanted && !self.begin(node, wanted) {
            self.move_to_end(node, wanted);
        }
        if let Some(elements) = elements.get(..usize::from(wanted)) {
            self.write(node, elements.iter().copied());
        }
    }

    /// Adds elements to a container that grows by some at a time, where there is room, or where it is
    /// so long that nothing more is kept of it; otherwise says no.
    #[inline(always)]
    fn add_few<const N: usize>(&mut self, node: &mut Node, elements: [Value; N]) -> bool {
        self.begin(node, LEAST);
        let fits = usize::from(node.room - node.kept) >= N;
        if fits {
            self.write(node, elements.into_iter());
        }
        let is_done = fits || node.kept == KEPT;
        if is_done {
            node.count_more(N);
        }
        is_done
    }

    /// Gives a container its first room, where the ring has it at hand.
    #[inline(always)]
    fn begin(&mut self, node: &mut Node, room: u16) -> bool {
        let end = slot(self.written, ELEMENTS) + usize::from(room);
        let begins = node.room == 0 && end <= self.values.len();
        if begins {
            node.start = self.written;
            node.room = room;
            self.written += u64::from(room);
        }
        begins
    }

    /// Moves a container to the end of the ring with room for `wanted` more. Doubling keeps the
    /// cost of many single appends linear.
    #[inline(never)]
    fn move_to_end(&mut self, node: &mut Node, wanted: u16) {
        let kept = self.of(node).len();
        let needed = kept + usize::from(wanted);
        let room = if node.room == 0 {
            needed
        } else {
            needed.next_power_of_two().max(usize::from(LEAST))
        };
        let room = u16::try_from(room).unwrap_or(KEPT).min(KEPT);
        // A chunk never wraps around the end of the ring, so it can be copied as a whole.
        let left = ELEMENTS - slot(self.written, ELEMENTS);
        if usize::from(room) > left {
            self.written += left as u64;
        }
        let (from, to) = (slot(node.start, ELEMENTS), slot(self.written, ELEMENTS));
        if to + usize::from(room) > self.values.len() {
            self.grow(to + usize::from(room));
        }
        if kept > 0 {
            self.values.copy_within(from..from + kept, to);
        }
        node.start = self.written;
        node.kept = u16::try_from(kept).unwrap_or(KEPT);
        node.room = room;
        self.written += u64::from(room);
    }

    /// The ring grows to its size only on inputs that fill it.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, end: usize) {
        let size = end.next_power_of_two().clamp(64, ELEMENTS);
        self.values.resize(size, Value::UNKNOWN);
    }

    /// Writes elements behind those that a container keeps; room has been made. They come one by one,
    /// for those of a single instruction need not be in memory.
    #[inline(always)]
    fn write(&mut self, node: &mut Node, elements: impl ExactSizeIterator<Item = Value>) {
        if !self.keeps(node) {
            return;
        }
        let (start, more) = (
            slot(node.start, ELEMENTS) + usize::from(node.kept),
            elements.len(),
        );
        if let Some(places) = self.values.get_mut(start..start + more) {
            for (place, element) in places.iter_mut().zip(elements) {
                *place = element;
            }
            node.kept += u16::try_from(more).unwrap_or(0);
        }
    }

    /// Whether the elements of a container have not been overwritten yet.
    #[inline]
    fn keeps(&self, node: &Node) -> bool {
        node.start.saturating_add(ELEMENTS as u64) > self.written
    }

    /// The elements that are kept of a container.
    fn of(&self, node: &Node) -> &[Value] {
        let start = slot(node.start, ELEMENTS);
        let kept = self.values.get(start..start + usize::from(node.kept));
        kept.filter(|_| self.keeps(node)).unwrap_or_default()
    }
}

/// Where in a ring of that size a number is.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is below the ring's size"
)]
fn slot(number: u64, size: usize) -> usize {
    (number % size as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_kept_until_the_ring_is_full() {
        let mut containers = Containers::default();
        let list = containers.make(Tag::List);
        assert!(containers.is_empty(list));
        containers.extend(list, &[Value::NONE]);
        containers.extend(list, &[Value::int(1), Value::int(2)]);
        let all = [Value::NONE, Value::int(1), Value::int(2)];
        assert_eq!(containers.elements(list).as_deref(), Some(&all[..]));
        assert_eq!(
            containers.first_elements(list, 2),
            (all[..2].to_vec(), false)
        );
        let long = containers.make(Tag::List);
        for _ in 0..=ELEMENTS / usize::from(KEPT) {
            let other = containers.make(Tag::Tuple);
            containers.extend(other, &[Value::NONE; KEPT as usize]);
        }
        assert_eq!(containers.elements(list), None);
        assert!(containers.is_empty(long));
    }

    #[test]
    fn a_container_is_forgotten_but_what_may_be_called_is_not() {
        let mut containers = Containers::default();
        let (plain, carrier) = (containers.make(Tag::List), containers.make(Tag::List));
        let callable = Value::new(Tag::Import, 0);
        containers.link(carrier, callable);
        for _ in 0..2 * NODES {
            containers.make(Tag::Dict);
        }
        assert!(!containers.has_links(plain));
        assert!(!containers.is_empty(plain));
        assert_eq!(containers.elements(plain), None);
        assert!(containers.linked(carrier).eq([callable]));
        // A callable that comes late is kept as well.
        containers.extend(plain, &[callable]);
        containers.link(plain, callable);
        containers.link(carrier, Value::UNKNOWN);
        assert!(containers.linked(plain).eq([callable]));
        assert!(containers.linked(carrier).eq([Value::UNKNOWN, callable]));
        assert_eq!(containers.elements(plain), None);
        assert!(containers.size() < NODES + 10);
    }
}
