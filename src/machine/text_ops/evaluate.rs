//! Which operation is which function, and what its arguments mean.

use super::{
    TextOp, base, case,
    case::Case,
    codecs,
    datum::{Datum, Kind, Run},
    format, inflate, literal, references, repr,
    strings::{self, Ends, From},
};

/// The arguments of one call.
#[derive(Copy, Clone)]
struct Call<'a> {
    arguments: &'a [Datum],
    /// The encoding that the called function is for.
    codec: Option<&'a str>,
    room: usize,
}

impl Call<'_> {
    fn argument(&self, position: usize) -> Option<&Datum> {
        self.arguments.get(position)
    }

    fn run(&self, position: usize) -> Option<&Run> {
        self.argument(position)?.run()
    }

    /// An argument that may be left out or be `None`; the outer option fails.
    #[allow(
        clippy::option_option,
        reason = "left out is another answer than not valid"
    )]
    fn optional_run(&self, position: usize) -> Option<Option<&Run>> {
        match self.argument(position) {
            None | Some(Datum::None) => Some(None),
            Some(other) => other.run().map(Some),
        }
    }

    fn integer_or(&self, position: usize, default: i64) -> Option<i64> {
        self.argument(position)
            .map_or(Some(default), Datum::integer)
    }

    fn at_most(&self, count: usize) -> Option<()> {
        (self.arguments.len() <= count).then_some(())
    }

    /// An argument that is text, as a Rust string.
    #[allow(
        clippy::option_option,
        reason = "left out is another answer than not valid"
    )]
    fn name(&self, position: usize) -> Option<Option<String>> {
        match self.argument(position) {
            None => Some(None),
            Some(other) => other.run()?.string().map(Some),
        }
    }

    /// Bytes, or text of ASCII where the function takes that.
    fn ascii(&self) -> Option<Vec<u8>> {
        self.run(0)?.ascii_or_bytes()
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        self.run(0).filter(|run| !run.is_text())?.narrow()
    }
}

fn bytes(result: Option<Vec<u8>>) -> Option<Datum> {
    Some(Datum::bytes(&result?))
}

/// The result of an operation, exactly as CPython has it, or nothing.
pub(super) fn evaluate(
    op: TextOp,
    codec: Option<&str>,
    arguments: &[Datum],
    room: usize,
) -> Option<Datum> {
    let call = Call {
        arguments,
        codec,
        room,
    };
    method(op, call)
        .or_else(|| conversion(op, call))
        .or_else(|| encoding(op, call))
        .or_else(|| packing(op, call))
}

/// Methods of text and bytes that give text or bytes of the same kind.
fn method(op: TextOp, call: Call<'_>) -> Option<Datum> {
    let run = call.run(0)?;
    let second = || call.run(1);
    let stripped = |ends| strings::strip(run, call.optional_run(1)?, ends);
    let single = |case| case::change(run, case).filter(|_| call.arguments.len() == 1);
    let result = match op {
        TextOp::Join => strings::join(run, call.argument(1)?, call.room),
        TextOp::Concat => strings::concat(run, second()?),
        TextOp::Lower => single(Case::Lower),
        TextOp::Upper => single(Case::Upper),
        TextOp::Title => single(Case::Title),
        TextOp::Swapcase => single(Case::Swap),
        TextOp::Casefold => single(Case::Fold),
        TextOp::Capitalize => single(Case::Capital),
        TextOp::Capwords => case::capital_words(run, call.optional_run(1)?, call.room),
        TextOp::Replace => {
            let count = call.integer_or(3, -1)?;
            strings::replace(run, second()?, call.run(2)?, count, call.room)
        }
        TextOp::Strip => stripped(Ends::Both),
        TextOp::Lstrip => stripped(Ends::Left),
        TextOp::Rstrip => stripped(Ends::Right),
        TextOp::Removeprefix => strings::remove_prefix(run, second()?),
        TextOp::Removesuffix => strings::remove_suffix(run, second()?),
        TextOp::Reverse => Some(run.with(run.units.iter().rev().copied().collect())),
        TextOp::Translate => {
            let delete = call.optional_run(2)?;
            strings::translate(run, call.argument(1)?, delete, call.room)
        }
        TextOp::Repeat => strings::repeat(run, call.argument(1)?.integer()?, call.room),
        TextOp::Format => format::format(run, call.arguments.get(1..)?, None, call.room),
        TextOp::FormatMap => format::format(run, &[], call.argument(1), call.room),
        TextOp::Percent => format::percent(run, call.argument(1)?, call.room),
        _ => None,
    };
    result.map(Datum::Run)
}

