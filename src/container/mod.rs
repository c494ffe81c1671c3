//! Where pickles hide: archives, compressed wrappers and files with a pickle inside.
//!
//! This room turns bytes into [`Member`]s and knows neither opcodes' meaning nor rules. Nothing
//! recurses on input: [`look`] says what a member may be, [`Format::open`] emits the members inside
//! it, and whoever scans keeps the list of work. What a file is, is decided by its content; an
//! extension is never looked at. [`FORMATS`] is the one table that a new format is entered in.

mod bits;
mod budget;
mod carried;
mod carve;
mod codec;
mod database;
mod depths;
mod dtype;
mod embedded;
mod encoding;
mod framed;
mod hdf5;
mod inflate;
mod input;
pub mod joblib;
mod literal;
mod magic;
mod member;
mod msgpack;
mod named;
mod note;
mod npy;
mod packed;
mod padding;
mod records;
mod saved_model;
mod searched;
mod sequence;
mod seven_zip;
mod shuffle;
mod sniff;
mod spelled;
mod tables;
mod tar;
mod text;
pub mod torch_legacy;
mod trial;
mod wide;
mod wrapper;
mod zfile;
mod zip;

use std::{io, sync::Arc};

pub use budget::Budget;
pub use carried::{
    Carried, Carrier, HEAD as CARRIED_HEAD, SHORTEST as SHORTEST_CARRIED, behind, carried, hidden,
    may_carry,
};
pub use database::dumb;
pub use dtype::{Dtype, dtype};
pub use member::{Host, Member, MemberKind, MemberName};
pub use note::{Anomaly, AnomalyKind, Code, Named, Opened, Problem, ProblemKind};
pub use records::Records;
pub use searched::unsearched;
pub use sniff::{Head, Sniffed, UNKNOWN, is_text, sniff};

use crate::{facts::PayloadKind, limits::Limits, source::Source};

