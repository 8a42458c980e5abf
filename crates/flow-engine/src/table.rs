//! The rows of a running plan: named columns in chunks, with the origin of each row.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter;
use rayon::prelude::*;

use super::context::{Context, Fault};
use super::output::{Chunk, Origin};

/// The number of rows in a chunk. A chunk's column fits a core's cache.
pub(super) const CHUNK_ROWS: usize = 16_384;

/// Rows with named, typed columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) fields: Vec<ColumnDef>,
    pub(super) chunks: Vec<RowChunk>,
}

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnDef {
    pub(super) name: String,
    pub(super) kind: DataType,
}

/// A part of a table's rows.
#[derive(Debug, Clone)]
pub(super) struct RowChunk {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) origins: Arc<[Origin]>,
}

impl ColumnDef {
    pub(super) fn new(name: impl Into<String>, kind: DataType) -> Self {
        Self { name: name.into(), kind }
    }
}

impl RowChunk {
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Keeps the rows for which `keep` is true.
    pub(super) fn filter(&self, keep: &BooleanArray) -> Result<Self, Fault> {
        let columns = self.columns.iter().map(|column| filter(column, keep));
        let origins = self.origins.iter().zip(keep.values()).filter(|(_, keep)| *keep);
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            origins: origins.map(|(origin, _)| *origin).collect(),
        })
    }
}

impl Table {
    /// Returns the position of the column with exactly this name.
    pub(super) fn column(&self, name: &str) -> Result<usize, Fault> {
        let position = self.fields.iter().position(|field| field.name == name);
        position.ok_or_else(|| Fault::Problem(self.missing(name)))
    }

    /// Describes a missing column. Does not show the existing names: without a header, they can be
    /// data.
    pub(super) fn missing(&self, name: &str) -> String {
        let hint = match self.fields.iter().position(|field| looks_like(&field.name, name)) {
            Some(at) => format!(
                "; the name of column {} differs only in case, spaces or invisible characters",
                at + 1
            ),
            None => String::new(),
        };
        let (name, columns) = (name.escape_debug(), self.fields.len());
        format!("there is no column `{name}` among the {columns} columns{hint}")
    }

    pub(super) fn rows(&self) -> usize {
        self.chunks.iter().map(RowChunk::len).sum()
    }

    /// Returns the chunks of a column.
    pub(super) fn chunks_of(&self, column: usize) -> impl Iterator<Item = &ArrayRef> {
        self.chunks.iter().map(move |rows| &rows.columns[column])
    }

    /// Computes a value for each chunk, on all cores.
    pub(super) fn map_chunks<T: Send>(
        &self,
        context: &Context,
        compute: impl Fn(&RowChunk) -> Result<T, Fault> + Sync,
    ) -> Result<Vec<T>, Fault> {
        let compute = |rows| {
            context.check()?;
            compute(rows)
        };
        self.chunks.par_iter().map(compute).collect()
    }

    /// Sets a column, as Spark's `withColumn` does. Replaces and renames all columns with this
    /// name, ignoring case. If there are none, appends the column.
    pub(super) fn set(
        mut self,
        name: &str,
        kind: &DataType,
        context: &Context,
        compute: impl Fn(&RowChunk) -> Result<ArrayRef, Fault> + Sync,
    ) -> Result<Self, Fault> {
        let arrays = self.map_chunks(context, compute)?;
        let replaced: Vec<_> =
            (0..self.fields.len()).filter(|i| same_name(&self.fields[*i].name, name)).collect();
        let column = ColumnDef::new(name, kind.clone());
        if replaced.is_empty() {
            self.fields.push(column);
        } else {
            for at in &replaced {
                self.fields[*at] = column.clone();
            }
        }
        for (rows, array) in self.chunks.iter_mut().zip(arrays) {
            if replaced.is_empty() {
                rows.columns.push(array);
            } else {
                for at in &replaced {
                    rows.columns[*at] = Arc::clone(&array);
                }
            }
        }
        Ok(self)
    }

    /// Selects the columns at these positions, in this order.
    pub(super) fn select(self, positions: &[usize]) -> Self {
        let fields = positions.iter().map(|at| self.fields[*at].clone()).collect();
        let chunks = self.chunks.into_iter().map(|rows| RowChunk {
            columns: positions.iter().map(|at| Arc::clone(&rows.columns[*at])).collect(),
            origins: rows.origins,
        });
        Self { fields, chunks: chunks.collect() }
    }

    /// Keeps the rows for which `keep` returns true.
    pub(super) fn filter(
        self,
        context: &Context,
        keep: impl Fn(&RowChunk) -> Result<BooleanArray, Fault> + Sync,
    ) -> Result<Self, Fault> {
        let chunks = self.map_chunks(context, |rows| rows.filter(&keep(rows)?))?;
        let chunks = chunks.into_iter().filter(|rows| rows.len() > 0).collect();
        Ok(Self { fields: self.fields, chunks })
    }

    /// Rejects duplicate names. Spark's column names are case-insensitive, so later steps could not
    /// tell such columns apart.
    pub(super) fn check_names(&self) -> Result<(), Fault> {
        let mut names = HashSet::new();
        match self.fields.iter().find(|field| !names.insert(field.name.to_lowercase())) {
            None => Ok(()),
            Some(twice) => Err(Fault::Problem(format!(
                "the result has two columns named `{}` (names are case-insensitive); rename or drop \
                 one of them first",
                twice.name
            ))),
        }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        let fields = self.fields.iter().map(|f| Field::new(&f.name, f.kind.clone(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    pub(super) fn into_chunks(self) -> Result<(SchemaRef, Vec<Chunk>), Fault> {
        let schema = self.schema();
        let mut chunks = Vec::with_capacity(self.chunks.len());
        for rows in self.chunks {
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            let schema = Arc::clone(&schema);
            chunks.push(Chunk {
                records: RecordBatch::try_new_with_options(schema, rows.columns, &options)?,
                origins: rows.origins.to_vec(),
            });
        }
        Ok((schema, chunks))
    }
}

/// Whether two names look alike: they differ only in case, spaces or invisible characters.
pub(super) fn looks_like(left: &str, right: &str) -> bool {
    let seen = |name: &str| {
        let shown = |c: &char| !c.is_whitespace() && c.escape_debug().count() <= 2;
        name.chars().filter(shown).collect::<String>().to_lowercase()
    };
    seen(left) == seen(right)
}

/// Compares column names as Spark does: case-insensitively.
pub(super) fn same_name(left: &str, right: &str) -> bool {
    left == right || left.to_lowercase() == right.to_lowercase()
}
