//! Lines that continue a quoted field of the line before, in a file that is read line by line.
//!
//! Spark takes each line for a row of its own, and so a row may begin in the middle of a text. Such
//! rows are found by reading on from a line whose quote is not closed: if that gives one record with
//! as many fields as the header has, all properly quoted, the lines of that record belong together.

use super::tokenizer::{LineEnd, Quotes, Tokenizer};

/// Most lines of one record that are looked for.
const MOST_LINES: usize = 100;
/// So many quotes that are closed nowhere are looked into; a file with more of them is not quoted.
const MOST_FAILURES: usize = 1000;

/// A line's number, from 1, and its bytes, which are a part of the file's.
pub(super) type Line<'a> = (u64, &'a [u8]);

/// The numbers of the lines that continue one of the `unclosed` lines. All lines are in order.
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
