//! One input: open it, look at its members, follow their streams, keep what is said.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Options,
    accounts::{self, Accounts},
    analyse::{self, Analysed},
    beside, digest, member,
    member::{Members, PickleMember, Step, Whose},
    shelf, stdin,
    streams::{self, Streams, Taken},
    walk::Input,
    watched::{self, Watched},
    weights_only,
};
use crate::{
    container::{self, Member, dumb},
    facts::Place,
    limits::Limits,
    pickle::Span,
    report::{
        FileReport, Finding, Location, MemberPath, Notice, NoticeKind, RuleInfo, StreamReport,
        number,
    },
    rules::{Match, Ruleset, schema::Confidence},
    source::{FileSource, MemorySource, Source},
};

/// Files up to this many bytes are read at once: as much as is read of the ends of a larger one.
const SMALL: usize = 64 << 10;

thread_local! {
    /// Where a thread reads small files to. One byte more than they have tells that one has grown.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SMALL + 1]);
}

/// Scans one input.
pub(super) struct Scanner<'a> {
    /// With the clock of this input running.
    pub(super) limits: Limits,
    ruleset: &'a Ruleset,
    digests: bool,
    inputs: Option<&'a beside::Inputs<'a>>,
}

/// What is said about one input, and what the rules that were named say about themselves.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) file: FileReport,
    pub(super) rules: BTreeMap<String, RuleInfo>,
    /// What was noted, so that the same is not said twice.
    noted: HashSet<Notice>,
    /// Findings that were not kept, counted.
    dropped: usize,
    /// Facts of all streams so far, counted.
    facts: usize,
    /// What is known of its bytes.
    accounts: Accounts,
}

impl<'a> Scanner<'a> {
    /// Starts the clock.
    pub(super) fn new(options: &Options, ruleset: &'a Ruleset) -> Self {
        let limits = options.limits.starting_now();
        Self {
            limits,
            ruleset,
            digests: options.digests,
            inputs: None,
        }
    }

    /// Says what else is scanned.
    pub(super) fn among(self, inputs: &'a beside::Inputs<'a>) -> Self {
        Self {
            inputs: Some(inputs),
            ..self
        }
    }

    /// Scans one input. Never fails and never panics.
    pub(super) fn input(&self, input: &Input) -> Scanned {
        match input {
            Input::File(path) if self.limits.deadline.was_told() => {
                noticed(path, interrupted(MemberPath::default()))
            }
            Input::Refused(path, notice) => noticed(path, notice.clone()),
            Input::File(path) => match FileSource::open(path) {
                Ok(source) => self.file(path.clone(), source),
                Err(error) => noticed(path, member::unreadable(MemberPath::default(), &error)),
            },
            Input::Stdin => self.stdin(),
        }
    }

    fn file(&self, path: PathBuf, source: FileSource) -> Scanned {
        let index = shelf::index(&path);
        if let Some(bytes) = BUFFER.with_borrow_mut(|buffer| source.at_once(buffer)) {
            let read = bytes.len();
            let units = usize::try_from(read).unwrap_or(SMALL);
            self.limits
                .deadline
                .spend(units.saturating_add(watched::CALL));
            let mut scanned = self.source(path, Arc::new(bytes), index);
            scanned.file.bytes_read = read;
            return scanned;
        }
        let (mut scanned, watched) = self.watched(path, source, index);
        scanned.file.bytes_read = watched.inner().bytes_read();
        if watched.inner().has_changed() {
            let message = "the file changed while it was read; scan it again";
            scanned.note_once(Notice::new(NoticeKind::Changed, message));
        }
        scanned
    }

    /// Scans what the caller has opened.
    pub(super) fn opened(&self, name: PathBuf, source: Arc<dyn Source>) -> Scanned {
        self.watched(name, source, Vec::new()).0
    }

