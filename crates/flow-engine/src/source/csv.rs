//! Comma-separated values, as Spark reads them in its PERMISSIVE mode.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use arrow_schema::DataType;
use rayon::prelude::*;

use super::continued::{Line, continued};
use super::text::{decode, lines, read};
use super::tokenizer::{LineEnd, Quotes, Tokenizer};
use crate::context::{Context, Fault};
use crate::output::{MalformedRow, Origin};
use crate::plan::Encoding;
use crate::table::{CHUNK_ROWS, ColumnDef, RowChunk, Table};

/// Spark's limit of columns.
const MAX_COLUMNS: usize = 20_480;
/// The maximum number of bytes in a chunk. Arrow's 32-bit offsets limit the size of a column.
const CHUNK_BYTES: usize = 64 << 20;
/// The maximum size of a row in bytes, for the same reason.
const MAX_ROW: usize = 1 << 30;

/// U+FFFD, which replaces bytes that cannot be decoded.
const REPLACED: &[u8] = "\u{fffd}".as_bytes();
const UNCLOSED: &str = "a quote is not closed on its line; if fields contain line breaks, turn on \
                        multi-line reading (s3MultiLine) in the flow's source";
const UNCLOSED_IN_FILE: &str = "a quote is never closed";
const CONTINUED: &str = "the line continues a quoted field of an earlier line; turn on multi-line \
                         reading (s3MultiLine) in the flow's source";

#[derive(Debug, Clone, Copy)]
pub(super) struct Csv {
    pub(super) header: bool,
    pub(super) delimiter: u8,
    pub(super) multi_line: bool,
    pub(super) encoding: Encoding,
}

/// A parsed row.
struct CsvRow {
    /// The line on which the row begins.
    line: u64,
    fields: Vec<Vec<u8>>,
    /// Whether a quote is not closed.
    unclosed: bool,
    /// Whether some bytes could not be decoded.
    undecoded: bool,
}

/// The column names of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    names: Vec<String>,
}

/// A chunk with its malformed rows.
type ParsedChunk = (RowChunk, Vec<MalformedRow>);

struct FileRows {
    head: Head,
    chunks: Vec<ParsedChunk>,
}

impl Csv {
    /// Reads the files of a dataset. `first` is the index of its first file in the run.
    pub(super) fn read(
        self,
        files: &[PathBuf],
        first: u32,
        context: &Context,
    ) -> Result<(Table, Vec<MalformedRow>), Fault> {
        let mut head: Option<(Head, &Path)> = None;
        let (mut chunks, mut malformed) = (Vec::new(), Vec::new());
        for (file, path) in (first..).zip(files) {
            context.check()?;
            let Some(rows) = self.read_file(path, file, context)? else { continue };
            match &head {
                None => head = Some((rows.head, path)),
                Some((head, _)) if *head == rows.head => {}
                Some((head, other)) => return Err(self.different(path, &rows.head, other, head)),
            }
            for (rows, bad) in rows.chunks {
                chunks.push(rows);
                malformed.extend(bad);
            }
        }
        let Some((head, _)) = head else {
            let path = files.first().cloned().unwrap_or_default();
            let problem = "the dataset has no lines, so its columns are unknown";
            return Err(Fault::Data { path, problem: problem.to_owned() });
        };
        let fields = head.names.into_iter().map(|name| ColumnDef::new(name, DataType::Utf8));
        Ok((Table { fields: fields.collect(), chunks }, malformed))
    }

    /// Describes a file whose columns differ. Spark would match columns by position and ignore the
    /// headers. Does not show names: without a header, they can be data.
    fn different(self, path: &Path, head: &Head, other: &Path, of_other: &Head) -> Fault {
        let (names, others) = (&head.names, &of_other.names);
        let problem = match names.iter().zip(others).position(|(name, other)| name != other) {
            Some(position) if self.header => {
                let (column, other) = (position + 1, other.display());
                format!("has a different name for column {column} than {other}")
            }
            _ => {
                let (have, has) = (names.len(), others.len());
                format!("has {have} columns, but {} has {has}", other.display())
            }
        };
        let problem = format!("the file {problem}; give all files of a dataset the same columns");
        Fault::Data { path: path.to_owned(), problem }
    }