/// One kind of container: how it is recognised and how it is opened.
pub struct Format {
    /// The name in reports, such as `zip`.
    pub name: &'static str,
    /// Whether the bytes are of this format, as some loader would decide it.
    pub matches: fn(&Head<'_>) -> bool,
    /// Emits what is inside; see [`Format::open`].
    opener: fn(&mut Opening<'_>) -> io::Result<()>,
}

impl Format {
    /// Emits the members of a container, what is wrong with it, and which bytes it explains.
    ///
    /// `source` is what [`Look::source`] gave for `member`. A limit, a damaged directory or an
    /// encrypted member is emitted as a [`Problem`]; the rest is still emitted.
    ///
    /// # Errors
    /// Only what reading the source reports. Members emitted before that stay valid.
    pub fn open(
        &self,
        member: &Member,
        source: &Arc<dyn Source>,
        limits: &mut Budget,
        emit: &mut dyn FnMut(Opened),
    ) -> io::Result<()> {
        if member.path.len() >= limits.limits().depth {
            let message = format!("nested more than {} deep", limits.limits().depth);
            emit(Opened::Problem(Problem::new(ProblemKind::Limit, message)));
            return Ok(());
        }
        (self.opener)(&mut Opening {
            member,
            source,
            budget: limits,
            emit,
        })
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Every format that is opened. Order is the order in which readings are reported.
pub static FORMATS: &[Format] = &[
    wrapper::gzip::FORMAT,
    wrapper::zlib::FORMAT,
    wrapper::bzip2::FORMAT,
    wrapper::xz::FORMAT,
    wrapper::lzma::FORMAT,
    wrapper::zstd::FORMAT,
    wrapper::lz4::FORMAT,
    wrapper::snappy::FORMAT,
    wrapper::bare::LZ4,
    wrapper::bare::SNAPPY,
    wrapper::bare::BARE_DEFLATE,
    zip::FORMAT,
    npy::FORMAT,
    zfile::FORMAT,
    tar::FORMAT,
    seven_zip::FORMAT,
    database::sqlite::FORMAT,
    database::sqlite::LOG,
    database::gdbm::FORMAT,
    database::berkeley::FORMAT,
    database::lmdb::FORMAT,
    hdf5::FORMAT,
    tables::arrow::FORMAT,
    tables::parquet::FORMAT,
    framed::FORMAT,
    msgpack::FORMAT,
    wrapper::blosc::FORMAT,
    database::zodb::FORMAT,
    sequence::FORMAT,
    saved_model::FORMAT,
    searched::RECORDS,
    searched::JAVA,
    text::JSON,
    text::YAML,
    text::BASE64,
    text::ENCODED,
    text::WIDE,
];

/// Formats that nothing tells but a search of the whole, so they are asked last: a text with values in
/// it, and data of no kind with a pickle in it.
pub static SEARCHED: [&Format; 2] = [&embedded::FORMAT, &searched::HIDING];

/// What an opener works with.
struct Opening<'a> {
    member: &'a Member,
    source: &'a Arc<dyn Source>,
    budget: &'a mut Budget,
    emit: &'a mut dyn FnMut(Opened),
}

impl Opening<'_> {
    fn limits(&self) -> &Limits {
        self.budget.limits()
    }

    /// Emits a member unless the input has had its share of members. `false` means: stop.
    fn member(&mut self, member: Member) -> bool {
        if self.budget.take_member() {
            (self.emit)(Opened::Member(member));
            return true;
        }
        let message = format!("more than {} members", self.limits().members);
        self.problem(ProblemKind::Limit, message);
        false
    }

    fn problem(&mut self, kind: ProblemKind, message: impl Into<String>) {
        (self.emit)(Opened::Problem(Problem::new(kind, message)));
    }

    fn anomaly(&mut self, kind: AnomalyKind, offset: u64, message: impl Into<String>) {
        (self.emit)(Opened::Anomaly(Anomaly {
            kind,
            offset,
            detail: message.into(),
        }));
    }

    /// A code object that a loader would run, outside of any pickle.
    fn code(&mut self, offset: u64, data: Vec<u8>) {
        let kind = PayloadKind::CodeObject;
        (self.emit)(Opened::Code(Code { kind, offset, data }));
    }

    /// A name that the reader of a text imports.
    fn named(&mut self, named: Named) {
        (self.emit)(Opened::Named(named));
    }

    /// The end of what is searched of `length` bytes; says so where that is not all.
    fn searched(&mut self, length: u64) -> u64 {
        let most = self.limits().searched;
        if length > most {
            let message = format!("only the first {most} bytes were searched for pickles");
            self.problem(ProblemKind::Limit, message);
        }
        length.min(most)
    }

    fn explained(&mut self, start: u64, end: u64) {
        let end = end.min(self.source.len());
        if end > start {
            let span = crate::pickle::Span {
                start,
                length: end - start,
            };
            (self.emit)(Opened::Explained(span));
        }
    }
}

/// A member made readable, and every way in which a loader would read it.
pub struct Look {
    /// The bytes of the member, decompressed where it is packed.
    pub source: Arc<dyn Source>,
    /// At least one reading. [`Sniffed::NoPickle`], [`Sniffed::LfsPointer`] and
    /// [`Sniffed::Empty`] stand alone.
    pub readings: Vec<Sniffed>,
}

/// Decompresses a packed member within the budget and says what it may be.
///
/// Problems met while decompressing are emitted; what was decompressed before them is in
/// [`Look::source`] nevertheless, because a loader would have executed it.
///
/// # Errors
/// Only what reading the source reports.
pub fn look(
    member: &Member,
    budget: &mut Budget,
    emit: &mut dyn FnMut(Opened),
) -> io::Result<Look> {
    let source = member.unpack(budget, emit)?;
    let readings = sniff::readings(member, &source)?;
    if matches!(readings.first(), Some(Sniffed::Pickle(_))) {
        member.verify(source.as_ref(), emit)?;
    }
    Ok(Look { source, readings })
}