/// Functions whose result is of another type than their argument.
fn conversion(op: TextOp, call: Call<'_>) -> Option<Datum> {
    match op {
        // `string.join(words, separator)` of Python 2.
        TextOp::JoinWords => {
            let space = Run::text(" ");
            let separator = call.optional_run(1)?.unwrap_or(&space);
            strings::join(separator, call.argument(0)?, call.room).map(Datum::Run)
        }
        TextOp::Repeat => {
            // `count * text` is the same as `text * count`.
            let count = call.argument(0)?.integer()?;
            strings::repeat(call.run(1)?, count, call.room).map(Datum::Run)
        }
        TextOp::Chr => {
            let code = u32::try_from(call.argument(0)?.integer()?).ok();
            let units = vec![code.filter(|&code| code < 0x11_0000)?];
            Some(Datum::Run(Run {
                kind: Kind::Text,
                units,
            }))
        }
        TextOp::Str => to_str(call),
        TextOp::Bytes => to_bytes(call, Kind::Bytes),
        TextOp::Bytearray => to_bytes(call, Kind::ByteArray),
        TextOp::HexInt => {
            let int = call.argument(0)?.integer()?;
            let sign = if int < 0 { "-" } else { "" };
            Some(Datum::text(&format!("{sign}{:#x}", int.unsigned_abs())))
        }
        TextOp::GetChar => strings::get(call.run(0)?, call.argument(1)?),
        TextOp::Split | TextOp::Rsplit => {
            let from = if op == TextOp::Split {
                From::Left
            } else {
                From::Right
            };
            strings::split(
                call.run(0)?,
                call.optional_run(1)?,
                call.integer_or(2, -1)?,
                from,
            )
        }
        TextOp::Splitlines => {
            let keep_ends = call.argument(1).map_or(Some(false), Datum::truth)?;
            strings::split_lines(call.run(0)?, keep_ends)
        }
        TextOp::Partition => strings::partition(call.run(0)?, call.run(1)?, From::Left),
        TextOp::Rpartition => strings::partition(call.run(0)?, call.run(1)?, From::Right),
        TextOp::LiteralEval => literal::eval(call.run(0)?),
        TextOp::UnescapeHtml => references::unescape_html(call.run(0)?).map(Datum::Run),
        TextOp::UnquoteUrl | TextOp::UnquoteUrlPlus => {
            call.at_most(1)?;
            references::unquote(call.run(0)?, op == TextOp::UnquoteUrlPlus)
        }
        TextOp::UnquoteUrlBytes => references::unquote_bytes(call.run(0)?),
        _ => None,
    }
}

fn to_str(call: Call<'_>) -> Option<Datum> {
    match call.arguments {
        [] => Some(Datum::text("")),
        [value] => repr::str(value).map(Datum::Run),
        _ => decoded(call, 0),
    }
}

fn to_bytes(call: Call<'_>, kind: Kind) -> Option<Datum> {
    let units = match call.arguments {
        [] => Vec::new(),
        [Datum::Run(run)] if !run.is_text() => run.units.clone(),
        // A text needs its encoding.
        [Datum::Run(_)] => return None,
        [Datum::Int(_) | Datum::Bool(_)] => {
            let count = usize::try_from(call.argument(0)?.integer()?).ok()?;
            vec![0; (count <= call.room).then_some(count)?]
        }
        [items] => {
            let items = items.items()?;
            let units = items.iter().map(|item| {
                let unit = u32::try_from(item.integer()?).ok()?;
                (unit < 0x100).then_some(unit)
            });
            units.collect::<Option<_>>()?
        }
        _ => encoded(call)?.run()?.units.clone(),
    };
    Some(Datum::Run(Run { kind, units }))
}

/// `decode(data, encoding, errors)`: the encoding is the argument behind the data, or UTF-8.
fn decoded(call: Call<'_>, position: usize) -> Option<Datum> {
    let encoding = call.name(position + 1)?;
    let errors = call.name(position + 2)?;
    let encoding = encoding.as_deref().unwrap_or("utf-8");
    let run = call.run(position)?;
    codecs::decode(run, encoding, errors.as_deref(), call.room).map(Datum::Run)
}

fn encoded(call: Call<'_>) -> Option<Datum> {
    let encoding = call.name(1)?;
    let errors = call.name(2)?;
    let encoding = encoding.as_deref().unwrap_or("utf-8");
    codecs::encode(call.run(0)?, encoding, errors.as_deref()).map(Datum::Run)
}

