//! Finds lines that continue a quoted field of an earlier line, in files without multi-line reading.
//!
//! Spark treats each line as a row, so a row may begin in the middle of a field. To find such rows,
//! this module parses a multi-line record from each line with an unclosed quote. If the record is
//! properly quoted and has as many fields as the header, its lines belong together.

use super::tokenizer::{LineEnd, Quotes, Tokenizer};

/// The maximum number of lines in a record.
const MOST_LINES: usize = 100;
/// The number of failed attempts after which the search stops. Such a file is not quoted.
const MOST_FAILURES: usize = 1000;

/// A line's number, from 1, and its bytes, which are a slice of the file.
pub(super) type Line<'a> = (u64, &'a [u8]);

/// Returns the numbers of the lines that continue one of the `unclosed` lines. All are sorted.
pub(super) fn continued(
    bytes: &[u8],
    lines: &[Line],
    unclosed: impl IntoIterator<Item = u64>,
    (width, delimiter): (usize, u8),
) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    let mut failures = 0;
    let offset = |line: &[u8]| line.as_ptr().addr() - bytes.as_ptr().addr();
    for number in unclosed {
        let is_found = found.last().is_some_and(|last| number <= *last);
        let at = lines.binary_search_by_key(&number, |(number, _)| *number);
        let (false, Ok(at)) = (is_found, at) else { continue };
        let window = &lines[at..lines.len().min(at + MOST_LINES)];
        let Some((_, last)) = window.last() else { continue };
        let from = offset(window[0].1);
        let text = &bytes[from..offset(last) + last.len()];
        let mut tokenizer = Tokenizer::new(text, delimiter, LineEnd::detect(text));
        let fields = tokenizer.record().map_or(0, |fields| fields.len());
        if fields == width && tokenizer.quotes() == Quotes::Proper {
            let end = from + tokenizer.position();
            let rest = window[1..].iter().take_while(|(_, line)| offset(line) < end);
            found.extend(rest.map(|(number, _)| *number));
        } else {
            failures += 1;
            if failures == MOST_FAILURES {
                break;
            }
        }
    }
    found
}
