//! Formats that hold no pickle, recognised by their first bytes.
//!
//! A row never decides alone that a file is skipped: a pickle may begin with the bytes of a GIF.
//! [`super::trial`] must have shown that no unpickler gets anywhere with the file; the row then
//! says why the file is no pickle.

use super::bits::{find, u64_le};

/// One format: its name in reports and its first bytes.
struct Row(&'static str, &'static [u8]);

const ROWS: &[Row] = &[
    Row("GGUF", b"GGUF"),
    Row("GGML", b"lmgg"),
    Row("GGML", b"tjgg"),
    Row("PNG image", b"\x89PNG\r\n\x1a\n"),
    Row("JPEG image", b"\xff\xd8\xff"),
    Row("GIF image", b"GIF8"),
    Row("BMP image", b"BM"),
    Row("TIFF image", b"II*\0"),
    Row("TIFF image", b"MM\0*"),
    Row("PDF document", b"%PDF"),
    Row("PostScript document", b"%!PS"),
    Row("ELF program", b"\x7fELF"),
    Row("PE program", b"MZ"),
    Row("Mach-O program", b"\xcf\xfa\xed\xfe"),
    Row("Mach-O program", b"\xce\xfa\xed\xfe"),
    Row("Mach-O program or Java class", b"\xca\xfe\xba\xbe"),
    Row("WebAssembly module", b"\0asm"),
    Row("static library", b"!<arch>\n"),
    Row("RIFF audio, video or image", b"RIFF"),
    Row("Ogg media", b"OggS"),
    Row("FLAC audio", b"fLaC"),
    Row("MP3 audio", b"ID3"),
    Row("Matroska media", b"\x1a\x45\xdf\xa3"),
    Row("Parquet table", b"PAR1"),
    Row("Arrow table", b"ARROW1"),
    Row("Arrow table", b"FEA1"),
    Row("ORC table", b"ORC"),
    Row("Avro data", b"Obj\x01"),
    Row("MATLAB data", b"MATLAB 5.0"),
    Row("NetCDF data", b"CDF\x01"),
    Row("FITS data", b"SIMPLE  ="),
    Row("TrueType font", b"\0\x01\0\0"),
    Row("OpenType font", b"OTTO"),
    Row("WOFF font", b"wOF"),
    Row("Git index", b"DIRC"),
    Row("Git pack", b"PACK"),
    Row("rar archive", b"Rar!\x1a\x07"),
    Row("cabinet archive", b"MSCF"),
    Row("rpm package", b"\xed\xab\xee\xdb"),
    Row("Office document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    Row("XML document", b"<?xml"),
    Row("HTML document", b"<!DOCTYPE"),
    Row("script", b"#!"),
];

/// What [`recognise`] says of a `.pyc` file: a magic number, four zero bytes or flags.
pub(super) const COMPILED_PYTHON: &str = "compiled Python code";

/// Largest JSON header of a safetensors file, by its specification.
const LONGEST_SAFETENSORS_HEADER: u64 = 100_000_000;

/// The name of the format that a file of `length` bytes seems to have.
pub(super) fn recognise(head: &[u8], length: u64) -> Option<&'static str> {
    if is_safetensors(head, length) {
        return Some("safetensors");
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Some("MP4 media");
    }
    if is_compiled_python(head) {
        return Some(COMPILED_PYTHON);
    }
    if is_onnx(head) {
        return Some("ONNX model");
    }
    if head.get(4..8) == Some(b"TFL3") {
        return Some("TensorFlow Lite model");
    }
    // Most rows differ in their first byte, and comparing more of them takes a call each.
    ROWS.iter()
        .find(|Row(_, magic)| head.first() == magic.first() && head.starts_with(magic))
        .map(|Row(name, _)| *name)
}

/// A magic number that ends with a line break, then flags, or before version 3.7 the time of the
/// source, and a code object.
fn is_compiled_python(head: &[u8]) -> bool {
    let code = |at: usize| matches!(head.get(at), Some(0x63 | 0xe3));
    match head {
        [_, 0x0b..=0x0f, b'\r', b'\n', 0..=3, 0, 0, 0, ..] => true,
        [_, _, b'\r', b'\n', ..] => code(8) || code(12),
        _ => false,
    }
}

/// Eight bytes of header length, then a JSON object.
fn is_safetensors(head: &[u8], length: u64) -> bool {
    let header = u64_le(head, 0).unwrap_or(0);
    head.get(8) == Some(&b'{')
        && header >= 2
        && header <= LONGEST_SAFETENSORS_HEADER.min(length.saturating_sub(8))
}

/// A protobuf message whose first field is the IR version and whose second one, the producer, is
/// short text.
fn is_onnx(head: &[u8]) -> bool {
    matches!(head, [0x08, 1..=0x20, 0x12, length, ..] if *length < 64)
        || head.starts_with(b"\x08") && find(head, b"pytorch").is_some()
}

/// What [`text`] says of JSON.
pub(super) const JSON: &str = "JSON text";

/// What [`text`] says of any other text.
pub(super) const TEXT: &str = "text";

/// What kind of text the head is; nothing where it holds bytes that text does not.
pub(super) fn text(head: &[u8], whole: bool) -> Option<&'static str> {
    let cut = match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        // The head may end inside a character; that is no sign of binary data.
        Err(error) if !whole && error.error_len().is_none() => error.valid_up_to(),
        // Some readers of JSON take what is no UTF-8 as well, in strings.
        Err(_) if matches!(head.trim_ascii_start().first(), Some(b'{' | b'[')) => head.len(),
        Err(_) => return None,
    };
    let text = head.get(..cut)?;
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t'..=b'\r' | 0x1b);
    // To the end, whatever is found: so many bytes at once are compared.
    let odd = { text.iter() }.fold(false, |odd, byte| odd | control(byte));
    if text.is_empty() || odd {
        return None;
    }
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Some(JSON),
        _ => Some(TEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safetensors_header_must_fit_the_file() {
        let mut head = 64_u64.to_le_bytes().to_vec();
        head.extend_from_slice(b"{\"__metadata__\":");
        assert_eq!(recognise(&head, 4096), Some("safetensors"));
        assert_eq!(recognise(&head, 32), None);
    }

    #[test]
    fn text_may_be_cut_inside_a_character_but_holds_no_control_bytes() {
        assert_eq!(text("caf\u{e9}".as_bytes(), true), Some("text"));
        assert_eq!(text(b"caf\xc3", false), Some("text"));
        assert_eq!(text(b"caf\xc3", true), None);
        assert_eq!(text(b"a\0b", true), None);
        assert_eq!(text(b" {\"a\": 1}", true), Some("JSON text"));
        assert_eq!(text(b"{\"\xff\": 1}", true), Some("JSON text"));
    }
}