/// Between text and its encodings.
fn encoding(op: TextOp, call: Call<'_>) -> Option<Datum> {
    match op {
        // Nothing is text in every encoding, even in those that are none of text.
        TextOp::Decode if call.run(0)?.units.is_empty() => Some(Datum::text("")),
        TextOp::Decode | TextOp::Codec => decoded(call, 0),
        TextOp::Encode => encoded(call),
        TextOp::DecodePair | TextOp::EncodePair => {
            // `codecs.utf_8_decode(data, errors, final)`, which also counts what it took.
            let errors = call.name(1)?;
            let run = call.run(0)?;
            let consumed = i64::try_from(run.units.len()).ok()?;
            let result = match (op, call.codec?) {
                (TextOp::DecodePair, "escape") => {
                    Run::bytes(&literal::unescaped_bytes(&call.ascii()?)?)
                }
                (TextOp::DecodePair, codec) => {
                    codecs::decode(run, codec, errors.as_deref(), call.room)?
                }
                (_, codec) => codecs::encode(run, codec, errors.as_deref())?,
            };
            Some(Datum::Tuple(vec![Datum::Run(result), Datum::Int(consumed)]))
        }
        TextOp::Hex => bytes(Some(base::hex(&call.bytes()?))).filter(|_| call.arguments.len() == 1),
        TextOp::HexUpper => bytes(Some(base::hex_upper(&call.bytes()?))),
        TextOp::HexText => {
            call.at_most(1)?;
            let digits = base::hex(&call.bytes()?);
            Some(Datum::Run(Run::of_bytes(Kind::Text, &digits)))
        }
        TextOp::Unhex => bytes(base::unhex(&call.ascii()?)),
        TextOp::FromHex => bytes(base::from_hex(&call.ascii()?)),
        _ => None,
    }
}

/// Base 64 and its kin, and compressed data.
fn packing(op: TextOp, call: Call<'_>) -> Option<Datum> {
    match op {
        TextOp::Base64Decode | TextOp::UrlsafeBase64Decode => {
            let mut text = call.ascii()?;
            let other_digits = match op {
                TextOp::UrlsafeBase64Decode => Some(*b"-_"),
                _ => other_digits(call)?,
            };
            if let Some(digits) = other_digits {
                base::translate(&mut text, digits, *b"+/");
            }
            let strict = call.argument(2).map_or(Some(false), Datum::truth)?;
            let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
            if strict && !text.iter().all(digit) {
                return None;
            }
            bytes(base::decode_base64(&text))
        }
        TextOp::Base64Encode | TextOp::UrlsafeBase64Encode => {
            let mut text = base::encode_base64(&call.bytes()?);
            let other_digits = match op {
                TextOp::UrlsafeBase64Encode => Some(*b"-_"),
                _ => other_digits(call)?,
            };
            if let Some(digits) = other_digits {
                base::translate(&mut text, *b"+/", digits);
            }
            bytes(Some(text))
        }
        TextOp::Base64EncodeLines => bytes(Some(base::encode_base64_lines(&call.bytes()?))),
        TextOp::Base64EncodeLine => {
            let mut line = base::encode_base64(&call.bytes()?);
            line.push(b'\n');
            bytes(Some(line))
        }
        TextOp::Base32Decode | TextOp::Base32HexDecode => {
            call.at_most(1)?;
            let alphabet = match op {
                TextOp::Base32Decode => base::Alphabet32::Standard,
                _ => base::Alphabet32::ExtendedHex,
            };
            bytes(base::decode_base32(&call.ascii()?, alphabet))
        }
        TextOp::Base85Decode => bytes(base::decode_base85(&call.ascii()?, base::Alphabet85::Git)),
        TextOp::Z85Decode => bytes(base::decode_base85(&call.ascii()?, base::Alphabet85::Zmq)),
        TextOp::Ascii85Decode => {
            call.at_most(1)?;
            bytes(base::decode_ascii85(&call.ascii()?))
        }
        TextOp::ZlibDecompress => {
            let window = call.integer_or(1, 15)?;
            bytes(inflate::zlib(&call.bytes()?, window, call.room))
        }
        TextOp::GzipDecompress => bytes(inflate::gzip(&call.bytes()?, call.room)),
        TextOp::Bz2Decompress => bytes(inflate::bzip2(&call.bytes()?, call.room)),
        TextOp::LzmaDecompress => {
            call.at_most(1)?;
            bytes(inflate::lzma(&call.bytes()?, call.room))
        }
        _ => None,
    }
}

/// The two digits given in place of `+` and `/`.
#[allow(
    clippy::option_option,
    reason = "left out is another answer than not valid"
)]
fn other_digits(call: Call<'_>) -> Option<Option<[u8; 2]>> {
    match call.optional_run(1)? {
        None => Some(None),
        Some(digits) => {
            let digits = digits.ascii_or_bytes()?;
            <[u8; 2]>::try_from(digits.as_slice()).ok().map(Some)
        }
    }
}
