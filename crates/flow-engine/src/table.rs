//! Rows while a plan runs: named columns in chunks, and the origin of each row.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter;
use rayon::prelude::*;

use super::context::{Context, Fault};
use super::output::{Chunk, Origin};

/// Rows of a chunk, so that a chunk's columns fit a core's cache.
pub(super) const CHUNK_ROWS: usize = 16_384;

#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) fields: Vec<Column>,
    pub(super) chunks: Vec<Rows>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: DataType,
}

#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) origins: Arc<[Origin]>,
}

impl Column {
    pub(super) fn new(name: impl Into<String>, kind: DataType) -> Self {
        Self { name: name.into(), kind }
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    /// The rows for which `keep` is true.
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
    /// The position of a column whose name is exactly this.
    pub(super) fn column(&self, name: &str) -> Result<usize, Fault> {
        let position = self.fields.iter().position(|field| field.name == name);
        position.ok_or_else(|| Fault::Problem(self.missing(name)))
    }

    /// Says that there is no such column. A file without a header has values where names should be,
    /// so the names that there are, are not shown.
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
        self.chunks.iter().map(Rows::len).sum()
    }

    /// One column's chunks.
    pub(super) fn chunks_of(&self, column: usize) -> impl Iterator<Item = &ArrayRef> {
        self.chunks.iter().map(move |rows| &rows.columns[column])
    }

    /// Computes one value from each chunk, on all cores.
    pub(super) fn map_chunks<T: Send>(
        &self,
        context: &Context,
        compute: impl Fn(&Rows) -> Result<T, Fault> + Sync,
    ) -> Result<Vec<T>, Fault> {
        let compute = |rows| {
            context.check()?;
            compute(rows)
        };
        self.chunks.par_iter().map(compute).collect()
    }

    /// Sets a column, as Spark's `withColumn` does: columns of that name, in whatever case, are
    /// replaced and take the new name; without any, the column becomes the last.
    pub(super) fn set(
        mut self,
        name: &str,
        kind: &DataType,
        context: &Context,
        compute: impl Fn(&Rows) -> Result<ArrayRef, Fault> + Sync,
    ) -> Result<Self, Fault> {
        let arrays = self.map_chunks(context, compute)?;
        let replaced: Vec<_> =
            (0..self.fields.len()).filter(|i| same_name(&self.fields[*i].name, name)).collect();
        let column = Column::new(name, kind.clone());
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

    /// The columns at these positions, in this order.
    pub(super) fn select(self, positions: &[usize]) -> Self {
        let fields = positions.iter().map(|at| self.fields[*at].clone()).collect();
        let chunks = self.chunks.into_iter().map(|rows| Rows {
            columns: positions.iter().map(|at| Arc::clone(&rows.columns[*at])).collect(),
            origins: rows.origins,
        });
        Self { fields, chunks: chunks.collect() }
    }

    /// The rows for which `keep` gives true.
    pub(super) fn filter(
        self,
        context: &Context,
        keep: impl Fn(&Rows) -> Result<BooleanArray, Fault> + Sync,
    ) -> Result<Self, Fault> {
        let chunks = self.map_chunks(context, |rows| rows.filter(&keep(rows)?))?;
        let chunks = chunks.into_iter().filter(|rows| rows.len() > 0).collect();
        Ok(Self { fields: self.fields, chunks })
    }

    /// Spark finds columns by their names in whatever case, so two columns of one name are of no
    /// use to any later step.
    pub(super) fn check_names(&self) -> Result<(), Fault> {
        let mut names = HashSet::new();
        match self.fields.iter().find(|field| !names.insert(field.name.to_lowercase())) {
            None => Ok(()),
            Some(twice) => Err(Fault::Problem(format!(
                "the result has the column `{}` twice (upper and lower case count as one); rename \
                 or drop one of them before",
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

/// Whether two names look alike to people.
pub(super) fn looks_like(left: &str, right: &str) -> bool {
    let seen = |name: &str| {
        let shown = |c: &char| !c.is_whitespace() && c.escape_debug().count() <= 2;
        name.chars().filter(shown).collect::<String>().to_lowercase()
    };
    seen(left) == seen(right)
}

/// Spark compares the names of columns without regard to case.
pub(super) fn same_name(left: &str, right: &str) -> bool {
    left == right || left.to_lowercase() == right.to_lowercase()
}
