//! What decompressors have in common.

use std::io::{self, BufRead, Read};

use super::input::Input;

/// A decompressor at work.
pub(super) type Decompressor = Box<dyn Read + Send>;

/// One compression method.
pub(super) struct Codec {
    /// The name in messages.
    pub(super) name: &'static str,
    /// Starts to decompress. The number is the length that the container recorded for the result,
    /// which some methods need to know where to stop.
    pub(super) begin: fn(Input, Option<u64>) -> io::Result<Decompressor>,
}

/// A decompressor that stops behind one compressed stream and gives the input back.
pub(super) trait Single: Read + Send {
    /// The input, exactly behind what was decompressed.
    fn into_input(self: Box<Self>) -> Input;
}

/// How streams of one method follow one another: `cat a.gz b.gz` is a valid file, and so are zero
/// bytes between and behind them.
pub(super) struct Chain {
    /// Starts one stream.
    pub(super) begin: fn(Input) -> io::Result<Box<dyn Single>>,
    /// Whether another stream starts with these bytes.
    pub(super) starts: fn(&[u8]) -> bool,
}

impl Chain {
    /// Decompresses the first stream and every further one.
    pub(super) fn read(&'static self, input: Input) -> io::Result<Decompressor> {
        Ok(Box::new(ChainReader {
            chain: self,
            current: Some((self.begin)(input)?),
        }))
    }
}

struct ChainReader {
    chain: &'static Chain,
    /// Nothing behind the last stream and after an error: decompressors must not be asked again.
    current: Option<Box<dyn Single>>,
}

impl ChainReader {
    fn next(&self, mut input: Input) -> io::Result<Option<Box<dyn Single>>> {
        loop {
            let held = input.fill_buf()?;
            let zeros = held.iter().take_while(|&&byte| byte == 0).count();
            if zeros == 0 || held.is_empty() {
                break;
            }
            input.consume(zeros);
        }
        if (self.chain.starts)(input.peek(16)?) {
            (self.chain.begin)(input).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl Read for ChainReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(mut current) = self.current.take() {
            match current.read(buffer) {
                Ok(0) => self.current = self.next(current.into_input())?,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                outcome => {
                    self.current = Some(current);
                    return outcome;
                }
            }
        }
        Ok(0)
    }
}