    /// Scans a source; an error of reading it is said whatever became of it.
    fn watched<S: Source + 'static>(
        &self,
        path: PathBuf,
        source: S,
        index: Vec<dumb::Entry>,
    ) -> (Scanned, Arc<Watched<S>>) {
        let watched = Arc::new(Watched::new(source, &self.limits));
        let mut scanned = self.source(path, Arc::clone(&watched) as _, index);
        let failure = watched.failure();
        // Out of time is said by whatever stopped at it.
        let failure = failure.filter(|(kind, _)| *kind != io::ErrorKind::TimedOut);
        if let Some((kind, message)) = failure {
            scanned.note_once(member::unreadable(
                MemberPath::default(),
                &io::Error::new(kind, message),
            ));
        }
        (scanned, watched)
    }

    fn stdin(&self) -> Scanned {
        let path = PathBuf::from("-");
        match stdin::open(self.limits.stdin) {
            Ok(stdin::Stdin::File(source)) => self.file(path, source),
            Ok(stdin::Stdin::Bytes(bytes, notice)) => {
                let length = bytes.len() as u64;
                let source = Arc::new(MemorySource::new(bytes));
                let mut scanned = self.source(path, source, Vec::new());
                scanned.file.bytes_read = length;
                scanned.file.notices.extend(notice);
                scanned
            }
            Err(error) => noticed(&path, member::unreadable(MemberPath::default(), &error)),
        }
    }

    /// Scans bytes. A panic ends this input alone, and what was found before it is kept.
    fn source(&self, path: PathBuf, source: Arc<dyn Source>, index: Vec<dumb::Entry>) -> Scanned {
        let file = FileReport {
            path,
            size: source.len(),
            ..FileReport::default()
        };
        let mut scanned = Scanned {
            file,
            ..Scanned::default()
        };
        self.limits.deadline.allow(scanned.file.size);
        if self.digests {
            scanned.file.sha256 = digest::sha256(source.as_ref());
        }
        let members = Members::new(source, &self.limits).indexed(index);
        guard(&mut scanned, |scanned| self.members(scanned, members));
        scanned.account();
        scanned.settle(self.limits.findings);
        scanned.file.work = self.limits.deadline.spent();
        scanned
    }

    fn members(&self, scanned: &mut Scanned, mut members: Members) {
        let mut nested = 0;
        loop {
            if self.limits.deadline.has_passed() {
                scanned.note_once(self.out_of_time(MemberPath::default()));
                break;
            }
            let mut inside = Vec::new();
            let more = members.next(&mut |step| match step {
                Step::Pickle(pickle) => inside.extend(self.pickle(scanned, &pickle)),
                Step::Notice(notice) => scanned.note_once(notice),
                Step::Anomaly(path, outer, anomaly) => {
                    let found = analyse::container(anomaly, self.ruleset);
                    scanned.keep_matches(found, (&path, outer), usize::MAX);
                }
                Step::Code(path, outer, code) => {
                    let found = analyse::code(code, self.ruleset);
                    scanned.keep_matches(found, (&path, outer), usize::MAX);
                }
                Step::Named(path, outer, named) => {
                    let found = analyse::named(named, self.ruleset);
                    scanned.keep_matches(found, (&path, outer), usize::MAX);
                }
                Step::Format(path, name) => scanned.format(&path, name),
                Step::NoPickle(path, why) => scanned.skip(&path, why),
                Step::Bytes(bytes) => scanned.accounts.enter(bytes),
            });
            nested += inside.len();
            if nested > self.limits.members {
                let message = "more pickles inside pickles than are followed";
                scanned.note_once(Notice::new(NoticeKind::Limit, message));
                inside.clear();
            }
            members.add(inside);
            if !more {
                break;
            }
        }
    }

    /// Follows the streams of a member. Returns the pickles inside them.
    fn pickle(&self, scanned: &mut Scanned, pickle: &PickleMember) -> Vec<Member> {
        let limits = &self.limits;
        let Streams {
            streams,
            no_pickle,
            left_out,
            behind,
            trailing,
            storages,
            explained,
            lacking,
            facts,
        } = streams::follow(
            pickle,
            self.ruleset,
            limits,
            Taken {
                streams: scanned.file.streams.len(),
                facts: scanned.facts,
            },
        );
        scanned.facts = facts;
        match &no_pickle {
            Some(why) => scanned.skip(&pickle.path, why),
            None => scanned.format(&pickle.path, "pickle"),
        }
        if limits.deadline.has_passed() {
            scanned.note_once(self.out_of_time(pickle.path.clone()));
        } else if let Some(message) = left_out {
            let member = pickle.path.clone();
            scanned.note_once(Notice::about(member, NoticeKind::Limit, message));
        }
        for (kind, message) in lacking {
            scanned.note_once(Notice::about(pickle.path.clone(), kind, message));
        }
        if let Some(message) = beside::lacking(&scanned.file.path, &streams, self.inputs) {
            let member = pickle.path.clone();
            scanned.note_once(Notice::about(member, NoticeKind::Elsewhere, message));
        }
        let behind = behind.map(|offset| pickle.member.behind(&pickle.source, offset));
        let storages = storages.into_iter();
        let storages = storages.map(|span| pickle.member.storage(&pickle.source, span));
        let mut inside: Vec<Member> = behind.into_iter().chain(storages).collect();
        if let Some(offset) = trailing {
            let found = container::behind(&pickle.member, &pickle.source, offset, limits);
            inside.extend(self.taken(scanned, pickle, found));
        }
        if no_pickle.is_some() && pickle.alone {
            let found = container::hidden(&pickle.member, &pickle.source, limits);
            inside.extend(self.taken(scanned, pickle, found));
        }
        let whose = Whose::of(&pickle.path, &pickle.source, pickle.outer);
        let known = no_pickle.is_some() && member::is_known(&pickle.member);
        let whole = known.then_some(Span {
            start: 0,
            length: whose.length,
        });
        let held = inside.iter().filter_map(|member| member.held);
        scanned.accounts.pickles(
            whose,
            streams.iter().map(Analysed::span),
            whole.into_iter().chain(explained).chain(held),
        );
        for mut analysed in streams {
            let others = std::mem::take(&mut analysed.others);
            inside.extend(self.carried(scanned, pickle, &analysed));
            if scanned.file.findings.len() > limits.findings.saturating_mul(4) {
                scanned.keep_worst(limits.findings);
            }
            let known = scanned.file.findings.len();
            weights_only::ask(self.ruleset, pickle, &analysed.facts, &mut scanned.file);
            for reading in std::iter::once(analysed).chain(others) {
                inside.extend(self.nested(scanned, pickle, &reading));
                scanned.keep(pickle, reading, known);
            }
        }
        inside
    }

    fn out_of_time(&self, member: MemberPath) -> Notice {
        if self.limits.deadline.was_told() {
            return interrupted(member);
        }
        Notice::about(member, NoticeKind::Limit, self.limits.out_of_time())
    }
}

