//! What a pickle holds besides its own instructions: pickles in its bytes and texts, pickles that it
//! hands to a loader, pickles behind it.

use std::{io, sync::Arc};

use super::{
    analyse::Analysed,
    file::{Scanned, Scanner},
    member::PickleMember,
};
use crate::{
    container::{self, Carried, Carrier, Member},
    facts::PayloadKind,
    report::{Notice, NoticeKind},
    source::MemorySource,
};

impl Scanner<'_> {
    /// Whether there is depth left for something inside a pickle; says so where there is none.
    pub(super) fn may_nest(&self, scanned: &mut Scanned, pickle: &PickleMember) -> bool {
        let fits = pickle.path.names().len() < self.limits.depth;
        if !fits {
            let message = format!("nested more than {} deep", self.limits.depth);
            let member = pickle.path.clone();
            scanned.note_once(Notice::about(member, NoticeKind::Limit, message));
        }
        fits
    }

    /// The pickles that a stream carries as data and does not hand to a loader itself.
    pub(super) fn carried(
        &self,
        scanned: &mut Scanned,
        pickle: &PickleMember,
        analysed: &Analysed,
    ) -> Vec<Member> {
        let facts = &analysed.facts;
        if facts.telling.is_empty() {
            return Vec::new();
        }
        let carrier = Carrier {
            telling: &facts.telling,
            cut: facts.telling_cut,
            end: analysed.end(),
            between: &facts.between,
        };
        let found = container::carried(&pickle.member, &pickle.source, &carrier, &self.limits);
        let found = self.taken(scanned, pickle, found);
        let loaded = |member: &Member| {
            let payloads = facts.payloads.iter();
            let mut payloads = payloads.filter(|payload| payload.kind == PayloadKind::Pickle);
            payloads.any(|payload| member.holds(&payload.data))
        };
        found.into_iter().filter(|member| !loaded(member)).collect()
    }

    /// What was found inside a pickle or behind it, as far as there is depth for it. What cannot
    /// be read is noticed where the stream is followed.
    pub(super) fn taken(
        &self,
        scanned: &mut Scanned,
        pickle: &PickleMember,
        found: io::Result<Carried>,
    ) -> Vec<Member> {
        let found = found.unwrap_or_default();
        if let Some(message) = found.left_out {
            let member = pickle.path.clone();
            scanned.note_once(Notice::about(member, NoticeKind::Limit, message));
        }
        match found.members.is_empty() || self.may_nest(scanned, pickle) {
            true => found.members,
            false => Vec::new(),
        }
    }

    /// The pickles that a stream hands to a loader itself.
    pub(super) fn nested(
        &self,
        scanned: &mut Scanned,
        pickle: &PickleMember,
        analysed: &Analysed,
    ) -> Vec<Member> {
        let payloads = analysed.facts.payloads.iter();
        let pickles = payloads.filter(|payload| payload.kind == PayloadKind::Pickle);
        let mut inside = Vec::new();
        for payload in pickles {
            if !self.may_nest(scanned, pickle) {
                break;
            }
            let mut path = pickle.member.path.clone();
            let name = format!("pickle@{}", payload.place.offset);
            path.push(crate::container::MemberName::new(name));
            self.limits.deadline.spend(payload.data.len());
            let source = Arc::new(MemorySource::new(payload.data.clone()));
            inside.push(Member::found(path, source, None));
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        rules::Ruleset,
        scan::{Options, scan_source},
        source::MemorySource,
    };
    use std::sync::Arc;

    /// The members that hold streams of a list of many strings that begin like packed data, with a
    /// pickle that calls something at its end.
    fn members(strings: usize) -> Vec<Vec<u8>> {
        let inner = b"cposix\ngetpid\n(tR.";
        let mut bytes = b"\x80\x04]".to_vec();
        for _ in 0..strings {
            bytes.extend_from_slice(b"C\x0cBZh: no such0");
        }
        bytes.extend([b'C', u8::try_from(inner.len()).unwrap()]);
        bytes.extend_from_slice(inner);
        bytes.extend_from_slice(b"a.");
        let source = Arc::new(MemorySource::new(bytes));
        let options = Options::default();
        let report = scan_source("a".into(), source, &options, Ruleset::builtin());
        let streams = report.files.iter().flat_map(|file| &file.streams);
        streams.map(|stream| stream.member.joined()).collect()
    }

    #[test]
    fn what_a_pickle_carries_is_found_behind_few_and_behind_many_telling_texts() {
        for strings in [0, 3, (1 << 16) - 1, (1 << 16) + 3] {
            let at = 3 + strings * 15 + 2;
            let expected = [Vec::new(), format!("bytes@{at}").into_bytes()];
            assert_eq!(members(strings), expected, "{strings}");
        }
    }
}