    fn read_file(
        self,
        path: &Path,
        file: u32,
        context: &Context,
    ) -> Result<Option<FileRows>, Fault> {
        let bytes = read(path)?;
        if is_separator_line(&bytes) {
            let problem =
                "the first line is a `sep=` line, which only Excel understands; remove it";
            return Err(Fault::Data { path: path.to_owned(), problem: problem.to_owned() });
        }
        let rows = if self.multi_line {
            self.read_multi_line(path, file, &bytes, context)?
        } else {
            self.read_lines(path, file, &bytes, context)?
        };
        if let Some(rows) = &rows {
            let count = rows.chunks.iter().map(|(rows, _)| rows.len() as u64).sum();
            context.progress.read(count, bytes.len() as u64);
        }
        Ok(rows)
    }

    /// Reads one row from each line, on all cores.
    fn read_lines(
        self,
        path: &Path,
        file: u32,
        bytes: &[u8],
        context: &Context,
    ) -> Result<Option<FileRows>, Fault> {
        let parse = |(number, line): Line| {
            let (text, undecoded) = self.decoded(line);
            let mut tokenizer = Tokenizer::new(text.as_bytes(), self.delimiter, LineEnd::None);
            let fields = tokenizer.record().unwrap_or_default();
            CsvRow {
                line: number,
                fields,
                unclosed: tokenizer.quotes() == Quotes::Unclosed,
                undecoded,
            }
        };
        let mut all: Vec<Line> = lines(bytes).collect();
        let Some(first) = all.first() else { return Ok(None) };
        let head = self.head(path, parse(*first).fields)?;
        if self.header {
            all.remove(0);
        }
        let mut ends = Vec::new();
        let (mut begin, mut size) = (0, 0);
        for (at, (number, line)) in all.iter().enumerate() {
            check_size(path, *number, line.len())?;
            size += line.len();
            if at - begin == CHUNK_ROWS || size > CHUNK_BYTES {
                ends.push(begin..at);
                (begin, size) = (at, line.len());
            }
        }
        ends.push(begin..all.len());
        ends.retain(|range| !range.is_empty());
        let chunks = ends.into_par_iter().map(|range| {
            context.check()?;
            let rows = all[range].iter().map(|line| parse(*line));
            Ok(self.build(file, head.names.len(), rows, context))
        });
        let mut chunks = chunks.collect::<Result<Vec<ParsedChunk>, Fault>>()?;
        let unclosed = chunks.iter().flat_map(|(_, malformed)| malformed);
        let unclosed = unclosed.filter(|row| row.reason == UNCLOSED).map(|row| row.origin.position);
        let width = head.names.len();
        let unclosed: Vec<_> = unclosed.collect();
        let rest = continued(bytes, &all, unclosed, (width, self.delimiter));
        add_continued(&mut chunks, file, rest);
        Ok(Some(FileRows { head, chunks }))
    }

    /// Decodes text. The flag says whether some bytes could not be decoded.
    fn decoded(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self.encoding {
            Encoding::Utf8 => {
                let text = decode(bytes);
                let undecoded = matches!(text, Cow::Owned(_));
                (text, undecoded)
            }
            Encoding::Latin1 if bytes.is_ascii() => (decode(bytes), false),
            Encoding::Latin1 => (bytes.iter().map(|byte| char::from(*byte)).collect(), false),
        }
    }

    /// Reads rows whose quoted fields may contain line breaks. This requires sequential parsing.
    fn read_multi_line(
        self,
        path: &Path,
        file: u32,
        bytes: &[u8],
        context: &Context,
    ) -> Result<Option<FileRows>, Fault> {
        let (text, undecoded) = self.decoded(bytes);
        let text = text.as_bytes();
        let mut tokenizer = Tokenizer::new(text, self.delimiter, LineEnd::detect(text));
        let mut head = None;
        let mut chunks = Vec::new();
        let mut group: Vec<CsvRow> = Vec::new();
        let mut size = 0;
        while let Some(fields) = tokenizer.record() {
            let line = tokenizer.first_line();
            if head.is_none() {
                head = Some(self.head(path, fields.clone())?);
                if self.header {
                    continue;
                }
            }
            let width = head.as_ref().map_or(0, |head: &Head| head.names.len());
            let length = fields.iter().map(Vec::len).sum();
            check_size(path, line, length)?;
            if group.len() == CHUNK_ROWS || size + length > CHUNK_BYTES {
                context.check()?;
                chunks.push(self.build(file, width, std::mem::take(&mut group), context));
                size = 0;
            }
            size += length;
            let replaced =
                |field: &Vec<u8>| field.windows(REPLACED.len()).any(|bytes| bytes == REPLACED);
            let undecoded = undecoded && fields.iter().any(replaced);
            group.push(CsvRow {
                line,
                fields,
                unclosed: tokenizer.quotes() == Quotes::Unclosed,
                undecoded,
            });
        }
        let Some(head) = head else { return Ok(None) };
        if !group.is_empty() {
            chunks.push(self.build(file, head.names.len(), group, context));
        }
        Ok(Some(FileRows { head, chunks }))
    }

