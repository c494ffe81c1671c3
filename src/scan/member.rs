//! From one input to the pickles inside it: a list of work, never recursion.

use std::{io, sync::Arc};

use super::digest;

use crate::{
    container::{
        self, Anomaly, Budget, Code, Host, Member, MemberKind, Named, Opened, ProblemKind, Sniffed,
        dumb,
    },
    facts::PayloadKind,
    limits::Limits,
    payload,
    pickle::Span,
    report::{MemberPath, Notice, NoticeKind},
    source::{Source, read_range},
};

/// How sure it is that a member is a pickle.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Only running it can tell.
    Perhaps,
    /// It begins as pickles do.
    Likely,
    /// Its container says so.
    Declared,
}

/// A byte range in which some loader finds pickles.
#[derive(Clone)]
pub struct PickleMember {
    /// Its names.
    pub path: MemberPath,
    /// Its bytes.
    pub source: Arc<dyn Source>,
    /// Where in the source the first pickle starts.
    pub start: u64,
    /// Offset of the source's first byte in the file on disk, where it is stored there as it is.
    pub outer: Option<u64>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Which loader is expected to read it.
    pub host: Host,
    /// Whether nobody reads it as anything else.
    pub(super) alone: bool,
    /// Bytes of the source that a container accounts for.
    pub explained: Vec<Span>,
    pub(super) member: Member,
}

/// What the list of work yields.
pub(super) enum Step {
    /// Pickles to follow.
    Pickle(PickleMember),
    /// Something to say about a member.
    Notice(Notice),
    /// A container contradicts itself.
    Anomaly(MemberPath, Option<u64>, Anomaly),
    /// A loader would run code outside of any pickle.
    Code(MemberPath, Option<u64>, Code),
    /// The reader of a text would import this.
    Named(MemberPath, Option<u64>, Named),
    /// A member is of this format.
    Format(MemberPath, &'static str),
    /// A member holds no pickle, and why.
    NoPickle(MemberPath, &'static str),
    /// What is known of the bytes of a member before its pickles are followed.
    Bytes(Bytes),
}

/// The bytes of a member, and what is known of them.
pub(super) struct Bytes {
    /// Which bytes.
    pub(super) whose: Whose,
    /// What a format accounts for, and what stands in them as a member of its own.
    pub(super) explained: Vec<Span>,
}

/// Names the bytes of one member. Two members of an archive may have the same path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Whose {
    pub(super) path: MemberPath,
    /// Offset of the first byte in the file on disk, where it is stored there as it is.
    pub(super) outer: Option<u64>,
    pub(super) length: u64,
}

/// The members of one input that are still to be looked at.
pub(super) struct Members {
    budget: Budget,
    /// Where the values of the input stand, where another file says so.
    index: Vec<dumb::Entry>,
    /// The next one is last.
    work: Vec<Member>,
}

impl Members {
    pub(super) fn new(source: Arc<dyn Source>, limits: &Limits) -> Self {
        Self {
            budget: Budget::new(limits),
            index: Vec::new(),
            work: vec![Member::input(source)],
        }
    }

    /// The same with an index of the values in the input.
    pub(super) fn indexed(self, index: Vec<dumb::Entry>) -> Self {
        Self { index, ..self }
    }

    /// Adds members that were found inside a pickle; they are looked at next.
    pub(super) fn add(&mut self, members: Vec<Member>) {
        self.work.extend(members.into_iter().rev());
    }

    /// Looks at the next member and says everything about it; `false` where none is left.
    pub(super) fn next(&mut self, say: &mut dyn FnMut(Step)) -> bool {
        let Some(member) = self.work.pop() else {
            return false;
        };
        let path = path_of(&member);
        if let Err(error) = self.look(&member, &path, say) {
            say(Step::Notice(unreadable(path, &error)));
        }
        true
    }

