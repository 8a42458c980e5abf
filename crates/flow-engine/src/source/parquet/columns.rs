//! The columns of Parquet files, and checks that the files of a dataset match.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Compression, Type as PhysicalType};

use super::calendar::{Calendar, Rebase};
use super::{bad, open};
use crate::context::Fault;
use crate::table::ColumnDef;
use crate::types::{TIMESTAMP, sql_name};

/// A file with its metadata loaded.
pub(super) struct File {
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) columns: Vec<FileColumn>,
}

/// A column of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileColumn {
    pub(super) name: String,
    /// The column's type in a table.
    pub(super) kind: DataType,
    /// Whether times have a zone. Spark does not rebase times without a zone.
    zoned: bool,
    pub(super) rebase: Rebase,
    pub(super) int96: bool,
}

impl File {
    /// Reads a file's footer and rejects unsupported columns.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        // Spark ignores the types that Arrow's writers store in the metadata.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let file = open(path)?;
        let metadata =
            ArrowReaderMetadata::load(&file, options.clone()).map_err(|error| bad(path, &error))?;
        let calendar = Calendar::of(metadata.metadata().file_metadata());
        let mut columns = Vec::new();
        for (index, field) in metadata.schema().fields().iter().enumerate() {
            let column = column(&metadata, index, field, calendar);
            let refused = |problem| Fault::Data {
                path: path.to_owned(),
                problem: format!("the column `{}` {problem}", field.name()),
            };
            columns.push(column.map_err(refused)?);
        }
        // By default, Arrow reads 96-bit times as nanoseconds, which only cover 1678 to 2261.
        let metadata = if columns.iter().any(|column| column.int96) {
            let schema = with_int96_as(&metadata, &columns, TimeUnit::Microsecond);
            ArrowReaderMetadata::try_new(
                Arc::clone(metadata.metadata()),
                options.with_schema(Arc::new(schema)),
            )
            .map_err(|error| bad(path, &error))?
        } else {
            metadata
        };
        Ok(Self { metadata, columns })
    }

    /// Returns metadata that reads 96-bit times as seconds, which cover the full range.
    pub(super) fn in_seconds(&self, path: &Path) -> Result<ArrowReaderMetadata, Fault> {
        let schema = with_int96_as(&self.metadata, &self.columns, TimeUnit::Second);
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = Arc::clone(self.metadata.metadata());
        ArrowReaderMetadata::try_new(metadata, options.with_schema(Arc::new(schema)))
            .map_err(|error| bad(path, &error))
    }

    /// Returns the positions of the dataset's columns in this file, by name as in Spark.
    pub(super) fn positions(
        &self,
        path: &Path,
        first: &[FileColumn],
        other: &Path,
    ) -> Result<Vec<usize>, Fault> {
        let other = other.display();
        let refused = |problem: String| Fault::Data {
            path: path.to_owned(),
            problem: format!("{problem}; give all files of a dataset the same columns"),
        };
        let positions = first.iter().map(|expected| {
            let Some(at) = self.columns.iter().position(|column| column.name == expected.name)
            else {
                let name = &expected.name;
                return Err(refused(format!("it has no column `{name}`, but {other} has one")));
            };
            let column = &self.columns[at];
            if column.kind == expected.kind && column.zoned == expected.zoned {
                return Ok(at);
            }
            let (name, has) = (&expected.name, column.type_name());
            Err(refused(format!(
                "its column `{name}` is {has}, but in {other} it is {}",
                expected.type_name()
            )))
        });
        let positions: Vec<_> = positions.collect::<Result<_, _>>()?;
        match (0..self.columns.len()).find(|at| !positions.contains(at)) {
            Some(extra) => {
                let name = &self.columns[extra].name;
                Err(refused(format!("it has a column `{name}`, but {other} has none")))
            }
            None => Ok(positions),
        }
    }
}

impl FileColumn {
    /// Returns the table column.
    pub(super) fn in_table(&self) -> ColumnDef {
        ColumnDef::new(&self.name, self.kind.clone())
    }

    fn type_name(&self) -> String {
        if self.zoned { sql_name(&self.kind) } else { "timestamp without time zone".to_owned() }
    }
}

fn column(
    metadata: &ArrowReaderMetadata,
    index: usize,
    field: &Field,
    calendar: Calendar,
) -> Result<FileColumn, String> {
    let kind = field.data_type();
    if !is_read(kind) {
        return Err(format!("has the type {kind}, which is not supported"));
    }
    let groups = metadata.metadata().row_groups();
    if groups.iter().any(|group| group.column(index).compression() == Compression::LZO) {
        return Err(
            "is compressed with lzo, which is not supported; use snappy, zstd or gzip".to_owned()
        );
    }
    let physical = metadata.metadata().file_metadata().schema_descr().column(index);
    let int96 = physical.physical_type() == PhysicalType::INT96;
    if !int96 && matches!(kind, DataType::Timestamp(TimeUnit::Nanosecond, _)) {
        return Err("holds nanoseconds, which Spark does not read; write microseconds".to_owned());
    }
    let zoned = int96 || !matches!(kind, DataType::Timestamp(_, None));
    let rebase = match kind {
        _ if int96 => calendar.int96,
        DataType::Date32 => calendar.dates,
        DataType::Timestamp(..) if zoned => calendar.dates,
        _ => Rebase::None,
    };
    let kind = match kind {
        DataType::Timestamp(..) => TIMESTAMP.clone(),
        kind => kind.clone(),
    };
    Ok(FileColumn { name: field.name().clone(), kind, zoned, rebase, int96 })
}

fn with_int96_as(metadata: &ArrowReaderMetadata, columns: &[FileColumn], unit: TimeUnit) -> Schema {
    let fields = metadata.schema().fields().iter().zip(columns).map(|(field, column)| {
        let field = field.as_ref().clone();
        if column.int96 { field.with_data_type(DataType::Timestamp(unit, None)) } else { field }
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// Whether the type is supported. Spark reads unsigned numbers as other types.
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