fn interrupted(member: MemberPath) -> Notice {
    let message = "the run was told to stop; scan it again";
    Notice::about(member, NoticeKind::Interrupted, message)
}

/// Runs `work`; where it panics, says so and keeps what it had found.
fn guard(scanned: &mut Scanned, work: impl FnOnce(&mut Scanned)) {
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut *scanned)));
    if let Err(payload) = outcome {
        let said = payload.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| payload.downcast_ref::<&str>().copied());
        let message = format!(
            "pickscan failed on this file, please report it: {}",
            said.unwrap_or("no message")
        );
        scanned.note_once(Notice::new(NoticeKind::Panic, message));
    }
}

/// An input about which nothing is known but this notice.
fn noticed(path: &Path, notice: Notice) -> Scanned {
    Scanned {
        file: FileReport::noticed(path.to_owned(), notice),
        ..Scanned::default()
    }
}

impl Scanned {
    /// Keeps one reading of a stream and what the rules say about it. Findings from `known` on are
    /// those of other readings of the same stream.
    fn keep(&mut self, pickle: &PickleMember, analysed: Analysed, known: usize) {
        let Analysed {
            facts, judgement, ..
        } = analysed;
        self.keep_matches(judgement.matches, (&pickle.path, pickle.outer), known);
        let stream = StreamReport::new(pickle.path.clone(), facts, &judgement.imports);
        self.file.streams.push(stream);
    }

    /// Keeps what the rules say about a member, given with its offset in the file.
    fn keep_matches(
        &mut self,
        matches: Vec<Match>,
        member: (&MemberPath, Option<u64>),
        known: usize,
    ) {
        for found in matches {
            let info = || rule_info(&found);
            self.rules.entry(found.rule.id.clone()).or_insert_with(info);
            let found = finding(member, found);
            // Another reading of the same bytes mostly finds the same again.
            let same = self.file.findings.get(known..).unwrap_or_default();
            if !same.contains(&found) {
                self.file.findings.push(found);
            }
        }
    }

    /// Adds a notice, unless the very same is there.
    pub(super) fn note_once(&mut self, notice: Notice) {
        if self.noted.insert(notice.clone()) {
            self.file.notices.push(notice);
        }
    }

    /// The format of the input is what it was recognised as first.
    fn format(&mut self, member: &MemberPath, name: &'static str) {
        if member.is_input() && self.file.format.is_empty() {
            self.file.format = name;
        }
    }

    /// Why the input itself is no pickle. Where it is a container, that is no reason.
    fn skip(&mut self, member: &MemberPath, why: &str) {
        if member.is_input() && self.file.format.is_empty() {
            self.file.skipped = Some(why.to_owned());
        }
    }

    /// Orders the findings and drops all but so many of the worst.
    fn keep_worst(&mut self, most: usize) {
        let findings = &mut self.file.findings;
        // Equals stay in the order of the input.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.dropped += findings.len().saturating_sub(most);
        findings.truncate(most);
    }

