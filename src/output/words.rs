//! Phrases that several formats share.

use std::path::Path;

use super::escape::visible;
use crate::{
    facts::Target,
    report::{
        FileReport, Finding, Level, Location, MemberPath, Notice, Report, StreamReport, Suppression,
    },
    rules::WeightsOnly,
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

/// What a finding says and where, as one clause without a full stop, visible.
pub(super) fn finding_in_place(file: &FileReport, finding: &Finding) -> String {
    let message = visible(finding.message.as_bytes());
    let message = message.strip_suffix('.').unwrap_or(&message);
    format!("{message} in {}", location(file, &finding.location))
}

/// `path!member: message`, visible.
pub(super) fn notice(file: &FileReport, notice: &Notice) -> String {
    format!(
        "{}: {}",
        place(file, &notice.member),
        visible(notice.message.as_bytes())
    )
}

/// How much was found, or could have been, and does not count; nothing where all does.
pub(super) fn suppressed(report: &Report) -> Option<String> {
    let suppressed = report.suppressed();
    let provenance = &report.provenance;
    let from = |path: &Option<std::path::PathBuf>, otherwise: &str| {
        path.as_deref().map_or(otherwise.to_owned(), shown)
    };
    let mut parts = Vec::new();
    if suppressed.known > 0 {
        let baseline = from(&provenance.baseline, "the baseline");
        parts.push(format!(
            "{} known from {baseline}",
            count(suppressed.known, "finding")
        ));
    }
    if suppressed.trusted > 0 {
        let configuration = from(&provenance.configuration, "the configuration");
        let findings = count(suppressed.trusted, "finding");
        parts.push(format!("{findings} about what {configuration} trusts"));
    }
    if suppressed.excluded > 0 {
        let entries = match suppressed.excluded {
            1 => "1 file or folder".to_owned(),
            many => format!("{many} files or folders"),
        };
        parts.push(format!("{entries} left out by patterns"));
    }
    (!parts.is_empty()).then(|| format!("not counted: {}", parts.join(", ")))
}

/// Remarks about the run as a whole: what does not count, rules that may replace built-in ones,
/// settings without effect.
pub(super) fn run_remarks(report: &Report) -> Vec<String> {
    let rules = report.provenance.rules.iter();
    let rules: Vec<String> = rules.map(|path| shown(path)).collect();
    let rules = (!rules.is_empty()).then(|| format!("with the rules of {}", rules.join(", ")));
    let provenance = &report.provenance;
    let configured = provenance.configured.join(", ");
    let configured = (!configured.is_empty()).then(|| {
        let path = provenance.configuration.as_deref();
        let path = path.map_or("the configuration".to_owned(), shown);
        format!("{path} sets {}", visible(configured.as_bytes()))
    });
    let notices = report.notices.iter();
    let notices = notices.map(|notice| {
        let message = visible(notice.message.as_bytes());
        format!("{}: {message}", notice.kind.name())
    });
    suppressed(report)
        .into_iter()
        .chain(configured)
        .chain(rules)
        .chain(notices)
        .collect()
}

/// A path that is no input's, visible.
pub(super) fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// What is said of a finding that does not count.
pub(super) fn standing(finding: &Finding) -> Option<String> {
    finding
        .suppression
        .as_ref()
        .map(|suppression| match suppression {
            Suppression::Known => "known from the baseline".to_owned(),
            Suppression::Trusted { reason } => format!("trusted: {}", visible(reason.as_bytes())),
        })
}

/// What could not be scanned in an input, visible.
pub(super) fn loud_remarks(file: &FileReport) -> impl Iterator<Item = String> + '_ {
    let loud = |notice: &&Notice| notice.kind.level() >= Level::Warning;
    let notices = file.notices.iter().filter(loud);
    let notices = notices.map(|one| notice(file, one));
    let broken = file.streams.iter().filter(|stream| stream.is_broken());
    notices.chain(broken.map(|stream| format!("{}: {}", path(file), broken_stream(stream))))
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

/// Whether PyTorch's restricted unpickler reads the input, and if not, why.
pub(super) fn weights_only(answer: &WeightsOnly) -> String {
    const SHOWN: usize = 5;
    if answer.accepts() {
        return "torch.load(weights_only=True) reads this file".to_owned();
    }
    let names = answer.lacks.iter().take(SHOWN);
    let names: Vec<String> = names.map(|name| visible(name.as_bytes())).collect();
    let more = match answer.lacks.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let lacks = format!("it does not allow {}{more}", names.join(", "));
    let lacks = (!names.is_empty()).then_some(lacks);
    let because = answer.because.iter().map(|&reason| reason.to_owned());
    let reasons: Vec<String> = lacks.into_iter().chain(because).collect();
    let reasons = reasons.join("; ");
    format!("torch.load(weights_only=True) refuses this file: {reasons}")
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
