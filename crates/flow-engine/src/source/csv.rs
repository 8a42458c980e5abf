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
use crate::table::{CHUNK_ROWS, Column, Rows, Table};

/// Most columns that Spark reads.
const MAX_COLUMNS: usize = 20_480;
/// Most bytes of text in a chunk; Arrow counts a column's bytes with 32 bits.
const CHUNK_BYTES: usize = 64 << 20;
/// Longest record, in bytes, for the same reason.
const MAX_RECORD: usize = 1 << 30;

/// U+FFFD, which stands for bytes that could not be decoded.
const REPLACED: &[u8] = "\u{fffd}".as_bytes();
const UNCLOSED: &str = "a quote is opened and not closed on its line; if fields hold line ends, turn \
                        on multi-line reading (s3MultiLine) in the flow's source";
const UNCLOSED_IN_FILE: &str = "a quote is opened and never closed";
const CONTINUED: &str = "the line continues a quoted field of a line before; turn on multi-line \
                         reading (s3MultiLine) in the flow's source";

#[derive(Debug, Clone, Copy)]
pub(super) struct Csv {
    pub(super) header: bool,
    pub(super) delimiter: u8,
    pub(super) multi_line: bool,
    pub(super) encoding: Encoding,
}

/// One row.
struct Record {
    /// The line on which it begins.
    line: u64,
    fields: Vec<Vec<u8>>,
    /// Whether a quote is opened and not closed.
    unclosed: bool,
    /// Whether there are bytes that are not in the file's encoding.
    undecoded: bool,
}

/// What the first record of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    names: Vec<String>,
}

/// Rows, and those among them that do not have the form of their file.
type ChunkRows = (Rows, Vec<MalformedRow>);

struct FileRows {
    head: Head,
    chunks: Vec<ChunkRows>,
}

impl Csv {
    /// Reads files of one dataset; `first` is the number of the first among all files of the run.
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
            let problem = "there is no line in the dataset, so its columns are not known";
            return Err(Fault::Data { path, problem: problem.to_owned() });
        };
        let fields = head.names.into_iter().map(|name| Column::new(name, DataType::Utf8));
        Ok((Table { fields: fields.collect(), chunks }, malformed))
    }

    /// Spark would take the columns by their position, whatever the headers say. A file that has no
    /// header has values where names should be, so none is shown.
    fn different(self, path: &Path, head: &Head, other: &Path, of_other: &Head) -> Fault {
        let (names, others) = (&head.names, &of_other.names);
        let problem = match names.iter().zip(others).position(|(name, other)| name != other) {
            Some(position) if self.header => {
                let (column, other) = (position + 1, other.display());
                format!("has another name for column {column} than {other}")
            }
            _ => {
                let (have, has) = (names.len(), others.len());
                format!("has {have} columns, and {} has {has}", other.display())
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
            self.records(path, file, &bytes, context)?
        } else {
            self.lines(path, file, &bytes, context)?
        };
        if let Some(rows) = &rows {
            let count = rows.chunks.iter().map(|(rows, _)| rows.len() as u64).sum();
            context.progress.read(count, bytes.len() as u64);
        }
        Ok(rows)
    }

    /// A record is a line; lines are parsed on all cores.
    fn lines(
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
            Record {
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
            let records = all[range].iter().map(|line| parse(*line));
            Ok(self.build(file, head.names.len(), records, context))
        });
        let mut chunks = chunks.collect::<Result<Vec<ChunkRows>, Fault>>()?;
        let unclosed = chunks.iter().flat_map(|(_, malformed)| malformed);
        let unclosed = unclosed.filter(|row| row.reason == UNCLOSED).map(|row| row.origin.position);
        let width = head.names.len();
        let unclosed: Vec<_> = unclosed.collect();
        let rest = continued(bytes, &all, unclosed, (width, self.delimiter));
        add_continued(&mut chunks, file, rest);
        Ok(Some(FileRows { head, chunks }))
    }

    /// Text, and whether it has bytes that are not in the file's encoding.
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

    /// Quoted fields may hold line ends, so the text is read from its beginning to its end.
    fn records(
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
        let mut group: Vec<Record> = Vec::new();
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
            group.push(Record {
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
        records: impl IntoIterator<Item = Record>,
        context: &Context,
    ) -> ChunkRows {
        let mut columns: Vec<_> = (0..width).map(|_| StringBuilder::new()).collect();
        let (mut origins, mut malformed) = (Vec::new(), Vec::new());
        for Record { line, fields, unclosed, undecoded } in records {
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
        (Rows { columns: columns.collect(), origins: origins.into() }, malformed)
    }

    /// The names of the columns: those of the header, made unique as Spark does, or `_c0`, `_c1`.
    fn head(self, path: &Path, first: Vec<Vec<u8>>) -> Result<Head, Fault> {
        if first.len() > MAX_COLUMNS {
            let problem = format!(
                "the first line has {} fields, and at most {MAX_COLUMNS} are read; is the delimiter \
                 right?",
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

/// Marks lines that continue another as malformed.
fn add_continued(chunks: &mut [ChunkRows], file: u32, lines: Vec<u64>) {
    for line in lines {
        let origin = Origin { file, position: line };
        let holds = |(rows, _): &ChunkRows| rows.origins.last().is_some_and(|last| *last < origin);
        let Some((_, malformed)) = chunks.get_mut(chunks.partition_point(holds)) else { continue };
        let row = MalformedRow { origin, reason: CONTINUED.to_owned() };
        match malformed.binary_search_by_key(&origin, |row| row.origin) {
            Ok(at) => malformed[at] = row,
            Err(at) => malformed.insert(at, row),
        }
    }
}

/// Whether the text begins with a line such as `sep=;`, which tells Excel the delimiter.
fn is_separator_line(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    let line = bytes[..end].strip_prefix(b"\"").unwrap_or(&bytes[..end]);
    let begins = line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"sep="));
    let separators = |byte: &u8| !byte.is_ascii_alphanumeric() && byte.is_ascii();
    begins && line[4..].iter().all(separators)
}

fn check_size(path: &Path, line: u64, bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_RECORD {
        return Ok(());
    }
    let problem =
        format!("the record on line {line} has {bytes} bytes, and at most {MAX_RECORD} are read");
    Err(Fault::Data { path: path.to_owned(), problem })
}