    /// Sums up what the bytes are.
    fn account(&mut self) {
        let accounting = std::mem::take(&mut self.accounts).settle(self.file.size);
        self.file.accounting = accounting;
        if !self.file.accounting.ranges.is_empty() {
            self.remark();
        }
    }

    /// Says which bytes nothing explains, where a person should know.
    fn remark(&mut self) {
        let findings = self
            .file
            .findings
            .iter()
            .map(|found| &found.location.member);
        let streams = self.file.streams.iter().map(|stream| &stream.member);
        let told: HashSet<_> = findings.cloned().collect();
        let read: HashSet<_> = streams.cloned().collect();
        let told = |member: &MemberPath| told.contains(member) || !read.contains(member);
        for (member, message) in accounts::remarks(&self.file.accounting, told) {
            self.note_once(Notice::about(member, NoticeKind::Unexplained, message));
        }
    }

    /// Orders and numbers the findings, and says why an input without pickles is skipped.
    fn settle(&mut self, most: usize) {
        self.keep_worst(most);
        let file = &mut self.file;
        number(&mut file.findings);
        if self.dropped > 0 {
            let message = format!(
                "{} further findings are not shown; these are the worst",
                self.dropped
            );
            file.notices
                .push(Notice::new(NoticeKind::FindingsDropped, message));
        }
        if !file.streams.is_empty() {
            file.skipped = None;
        } else if file.skipped.is_none() && !file.format.is_empty() {
            file.skipped = Some(format!("nothing in this {} file is a pickle", file.format));
        }
    }
}

fn finding((member, outer): (&MemberPath, Option<u64>), found: Match) -> Finding {
    let location = |place: Place| Location {
        member: member.clone(),
        offset: place.offset,
        opcode: place.opcode,
        outer: outer.map(|outer| outer.saturating_add(place.offset)),
    };
    Finding {
        rule: found.rule.id.clone(),
        severity: found.severity,
        message: found.message,
        symbol: found.symbol,
        location: location(found.place),
        related: found.related.into_iter().map(location).collect(),
        ordinal: 0,
        suppression: None,
    }
}

fn rule_info(found: &Match) -> RuleInfo {
    let rule = &found.rule;
    RuleInfo {
        title: rule.title.clone(),
        severity: Some(rule.severity),
        confidence: confidence(rule.confidence).to_owned(),
        why: rule.why.clone(),
        what_to_do: rule.what_to_do.clone(),
        references: rule.references.clone(),
        tags: rule.tags.clone(),
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn a_panic_is_a_notice_and_loses_nothing() {
        let mut scanned = Scanned::default();
        guard(&mut scanned, |scanned| {
            scanned
                .file
                .findings
                .push(Finding::example(crate::rules::Severity::High));
            panic!("of the test");
        });
        scanned.settle(10);
        assert_eq!(scanned.file.verdict(), Verdict::Dangerous);
        assert!(scanned.file.is_incomplete());
        assert!(
            scanned.file.notices[0]
                .message
                .ends_with("please report it: of the test")
        );
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_incomplete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pkl");
        // Longer than what is read at once, so that the end is read after it is gone.
        let mut bytes = b"\x80\x04cos\nsystem\n(S'id'\ntR".to_vec();
        bytes.extend(b"N0".repeat(1 << 20));
        bytes.push(b'.');
        std::fs::write(&path, &bytes).unwrap();
        let source = FileSource::open(&path).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(1 << 20).unwrap();
        let options = Options::default();
        let ruleset = Ruleset::builtin();
        let scanner = Scanner::new(&options, ruleset);
        let scanned = scanner.file(path, source);
        let kinds: Vec<_> = scanned
            .file
            .notices
            .iter()
            .map(|notice| notice.kind)
            .collect();
        assert!(
            kinds.contains(&NoticeKind::Changed),
            "{:?}",
            scanned.file.notices
        );
        assert!(scanned.file.is_incomplete());
        assert_eq!(scanned.file.verdict(), Verdict::Dangerous);
    }

    #[test]
    fn the_worst_findings_are_kept() {
        let mut scanned = Scanned::default();
        for severity in [crate::rules::Severity::Low, crate::rules::Severity::High] {
            scanned.file.findings.push(Finding::example(severity));
        }
        scanned.settle(1);
        assert_eq!(
            scanned.file.findings[0].severity,
            crate::rules::Severity::High
        );
        assert_eq!(scanned.file.notices[0].kind, NoticeKind::FindingsDropped);
        assert!(!scanned.file.is_incomplete());
    }
}
