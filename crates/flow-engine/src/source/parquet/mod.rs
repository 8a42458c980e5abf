//! Apache Parquet.

mod calendar;
mod columns;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::{
    Date32Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Date32Array, cast::AsArray};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use self::calendar::Rebase;
use self::columns::{File, FileColumn};
use super::super::context::{Context, Fault};
use super::super::output::Origin;
use super::super::table::{CHUNK_ROWS, RowChunk, Table};
use super::super::types::timestamps;

const OUT_OF_RANGE: &str = "a time out of range; it must be within 290,000 years of 1970";

/// A row group of a file. Each is read on one core.
struct Task<'a> {
    path: &'a Path,
    file: u32,
    opened: Arc<File>,
    /// The positions of the table's columns in the file.
    positions: Arc<[usize]>,
    group: usize,
    /// The number of rows before this group.
    before: u64,
}

pub(super) fn read(files: &[PathBuf], first: u32, context: &Context) -> Result<Table, Fault> {
    let mut tasks = Vec::new();
    let mut dataset: Option<(Arc<File>, &Path)> = None;
    for (file, path) in (first..).zip(files) {
        let opened = Arc::new(File::open(path)?);
        let (expected, other) = dataset.get_or_insert_with(|| (Arc::clone(&opened), path));
        let positions: Arc<[usize]> = opened.positions(path, &expected.columns, other)?.into();
        let mut before = 0;
        for (group, rows) in opened.metadata.metadata().row_groups().iter().enumerate() {
            let (opened, positions) = (Arc::clone(&opened), Arc::clone(&positions));
            tasks.push(Task { path, file, opened, positions, group, before });
            before += u64::try_from(rows.num_rows()).unwrap_or_default();
        }
    }
    let Some((dataset, _)) = dataset else {
        return Err(Fault::Problem("the dataset has no file".to_owned()));
    };
    let fields = dataset.columns.iter().map(FileColumn::in_table);
    let chunks: Vec<_> = tasks.par_iter().map(|task| task.read(context)).collect();
    let chunks: Result<Vec<_>, _> = chunks.into_iter().collect();
    Ok(Table { fields: fields.collect(), chunks: chunks?.into_iter().flatten().collect() })
}

impl Task<'_> {
    fn read(&self, context: &Context) -> Result<Vec<RowChunk>, Fault> {
        self.check_int96(context)?;
        let mut chunks = Vec::new();
        let mut position = self.before;
        for batch in self.batches(self.opened.metadata.clone(), None)? {
            context.check()?;
            let batch = batch.map_err(|error| bad(self.path, &error))?;
            let origins = (0..batch.num_rows()).map(|_| {
                position += 1;
                Origin { file: self.file, position }
            });
            let origins = origins.collect();
            let columns = self.positions.iter().map(|at| self.column(*at, batch.column(*at)));
            let columns = columns.collect::<Result<_, _>>()?;
            context.progress.read(batch.num_rows() as u64, batch.get_array_memory_size() as u64);
            chunks.push(RowChunk { columns, origins });
        }
        Ok(chunks)
    }

    fn batches(
        &self,
        metadata: ArrowReaderMetadata,
        only: Option<ProjectionMask>,
    ) -> Result<
        impl Iterator<Item = Result<arrow_array::RecordBatch, arrow_schema::ArrowError>>,
        Fault,
    > {
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(open(self.path)?, metadata)
                .with_row_groups(vec![self.group])
                .with_batch_size(CHUNK_ROWS);
        if let Some(only) = only {
            builder = builder.with_projection(only);
        }
        builder.build().map_err(|error| bad(self.path, &error))
    }

    /// Rejects 96-bit times that overflow 64 bits of microseconds, because Arrow would wrap them.
    /// Reads them as seconds, which never overflow.
    fn check_int96(&self, context: &Context) -> Result<(), Fault> {
        let columns = self.opened.columns.iter().enumerate().filter(|(_, column)| column.int96);
        let positions: Vec<_> = columns.map(|(at, _)| at).collect();
        if positions.is_empty() {
            return Ok(());
        }
        let schema = self.opened.metadata.metadata().file_metadata().schema_descr();
        let only = ProjectionMask::roots(schema, positions.iter().copied());
        for batch in self.batches(self.opened.in_seconds(self.path)?, Some(only))? {
            context.check()?;
            let batch = batch.map_err(|error| bad(self.path, &error))?;
            for (column, at) in batch.columns().iter().zip(&positions) {
                let seconds = column.as_primitive::<TimestampSecondType>();
                // Reserves one second for the fraction.
                if seconds.iter().flatten().any(|second| second.abs() >= i64::MAX / 1_000_000) {
                    return Err(self.refused(*at, OUT_OF_RANGE));
                }
            }
        }
        Ok(())
    }

    /// Converts a column to Spark's units and the Gregorian calendar. Times without a zone are UTC.
    fn column(&self, at: usize, array: &ArrayRef) -> Result<ArrayRef, Fault> {
        let rebase = self.opened.columns[at].rebase;
        let converted = match array.data_type() {
            DataType::Date32 if rebase != Rebase::None => {
                let dates = array.as_primitive::<Date32Type>().iter();
                let dates = dates.map(|day| day.map(|day| rebase.date(day)).transpose());
                dates.collect::<Result<Date32Array, _>>().map(|dates| Arc::new(dates) as ArrayRef)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times::<TimestampMicrosecondType>(array, 1, rebase)
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                times::<TimestampMillisecondType>(array, 1_000, rebase)
            }
            _ => Ok(Arc::clone(array)),
        };
        converted.map_err(|problem| self.refused(at, problem))
    }

    fn refused(&self, at: usize, problem: &str) -> Fault {
        let name = &self.opened.columns[at].name;
        let problem = format!("the column `{name}` holds {problem}");
        Fault::Data { path: self.path.to_owned(), problem }
    }
}

fn times<T: ArrowPrimitiveType<Native = i64>>(
    array: &dyn Array,
    microseconds: i64,
    rebase: Rebase,
) -> Result<ArrayRef, &'static str> {
    timestamps(array.as_primitive::<T>().iter().map(|time| {
        let time = time.map(|time| time.checked_mul(microseconds).ok_or(OUT_OF_RANGE));
        time.map(|time| rebase.time(time?)).transpose()
    }))
}

fn open(path: &Path) -> Result<std::fs::File, Fault> {
    std::fs::File::open(path).map_err(|source| Fault::Unreadable { path: path.to_owned(), source })
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> Fault {
    Fault::Data { path: path.to_owned(), problem: format!("cannot be read as Parquet: {error}") }
}
