//! Phrases that several formats share.

use super::escape::visible;
use crate::{
    facts::Target,
    report::{FileReport, Location, MemberPath, Notice, StreamReport},
};

/// The path of an input, visible.
pub(super) fn path(file: &FileReport) -> String {
    visible(file.path.as_os_str().as_encoded_bytes())
}

/// `path` or `path!member`, visible.
pub(super) fn place(file: &FileReport, member: &MemberPath) -> String {
    if member.is_input() {
        path(file)
    } else {
        format!("{}!{}", path(file), visible(&member.joined()))
    }
}

/// `path!member @ offset, OPCODE`, visible.
pub(super) fn location(file: &FileReport, location: &Location) -> String {
    let place = place(file, &location.member);
    let Location { offset, opcode, .. } = location;
    if opcode.is_empty() {
        format!("{place} @ {offset}")
    } else {
        format!("{place} @ {offset}, {opcode}")
    }
}

/// `path!member: message`, visible.
pub(super) fn notice(file: &FileReport, notice: &Notice) -> String {
    format!(
        "{}: {}",
        place(file, &notice.member),
        visible(notice.message.as_bytes())
    )
}

/// What is said about a stream that does not end at STOP, without the path of the input.
pub(super) fn broken_stream(stream: &StreamReport) -> String {
    let reason = stream.end_reason.as_deref().unwrap_or(stream.end.name());
    let reason = visible(reason.as_bytes());
    let member = match visible(&stream.member.joined()) {
        name if name.is_empty() => name,
        name => name + " ",
    };
    format!(
        "{member}@ {}: the pickle cannot be read to its end: {reason}",
        stream.offset
    )
}

/// What is called, as bytes: the symbol, with `()` behind it where it is a result or an instance.
pub(super) fn callee(target: &Target) -> Option<Vec<u8>> {
    match target {
        Target::Import(symbol) => Some(symbol.dotted()),
        Target::Module(module) => Some(module.clone()),
        Target::Result(Some(symbol)) | Target::Instance(Some(symbol)) => {
            let mut name = symbol.dotted();
            name.extend_from_slice(b"()");
            Some(name)
        }
        _ => None,
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Bytes with a decimal unit, one digit behind the point.
pub(super) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut tenths = u128::from(count) * 10;
    let mut unit = "bytes";
    for larger in units {
        if tenths < 10_000 {
            break;
        }
        tenths = (tenths + 500) / 1000;
        unit = larger;
    }
    match unit {
        "bytes" => format!("{count} bytes"),
        _ => format!("{}.{} {unit}", tenths / 10, tenths % 10),
    }
}

/// Which reader reads a stream so, where readers differ.
pub(super) fn reader(stream: &StreamReport) -> String {
    stream
        .reader
        .map_or_else(String::new, |reader| format!(", as read by {reader}"))
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_carry_a_unit() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(3_221_225_472), "3.2 GB");
    }
}