    fn look(
        &mut self,
        member: &Member,
        path: &MemberPath,
        say: &mut dyn FnMut(Step),
    ) -> io::Result<()> {
        if !self.index.is_empty() && self.open_indexed(member, path, say)? {
            return Ok(());
        }
        let mut opened = Vec::new();
        let look = container::look(member, &mut self.budget, &mut |found| opened.push(found))?;
        let mut explained = self.sort(member, path, opened, say).explained;
        let mut held = Vec::new();
        let alone = look.readings.len() == 1;
        for reading in look.readings {
            match reading {
                Sniffed::Container(format) => {
                    say(Step::Format(path.clone(), format.name));
                    let mut opened = Vec::new();
                    let emit = &mut |found| opened.push(found);
                    let outcome = format.open(member, &look.source, &mut self.budget, emit);
                    let sorted = self.sort(member, path, opened, say);
                    if sorted.explained.is_empty() {
                        // A format that does not tell its bytes apart accounts for all of them.
                        held.push(whole(&look.source));
                    }
                    held.extend(sorted.held);
                    explained.extend(sorted.explained);
                    outcome?;
                }
                Sniffed::Source => {
                    held.push(whole(&look.source));
                    let code = module(&look.source, path, say)?;
                    say(Step::Code(path.clone(), member.outer, code));
                }
                Sniffed::Pickle(host) => {
                    let declared = matches!(member.kind, MemberKind::Pickle(_));
                    let certainty = if declared {
                        Certainty::Declared
                    } else {
                        Certainty::Likely
                    };
                    let found = (host, certainty, &explained);
                    say(Step::Pickle(pickle(member, path, &look.source, found)));
                }
                Sniffed::PerhapsPickle => {
                    let found = (Host::Plain, Certainty::Perhaps, &explained);
                    let pickle = pickle(member, path, &look.source, found);
                    say(Step::Pickle(PickleMember { alone, ..pickle }));
                }
                Sniffed::NoPickle(why) => {
                    if why != container::UNKNOWN || is_known(member) {
                        held.push(whole(&look.source));
                    }
                    if let Some(notice) = unsearched(member, path, &look.source, why) {
                        say(Step::Notice(notice));
                    }
                    say(Step::NoPickle(path.clone(), why));
                }
                Sniffed::LfsPointer => say(Step::Notice(lfs_pointer(path.clone()))),
                Sniffed::Empty => say(Step::NoPickle(path.clone(), "it is empty")),
            }
        }
        held.extend(explained);
        say(Step::Bytes(Bytes {
            whose: Whose::of(path, &look.source, member.outer),
            explained: held,
        }));
        Ok(())
    }

    /// Opens the input by its index. Returns whether the index explains all of it.
    fn open_indexed(
        &mut self,
        member: &Member,
        path: &MemberPath,
        say: &mut dyn FnMut(Step),
    ) -> io::Result<bool> {
        let index = std::mem::take(&mut self.index);
        let source = container::look(member, &mut self.budget, &mut |_| ())?.source;
        say(Step::Format(path.clone(), dumb::NAME));
        let mut opened = Vec::new();
        let emit = &mut |found| opened.push(found);
        let whole = dumb::open(&source, &index, &mut self.budget, emit)?;
        let sorted = self.sort(member, path, opened, say);
        let explained = [sorted.held, sorted.explained].concat();
        let whose = Whose::of(path, &source, member.outer);
        say(Step::Bytes(Bytes { whose, explained }));
        Ok(whole)
    }

