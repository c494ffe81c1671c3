//! Object headers: the messages that say what a group, a dataset or a committed type is.

use std::collections::HashSet;

use super::file::{Fail, Fields, File, Outcome};

/// Kinds of message, by their numbers in the specification.
pub(super) mod kind {
    pub(in super::super) const DATASPACE: u16 = 0x01;
    pub(in super::super) const LINK_INFO: u16 = 0x02;
    pub(in super::super) const DATATYPE: u16 = 0x03;
    pub(in super::super) const OLD_FILL_VALUE: u16 = 0x04;
    pub(in super::super) const FILL_VALUE: u16 = 0x05;
    pub(in super::super) const LINK: u16 = 0x06;
    pub(in super::super) const LAYOUT: u16 = 0x08;
    pub(in super::super) const FILTERS: u16 = 0x0b;
    pub(in super::super) const ATTRIBUTE: u16 = 0x0c;
    pub(in super::super) const CONTINUATION: u16 = 0x10;
    pub(in super::super) const SYMBOL_TABLE: u16 = 0x11;
    pub(in super::super) const ATTRIBUTE_INFO: u16 = 0x15;
}

/// One message.
pub(super) struct Message {
    pub(super) kind: u16,
    /// Whether its data stand elsewhere.
    pub(super) is_shared: bool,
    pub(super) data: Vec<u8>,
    /// Address of the data.
    pub(super) at: u64,
}

/// Blocks that one header may go on in.
const MOST_BLOCKS: usize = 4096;

/// Bytes of the longest prefix of a header.
const PREFIX: u64 = 48;

/// Every message of the header at `address`, those in its continuations included.
pub(super) fn messages(file: &File, address: u64) -> Outcome<Vec<Message>> {
    let head = file.up_to(address, PREFIX)?;
    let mut fields = Fields::new(&head);
    let modern = head.starts_with(b"OHDR");
    let mut layout = Layout {
        modern,
        ordered: false,
    };
    let first = if modern {
        fields.skip(5)?;
        let flags = fields.number(1)?;
        layout.ordered = flags & 0x04 != 0;
        fields.skip(if flags & 0x20 == 0 { 0 } else { 16 })?;
        fields.skip(if flags & 0x10 == 0 { 0 } else { 4 })?;
        fields.number(1 << (flags & 3))?
    } else {
        if fields.number(1)? != 1 {
            return Err(Fail::Damaged);
        }
        fields.skip(7)?;
        let size = fields.number(4)?;
        fields.skip(4)?;
        size
    };
    let mut blocks = vec![(address.saturating_add(fields.at as u64), first)];
    let (mut seen, mut messages) = (HashSet::new(), Vec::new());
    while let Some((at, length)) = blocks.pop() {
        if !seen.insert(at) {
            continue;
        }
        if seen.len() > MOST_BLOCKS {
            return Err(Fail::Damaged);
        }
        let block = file.block(at, length)?;
        for message in layout.messages(&block, at)? {
            if message.kind == kind::CONTINUATION {
                blocks.push(layout.continuation(file, &message)?);
            } else {
                messages.push(message);
            }
        }
    }
    Ok(messages)
}

/// How messages stand one behind the other.
struct Layout {
    /// Of version 2.
    modern: bool,
    /// Whether each message has a number.
    ordered: bool,
}

impl Layout {
    fn messages(&self, block: &[u8], at: u64) -> Outcome<Vec<Message>> {
        let mut fields = Fields::new(block);
        let mut messages = Vec::new();
        let shortest = match (self.modern, self.ordered) {
            (true, true) => 6,
            (true, false) => 4,
            _ => 8,
        };
        // What is left at the end of a block is a gap.
        while fields.rest().len() >= shortest {
            let kind = fields.number(if self.modern { 1 } else { 2 })?;
            let length = fields.size(2)?;
            let flags = fields.number(1)?;
            fields.skip(shortest - if self.modern { 4 } else { 5 })?;
            let place = at.saturating_add(fields.at as u64);
            messages.push(Message {
                kind: u16::try_from(kind).unwrap_or(0),
                is_shared: flags & 2 != 0,
                data: fields.take(length)?.to_vec(),
                at: place,
            });
        }
        Ok(messages)
    }

    /// Where the messages of a further block stand, without its signature and checksum.
    fn continuation(&self, file: &File, message: &Message) -> Outcome<(u64, u64)> {
        let mut fields = Fields::new(&message.data);
        let address = fields.number(file.address_width)?;
        let length = fields.number(file.length_width)?;
        if !self.modern {
            return Ok((address, length));
        }
        file.signed(address, 5, b"OCHK")?;
        let length = length.checked_sub(8).ok_or(Fail::Damaged)?;
        Ok((address.saturating_add(4), length))
    }
}

/// The data of a message, fetched from where they stand if they are shared.
pub(super) fn resolved(file: &File, kind: u16, message: &Message) -> Outcome<Vec<u8>> {
    match message.is_shared {
        false => Ok(message.data.clone()),
        true => shared(file, kind, &message.data),
    }
}

/// The message of this kind that shared data stand for: one in the header of another object.
pub(super) fn shared(file: &File, kind: u16, data: &[u8]) -> Outcome<Vec<u8>> {
    let mut fields = Fields::new(data);
    let (version, way) = (fields.number(1)?, fields.number(1)?);
    match version {
        1 => fields.skip(6)?,
        3 if way != 2 => {
            return Err(Fail::Unsupported("messages in a shared heap".to_owned()));
        }
        _ => {}
    }
    let address = fields.number(file.address_width)?;
    let found = messages(file, address)?;
    let found = found
        .into_iter()
        .find(|message| message.kind == kind && !message.is_shared);
    found.map(|message| message.data).ok_or(Fail::Damaged)
}
