//! Trees: of names, of chunks, of objects. Both kinds are walked node by node, never by recursion.

use std::collections::HashSet;

use super::file::{Fail, Fields, File, Outcome};

/// Nodes of one tree that are followed, counted. A node of chunks holds at least some tens.
const MOST_NODES: usize = 1 << 20;

/// Calls `visit` with the key and the child address of every entry in the leaves of an old tree.
pub(super) fn leaves(
    file: &File,
    (root, kind, key_width): (u64, u64, usize),
    visit: &mut dyn FnMut(&[u8], u64) -> Outcome<()>,
) -> Outcome<()> {
    let (mut left, mut seen) = (vec![root], HashSet::new());
    let wide = file.address_width;
    while let Some(address) = left.pop() {
        if !seen.insert(address) {
            return Err(Fail::Damaged);
        }
        if seen.len() > MOST_NODES {
            return Err(Fail::Limit("a tree of too many nodes".to_owned()));
        }
        let prefix = 8 + 2 * wide;
        let head = file.block(address, prefix as u64)?;
        let mut fields = Fields::new(&head);
        if fields.take(4)? != b"TREE" || fields.number(1)? != kind {
            return Err(Fail::Damaged);
        }
        let level = fields.number(1)?;
        let entries = fields.size(2)?;
        let length = entries.saturating_mul(key_width + wide);
        let block = file.block(address.saturating_add(prefix as u64), length as u64)?;
        let mut fields = Fields::new(&block);
        for _ in 0..entries {
            let key = fields.take(key_width)?;
            let child = fields.number(wide)?;
            if level == 0 {
                visit(key, child)?;
            } else {
                left.push(child);
            }
        }
    }
    Ok(())
}

/// The header of a tree of version 2.
struct Header {
    kind: u64,
    node: u64,
    record: usize,
}

/// A node that is still to be visited.
struct Node {
    address: u64,
    records: usize,
    depth: usize,
}

/// Calls `visit` with the kind of the tree and each record of it.
pub(super) fn records(
    file: &File,
    address: u64,
    visit: &mut dyn FnMut(u64, &[u8]) -> Outcome<()>,
) -> Outcome<()> {
    let wide = file.address_width;
    let length = 18 + wide + file.length_width;
    let head = file.signed(address, length as u64, b"BTHD")?;
    let mut fields = Fields::new(&head);
    let header = Header {
        kind: fields.number(1)?,
        node: fields.number(4)?,
        record: fields.size(2)?,
    };
    let depth = fields.size(2)?;
    fields.skip(2)?;
    let root = fields.number(wide)?;
    let count = fields.size(2)?;
    if header.record == 0 || depth > 16 {
        return Err(Fail::Damaged);
    }
    if file.place(root).is_none() {
        return Ok(());
    }
    let widths = header.widths(file, depth);
    let (mut left, mut seen) = (Vec::new(), HashSet::new());
    left.push(Node {
        address: root,
        records: count,
        depth,
    });
    while let Some(node) = left.pop() {
        if !seen.insert(node.address) {
            return Err(Fail::Damaged);
        }
        if seen.len() > MOST_NODES {
            return Err(Fail::Limit("a tree of too many nodes".to_owned()));
        }
        header.visit(file, (&node, &widths), &mut left, visit)?;
    }
    Ok(())
}

impl Header {
    /// For nodes of each depth, bytes that count the records of one, and of all below it.
    fn widths(&self, file: &File, depth: usize) -> Vec<(usize, usize)> {
        let bytes = |most: u64| usize::try_from(most.max(1).ilog2() / 8 + 1).unwrap_or(8);
        let most = self.node.saturating_sub(10) / self.record as u64;
        let own = bytes(most);
        let mut widths = vec![(own, 0)];
        let mut all_below = most;
        for level in 1..=depth {
            let all = if level > 1 { bytes(all_below) } else { 0 };
            let pointer = (file.address_width + own + all) as u64;
            let room = self.node.saturating_sub(10 + pointer);
            let most = room / (self.record as u64 + pointer);
            widths.push((own, all));
            all_below = (most + 1).saturating_mul(all_below).saturating_add(most);
        }
        widths
    }

    fn visit(
        &self,
        file: &File,
        (node, widths): (&Node, &[(usize, usize)]),
        left: &mut Vec<Node>,
        visit: &mut dyn FnMut(u64, &[u8]) -> Outcome<()>,
    ) -> Outcome<()> {
        let signature = if node.depth == 0 { b"BTLF" } else { b"BTIN" };
        let data = file.signed(node.address, self.node, signature)?;
        let mut fields = Fields::new(&data);
        fields.skip(1)?;
        for _ in 0..node.records {
            visit(self.kind, fields.take(self.record)?)?;
        }
        if node.depth == 0 {
            return Ok(());
        }
        // The counts of a pointer are as wide as the level below may need.
        let (own, all) = widths.get(node.depth).copied().ok_or(Fail::Damaged)?;
        for _ in 0..=node.records {
            let address = fields.number(file.address_width)?;
            let records = fields.size(own)?;
            fields.skip(all)?;
            left.push(Node {
                address,
                records,
                depth: node.depth - 1,
            });
        }
        Ok(())
    }
}