    /// Says what opening brought to light, takes up the members, returns what is explained.
    fn sort(
        &mut self,
        member: &Member,
        path: &MemberPath,
        opened: Vec<Opened>,
        say: &mut dyn FnMut(Step),
    ) -> Sorted {
        let (mut members, mut sorted) = (Vec::new(), Sorted::default());
        for found in opened {
            match found {
                Opened::Member(member) => {
                    sorted.held.extend(member.held);
                    members.push(member);
                }
                Opened::Explained(span) => sorted.explained.push(span),
                Opened::Anomaly(anomaly) => {
                    say(Step::Anomaly(path.clone(), member.outer, anomaly));
                }
                Opened::Code(code) => say(Step::Code(path.clone(), member.outer, code)),
                Opened::Named(named) => say(Step::Named(path.clone(), member.outer, named)),
                Opened::Problem(problem) => {
                    let kind = kind_of(problem.kind);
                    say(Step::Notice(Notice::about(
                        path.clone(),
                        kind,
                        problem.message,
                    )));
                }
            }
        }
        self.add(members);
        sorted
    }
}

/// Says so where some of a member that holds no pickle was not searched.
fn unsearched(
    member: &Member,
    path: &MemberPath,
    source: &Arc<dyn Source>,
    why: &str,
) -> Option<Notice> {
    let (start, end) = container::unsearched(member, source.as_ref(), why)?;
    let message = format!("bytes {start} to {end} were not searched for pickles");
    Some(Notice::about(path.clone(), NoticeKind::Unsearched, message))
}

/// Whether a container says what a member is, so that it need not look like anything.
pub(super) fn is_known(member: &Member) -> bool {
    !member.path.is_empty() && !member.stray
}

/// What opening a member says about its bytes.
#[derive(Default)]
struct Sorted {
    /// What the format accounts for.
    explained: Vec<Span>,
    /// What is a member of its own.
    held: Vec<Span>,
}

impl Whose {
    pub(super) fn of(path: &MemberPath, source: &Arc<dyn Source>, outer: Option<u64>) -> Self {
        Self {
            path: path.clone(),
            outer,
            length: source.len(),
        }
    }
}

fn whole(source: &Arc<dyn Source>) -> Span {
    Span {
        start: 0,
        length: source.len(),
    }
}

/// The text of a module. What is too long to be read is said.
fn module(
    source: &Arc<dyn Source>,
    path: &MemberPath,
    say: &mut dyn FnMut(Step),
) -> io::Result<Code> {
    if source.len() > payload::MOST_BYTES as u64 {
        let message = format!(
            "only the first {} bytes of this module are read",
            payload::MOST_BYTES
        );
        say(Step::Notice(Notice::about(
            path.clone(),
            NoticeKind::Limit,
            message,
        )));
    }
    Ok(Code {
        kind: PayloadKind::Module,
        offset: 0,
        data: read_range(source.as_ref(), 0, payload::MOST_BYTES)?,
    })
}

/// Longest name of a member that is reported as it is, in bytes. Every pickle and finding in the
/// member repeats it.
const LONGEST_NAME: usize = 512;

/// The names of a member, as reports keep them.
pub(super) fn path_of(member: &Member) -> MemberPath {
    MemberPath::new(member.path.iter().map(|name| reported(name.bytes())))
}

/// A name, or the beginning of a long one and the digest of all of it, so that two remain two.
fn reported(name: &[u8]) -> Vec<u8> {
    match name.get(..LONGEST_NAME) {
        Some(beginning) if name.len() > LONGEST_NAME => {
            let digest = format!("… (SHA-256 {})", digest::of(name));
            [beginning, digest.as_bytes()].concat()
        }
        _ => name.to_vec(),
    }
}

fn pickle(
    member: &Member,
    path: &MemberPath,
    source: &Arc<dyn Source>,
    (host, certainty, explained): (Host, Certainty, &Vec<Span>),
) -> PickleMember {
    PickleMember {
        path: path.clone(),
        source: Arc::clone(source),
        start: member.start,
        outer: member.outer,
        certainty,
        host,
        alone: false,
        explained: explained.clone(),
        member: member.clone(),
    }
}

fn kind_of(kind: ProblemKind) -> NoticeKind {
    match kind {
        ProblemKind::Limit => NoticeKind::Limit,
        ProblemKind::Truncated => NoticeKind::Truncated,
        ProblemKind::Damaged => NoticeKind::Damaged,
        ProblemKind::Encrypted => NoticeKind::Encrypted,
        ProblemKind::Unsupported => NoticeKind::Unsupported,
    }
}

fn lfs_pointer(path: MemberPath) -> Notice {
    let message = "not scanned: a Git LFS pointer stands here instead of the file; run `git lfs pull` and scan again";
    Notice::about(path, NoticeKind::LfsPointer, message)
}

/// The notice for an error of reading.
pub(super) fn unreadable(path: MemberPath, error: &io::Error) -> Notice {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Notice::about(path, NoticeKind::Changed, error.to_string()),
        _ => Notice::about(
            path,
            NoticeKind::Unreadable,
            format!("cannot be read: {error}"),
        ),
    }
}

/// Every member of an input in which some loader finds pickles, in order, and what could not be
/// looked at. For showing one pickle, not for judging: pickles inside pickles are not listed.
pub fn pickles(source: Arc<dyn Source>, limits: &Limits) -> (Vec<PickleMember>, Vec<Notice>) {
    let mut members = Members::new(source, limits);
    let (mut pickles, mut notices) = (Vec::new(), Vec::new());
    while members.next(&mut |step| match step {
        Step::Pickle(pickle) => pickles.push(pickle),
        Step::Notice(notice) => notices.push(notice),
        Step::Anomaly(..)
        | Step::Code(..)
        | Step::Named(..)
        | Step::Format(..)
        | Step::NoPickle(..)
        | Step::Bytes(_) => {}
    }) {}
    (pickles, notices)
}
