//! Drops duplicate rows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, BooleanArray, Float32Array, Float64Array};
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::DataType;

use super::Operator;
use crate::context::{Context, Fault};
use crate::table::{RowChunk, Table};

/// Keeps the first of equal rows. NaN equals NaN, null equals null, and 0.0 equals -0.0.
#[derive(Debug)]
pub(super) struct DropDuplicates;

impl Operator for DropDuplicates {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        let fields = table.fields.iter().map(|field| SortField::new(field.kind.clone()));
        let converter = RowConverter::new(fields.collect())?;
        let normal = table.map_chunks(context, |rows| {
            let columns = rows.columns.iter().map(normalized).collect();
            Ok(RowChunk { columns, origins: Arc::clone(&rows.origins) })
        })?;
        let mut seen: HashSet<OwnedRow> = HashSet::new();
        let mut chunks = Vec::new();
        for rows in normal {
            context.check()?;
            let mut keep = Vec::with_capacity(rows.len());
            if rows.columns.is_empty() {
                // Without columns, all rows are equal.
                keep.extend((0..rows.len()).map(|row| chunks.is_empty() && row == 0));
            } else {
                let encoded = converter.convert_columns(&rows.columns)?;
                keep.extend(encoded.iter().map(|row| seen.insert(row.owned())));
            }
            let rows = rows.filter(&BooleanArray::from(keep))?;
            if rows.len() > 0 {
                chunks.push(rows);
            }
        }
        Ok(Table { fields: table.fields, chunks })
    }
}

/// Normalizes zeros and NaNs, as Spark does in grouping columns.
pub(super) fn normalized(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().iter();
            let values = values.map(|v| v.map(|v| if v.is_nan() { f64::NAN } else { v + 0.0 }));
            Arc::new(values.collect::<Float64Array>())
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().iter();
            let values = values.map(|v| v.map(|v| if v.is_nan() { f32::NAN } else { v + 0.0 }));
            Arc::new(values.collect::<Float32Array>())
        }
        _ => Arc::clone(column),
    }
}
