//! Sorts rows.

use arrow_array::Array;
use arrow_row::{RowConverter, SortField};
use arrow_schema::SortOptions;
use arrow_select::interleave::interleave;
use rayon::prelude::*;

use super::drop_duplicates::normalized;
use super::{Built, Operator};
use crate::context::{Context, Fault};
use crate::parameters::Block;
use crate::table::{CHUNK_ROWS, RowChunk, Table};

/// Columns with their direction: true is descending. Null is less than all values, and NaN is
/// greater. The sort is stable.
#[derive(Debug)]
struct Sort {
    by: Vec<(String, bool)>,
}

pub(super) fn build(block: &Block) -> Built {
    let conditions = block.list("conditions")?;
    let conditions = if conditions.is_empty() { vec![block.clone()] } else { conditions };
    let mut by: Vec<(String, bool)> = Vec::new();
    for condition in &conditions {
        let column = condition.needed("sort_by")?.to_owned();
        let descending = match condition.needed("order")? {
            "Ascending" => false,
            "Descending" => true,
            other => return Err(condition.unknown("order", other)),
        };
        if by.iter().any(|(name, _)| *name == column) {
            return Err(format!("{}: `{column}` occurs twice", condition.name("sort_by")));
        }
        by.push((column, descending));
    }
    Ok(Box::new(Sort { by }))
}

impl Operator for Sort {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        let (mut positions, mut fields) = (Vec::new(), Vec::new());
        for (name, descending) in &self.by {
            let position = table.column(name)?;
            let options = SortOptions { descending: *descending, nulls_first: !descending };
            fields.push(SortField::new_with_options(table.fields[position].kind.clone(), options));
            positions.push(position);
        }
        let converter = RowConverter::new(fields)?;
        let keys = table.map_chunks(context, |rows| {
            let columns: Vec<_> =
                positions.iter().map(|at| normalized(&rows.columns[*at])).collect();
            Ok(converter.convert_columns(&columns)?)
        })?;
        let mut order: Vec<(usize, usize)> = Vec::with_capacity(table.rows());
        for (chunk, rows) in table.chunks.iter().enumerate() {
            order.extend((0..rows.len()).map(|row| (chunk, row)));
        }
        let key = |(chunk, row): &(usize, usize)| keys[*chunk].row(*row);
        order.par_sort_by(|left, right| key(left).cmp(&key(right)));
        let chunks = order.par_chunks(CHUNK_ROWS).map(|order| {
            context.check()?;
            let columns = (0..table.fields.len()).map(|column| {
                let arrays: Vec<_> =
                    table.chunks_of(column).map(|array| array as &dyn Array).collect();
                Ok(interleave(&arrays, order)?)
            });
            let origins = order.iter().map(|(chunk, row)| table.chunks[*chunk].origins[*row]);
            Ok(RowChunk {
                columns: columns.collect::<Result<_, Fault>>()?,
                origins: origins.collect(),
            })
        });
        Ok(Table { chunks: chunks.collect::<Result<_, Fault>>()?, fields: table.fields })
    }
}
