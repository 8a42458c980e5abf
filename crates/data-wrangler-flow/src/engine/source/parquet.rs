//! Apache Parquet.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, cast::AsArray, types};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type as PhysicalType};
use rayon::prelude::*;

use super::super::context::{Context, Fault};
use super::super::output::Origin;
use super::super::table::{CHUNK_ROWS, Column, Rows, Table};
use super::super::types::{TIMESTAMP, timestamp};

/// One row group of one file, to be read on one core.
struct Task<'a> {
    path: &'a Path,
    file: u32,
    metadata: ArrowReaderMetadata,
    group: usize,
    /// Rows of the file before this group.
    before: u64,
}

pub(super) fn read(files: &[PathBuf], first: u32, context: &Context) -> Result<Table, Fault> {
    let mut tasks = Vec::new();
    let mut schema: Option<(SchemaRef, &Path)> = None;
    for (file, path) in (first..).zip(files) {
        let metadata = metadata(path)?;
        match &schema {
            None => schema = Some((Arc::clone(metadata.schema()), path)),
            Some((schema, _)) if schema.fields() == metadata.schema().fields() => {}
            Some((_, other)) => {
                let other = other.display();
                let problem = format!(
                    "its columns or their types differ from those of {other}; give all files of a \
                     dataset the same columns"
                );
                return Err(Fault::Data { path: path.clone(), problem });
            }
        }
        let mut before = 0;
        for (group, rows) in metadata.metadata().row_groups().iter().enumerate() {
            tasks.push(Task { path, file, metadata: metadata.clone(), group, before });
            before += u64::try_from(rows.num_rows()).unwrap_or_default();
        }
    }
    let Some((schema, _)) = schema else {
        return Err(Fault::Problem("the dataset has no file".to_owned()));
    };
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Timestamp(..) => TIMESTAMP.clone(),
            kind => kind.clone(),
        };
        Column::new(field.name(), kind)
    });
    let chunks: Vec<_> = tasks.par_iter().map(|task| read_group(task, context)).collect();
    let chunks: Result<Vec<_>, _> = chunks.into_iter().collect();
    Ok(Table { fields: fields.collect(), chunks: chunks?.into_iter().flatten().collect() })
}

fn metadata(path: &Path) -> Result<ArrowReaderMetadata, Fault> {
    // What Arrow's writers note about their own types means nothing to Spark.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let file = open(path)?;
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| bad(path, &error))?;
    for (index, field) in metadata.schema().fields().iter().enumerate() {
        if !is_read(field.data_type()) {
            let (name, kind) = (field.name(), field.data_type());
            let problem = format!("the column `{name}` has the type {kind}, which is not read");
            return Err(Fault::Data { path: path.to_owned(), problem });
        }
        let groups = metadata.metadata().row_groups();
        let mut codecs = groups.iter().map(|group| group.column(index).compression());
        if let Some(codec) = codecs.find_map(foreign) {
            let name = field.name();
            let problem = format!(
                "the column `{name}` is compressed with {codec}, which is not read; use snappy, gzip, \
                 brotli, lz4 or none"
            );
            return Err(Fault::Data { path: path.to_owned(), problem });
        }
        let physical = metadata.metadata().file_metadata().schema_descr().column(index);
        let nanoseconds = matches!(field.data_type(), DataType::Timestamp(TimeUnit::Nanosecond, _));
        if nanoseconds && physical.physical_type() == PhysicalType::INT64 {
            let name = field.name();
            let problem = format!(
                "the column `{name}` holds nanoseconds, which Spark does not read; write microseconds"
            );
            return Err(Fault::Data { path: path.to_owned(), problem });
        }
    }
    Ok(metadata)
}

/// The name of a codec whose library is not in Rust, or that nobody writes.
fn foreign(codec: Compression) -> Option<&'static str> {
    match codec {
        Compression::ZSTD(_) => Some("zstd"),
        Compression::LZO => Some("lzo"),
        _ => None,
    }
}

/// Columns of one value a row; Spark reads unsigned numbers as other types.
fn is_read(kind: &DataType) -> bool {
    use DataType as T;
    matches!(
        kind,
        T::Boolean
            | T::Int8
            | T::Int16
            | T::Int32
            | T::Int64
            | T::Float32
            | T::Float64
            | T::Utf8
            | T::Binary
            | T::Date32
            | T::Timestamp(..)
            | T::Decimal128(..)
    )
}

fn read_group(task: &Task, context: &Context) -> Result<Vec<Rows>, Fault> {
    let builder =
        ParquetRecordBatchReaderBuilder::new_with_metadata(open(task.path)?, task.metadata.clone());
    let reader = builder.with_row_groups(vec![task.group]).with_batch_size(CHUNK_ROWS).build();
    let reader = reader.map_err(|error| bad(task.path, &error))?;
    let mut chunks = Vec::new();
    let mut position = task.before;
    for batch in reader {
        context.check()?;
        let batch = batch.map_err(|error| bad(task.path, &error))?;
        let origins = (0..batch.num_rows()).map(|_| {
            position += 1;
            Origin { file: task.file, position }
        });
        let origins = origins.collect();
        let columns = batch.columns().iter().map(microseconds).collect();
        context.progress.read(batch.num_rows() as u64, batch.get_array_memory_size() as u64);
        chunks.push(Rows { columns, origins });
    }
    Ok(chunks)
}

/// A time in Spark's unit; what is finer is cut off, and a time without a zone is UTC.
fn microseconds(column: &ArrayRef) -> ArrayRef {
    let DataType::Timestamp(unit, _) = column.data_type() else { return Arc::clone(column) };
    match unit {
        TimeUnit::Second => {
            timestamp(column.as_primitive::<types::TimestampSecondType>().iter(), |second| {
                second.saturating_mul(1_000_000)
            })
        }
        TimeUnit::Millisecond => {
            timestamp(column.as_primitive::<types::TimestampMillisecondType>().iter(), |milli| {
                milli.saturating_mul(1_000)
            })
        }
        TimeUnit::Microsecond => {
            timestamp(column.as_primitive::<types::TimestampMicrosecondType>().iter(), |micro| {
                micro
            })
        }
        TimeUnit::Nanosecond => {
            timestamp(column.as_primitive::<types::TimestampNanosecondType>().iter(), |nano| {
                nano.div_euclid(1_000)
            })
        }
    }
}

fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|source| Fault::Unreadable { path: path.to_owned(), source })
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> Fault {
    Fault::Data { path: path.to_owned(), problem: format!("cannot be read as Parquet: {error}") }
}
