//! Decompresses, decodes and splits text files.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::signature::foreign;
use crate::context::Fault;

/// File extensions that Spark decompresses and this engine does not.
const OTHER_CODECS: [&str; 6] = ["bz2", "deflate", "lz4", "snappy", "zst", "xz"];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a text file without its UTF-8 byte order mark. Decompresses `.gz` files.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable = |source| Fault::Unreadable { path: path.to_owned(), source };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let refused = |problem: String| Fault::Data { path: path.to_owned(), problem };
    if OTHER_CODECS.contains(&ending) {
        let problem = format!("files compressed as .{ending} are not supported; use gzip or none");
        return Err(refused(problem));
    }
    let mut bytes = Vec::new();
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    if ending == "gz" {
        MultiGzDecoder::new(file).read_to_end(&mut bytes).map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                refused(format!("cannot be read as gzip: {error}; create the file again"))
            }
            _ => unreadable(error),
        })?;
    } else {
        { file }.read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if let Some(problem) = foreign(&bytes) {
        return Err(refused(format!("the file {problem}")));
    }
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(bytes)
}

/// Decodes UTF-8 as Java does: invalid sequences become U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    while let Some(chunk) = rest.utf8_chunks().next() {
        text.push_str(chunk.valid());
        let invalid = &rest[chunk.valid().len()..];
        if invalid.is_empty() {
            break;
        }
        text.push(char::REPLACEMENT_CHARACTER);
        // Java replaces the three bytes of a surrogate with one character.
        let surrogate = matches!(invalid, [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..]);
        rest = &invalid[if surrogate { 3 } else { chunk.invalid().len() }..];
    }
    Cow::Owned(text)
}

/// Returns the lines that are not blank, with their numbers from 1. As in Hadoop, a line ends with
/// `\n`, `\r\n` or `\r`.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = bytes;
    let mut number = 0;
    let lines = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        number += 1;
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = end.unwrap_or(rest.len());
        let line = &rest[..end];
        let skipped = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = rest.get(end + skipped..).unwrap_or_default();
        Some((number, line))
    });
    lines.filter(|(_, line)| line.iter().any(|byte| *byte > b' '))
}
