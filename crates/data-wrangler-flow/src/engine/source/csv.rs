//! Comma-separated values, as Spark reads them in its PERMISSIVE mode.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use arrow_schema::DataType;
use rayon::prelude::*;

use super::super::context::{Context, Fault};
use super::super::output::{MalformedRow, Origin};
use super::super::table::{CHUNK_ROWS, Column, Rows, Table};
use super::text::{decode, lines, read};
use super::tokenizer::{LineEnd, Tokenizer};

/// Most columns that Spark reads.
const MAX_COLUMNS: usize = 20_480;
/// Most bytes of text in a chunk; Arrow counts a column's bytes with 32 bits.
const CHUNK_BYTES: usize = 64 << 20;
/// Longest record, in bytes, for the same reason.
const MAX_RECORD: usize = 1 << 30;

#[derive(Debug, Clone, Copy)]
pub(super) struct Csv {
    pub(super) header: bool,
    pub(super) delimiter: u8,
    pub(super) multi_line: bool,
}

/// One row's fields, and the line on which it begins.
type Record = (u64, Vec<Vec<u8>>);

/// What the first record of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    names: Vec<String>,
}

struct FileRows {
    head: Head,
    chunks: Vec<(Rows, Vec<MalformedRow>)>,
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

    /// Spark would take the columns by their position, whatever the headers say.
    fn different(self, path: &Path, head: &Head, other: &Path, of_other: &Head) -> Fault {
        let (names, others) = (&head.names, &of_other.names);
        let problem = match names.iter().zip(others).find(|(name, other)| name != other) {
            Some((name, wanted)) if self.header => {
                format!("has the column `{name}` where {} has `{wanted}`", other.display())
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
        let parse = |line: &[u8]| {
            let fields = Tokenizer::new(&decode(line), self.delimiter, LineEnd::None).record();
            fields.unwrap_or_default()
        };
        let mut rest = lines(bytes).peekable();
        let Some((_, line)) = rest.peek() else { return Ok(None) };
        let head = self.head(path, parse(line))?;
        if self.header {
            rest.next();
        }
        let mut groups = vec![Vec::new()];
        let mut size = 0;
        for (number, line) in rest {
            check_size(path, number, line.len())?;
            size += line.len();
            if groups.last().is_some_and(|group| group.len() == CHUNK_ROWS) || size > CHUNK_BYTES {
                groups.push(Vec::new());
                size = line.len();
            }
            if let Some(group) = groups.last_mut() {
                group.push((number, line));
            }
        }
        groups.retain(|group| !group.is_empty());
        let chunks = groups.into_par_iter().map(|group| {
            context.check()?;
            let records = group.into_iter().map(|(number, line)| (number, parse(line)));
            Ok(self.build(file, head.names.len(), records))
        });
        Ok(Some(FileRows { chunks: chunks.collect::<Result<_, Fault>>()?, head }))
    }

    /// Quoted fields may hold line ends, so the text is read from its beginning to its end.
    fn records(
        self,
        path: &Path,
        file: u32,
        bytes: &[u8],
        context: &Context,
    ) -> Result<Option<FileRows>, Fault> {
        let text = decode(bytes);
        let mut tokenizer = Tokenizer::new(&text, self.delimiter, LineEnd::detect(text.as_bytes()));
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
                chunks.push(self.build(file, width, std::mem::take(&mut group)));
                size = 0;
            }
            size += length;
            group.push((line, fields));
        }
        let Some(head) = head else { return Ok(None) };
        if !group.is_empty() {
            chunks.push(self.build(file, head.names.len(), group));
        }
        Ok(Some(FileRows { head, chunks }))
    }

    fn build(
        self,
        file: u32,
        width: usize,
        records: impl IntoIterator<Item = Record>,
    ) -> (Rows, Vec<MalformedRow>) {
        let mut columns: Vec<_> = (0..width).map(|_| StringBuilder::new()).collect();
        let (mut origins, mut malformed) = (Vec::new(), Vec::new());
        for (position, fields) in records {
            let origin = Origin { file, position };
            origins.push(origin);
            if fields.len() != width {
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

fn check_size(path: &Path, line: u64, bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_RECORD {
        return Ok(());
    }
    let problem =
        format!("the record on line {line} has {bytes} bytes, and at most {MAX_RECORD} are read");
    Err(Fault::Data { path: path.to_owned(), problem })
}