    fn build(
        self,
        file: u32,
        width: usize,
        rows: impl IntoIterator<Item = CsvRow>,
        context: &Context,
    ) -> ParsedChunk {
        let mut columns: Vec<_> = (0..width).map(|_| StringBuilder::new()).collect();
        let (mut origins, mut malformed) = (Vec::new(), Vec::new());
        for CsvRow { line, fields, unclosed, undecoded } in rows {
            let origin = Origin { file, position: line };
            origins.push(origin);
            if undecoded {
                context.note_undecoded(origin);
            }
            if unclosed {
                let reason = if self.multi_line { UNCLOSED_IN_FILE } else { UNCLOSED };
                malformed.push(MalformedRow { origin, reason: reason.to_owned() });
            } else if fields.len() != width {
                let first = if self.header { "header" } else { "first line" };
                let plural = if fields.len() == 1 { "" } else { "s" };
                let reason = format!("{} field{plural}, and the {first} has {width}", fields.len());
                malformed.push(MalformedRow { origin, reason });
            }
            let mut fields = fields.into_iter();
            for column in &mut columns {
                match fields.next() {
                    Some(field) if !field.is_empty() => {
                        column.append_value(String::from_utf8_lossy(&field));
                    }
                    _ => column.append_null(),
                }
            }
        }
        let columns = columns.into_iter().map(|mut column| Arc::new(column.finish()) as ArrayRef);
        (RowChunk { columns: columns.collect(), origins: origins.into() }, malformed)
    }

    /// Returns the column names: those of the header, made unique as in Spark, or `_c0`, `_c1`.
    fn head(self, path: &Path, first: Vec<Vec<u8>>) -> Result<Head, Fault> {
        if first.len() > MAX_COLUMNS {
            let problem = format!(
                "the first line has {} fields; the limit is {MAX_COLUMNS}; check the delimiter",
                first.len()
            );
            return Err(Fault::Data { path: path.to_owned(), problem });
        }
        let first: Vec<_> =
            first.into_iter().map(|f| String::from_utf8_lossy(&f).into_owned()).collect();
        let lower: Vec<_> = first.iter().map(|name| name.to_lowercase()).collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for name in &lower {
            *times.entry(name).or_default() += 1;
        }
        let names = first.iter().zip(&lower).enumerate().map(|(index, (name, lower))| {
            if !self.header || name.is_empty() {
                format!("_c{index}")
            } else if times.get(lower.as_str()).is_some_and(|times| *times > 1) {
                format!("{name}{index}")
            } else {
                name.clone()
            }
        });
        Ok(Head { names: names.collect() })
    }
}

/// Marks lines that continue an earlier line as malformed.
fn add_continued(chunks: &mut [ParsedChunk], file: u32, lines: Vec<u64>) {
    for line in lines {
        let origin = Origin { file, position: line };
        let holds =
            |(rows, _): &ParsedChunk| rows.origins.last().is_some_and(|last| *last < origin);
        let Some((_, malformed)) = chunks.get_mut(chunks.partition_point(holds)) else { continue };
        let row = MalformedRow { origin, reason: CONTINUED.to_owned() };
        match malformed.binary_search_by_key(&origin, |row| row.origin) {
            Ok(at) => malformed[at] = row,
            Err(at) => malformed.insert(at, row),
        }
    }
}

/// Whether the text begins with a line such as `sep=;`, which sets the delimiter in Excel.
fn is_separator_line(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    let line = bytes[..end].strip_prefix(b"\"").unwrap_or(&bytes[..end]);
    let begins = line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"sep="));
    let separators = |byte: &u8| !byte.is_ascii_alphanumeric() && byte.is_ascii();
    begins && line[4..].iter().all(separators)
}

fn check_size(path: &Path, line: u64, bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_ROW {
        return Ok(());
    }
    let problem = format!("the row on line {line} has {bytes} bytes; the limit is {MAX_ROW}");
    Err(Fault::Data { path: path.to_owned(), problem })
}
