//! Shows the schema and the first rows.

use std::fmt::Write;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::ArrowError;
use flow_engine::Output;

use crate::feature_group::feature_type;

/// Number of rows shown.
const ROWS: usize = 10;
/// Maximum number of characters shown of a value.
const WIDTH: usize = 30;

/// Renders the columns with their types, and the first rows as a table.
///
/// # Errors
///
/// If a column's values cannot be rendered as text.
pub(crate) fn preview(output: &Output, rows: u64) -> Result<String, ArrowError> {
    let mut columns = vec![vec!["column".into(), "type".into(), "feature type".into()]];
    for field in output.schema.fields() {
        let feature = feature_type(field.data_type());
        columns.push(vec![
            short(field.name()),
            field.data_type().to_string(),
            feature.map_or_else(|| "none; cast it".to_owned(), |kind| kind.to_string()),
        ]);
    }
    let mut first = vec![output.schema.fields().iter().map(|field| short(field.name())).collect()];
    let options = FormatOptions::new().with_null("null");
    for chunk in &output.chunks {
        let formatters = chunk.records.columns().iter();
        let formatters: Vec<_> = formatters
            .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
            .collect::<Result<_, _>>()?;
        for row in 0..chunk.records.num_rows().min(ROWS + 1 - first.len()) {
            let values = formatters.iter().map(|column| column.value(row).try_to_string());
            first.push(values.map(|text| text.map(|text| short(&text))).collect::<Result<_, _>>()?);
        }
    }
    let of = if rows == 1 { "row" } else { "rows" };
    Ok(format!("{}\n{}\n{rows} {of}\n", table(&columns), table(&first)))
}

/// Renders a value on one line: truncated, with control characters escaped.
fn short(text: &str) -> String {
    let shown = text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'");
    if shown.chars().count() <= WIDTH {
        return shown;
    }
    shown.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// Renders rows of cells with aligned columns.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    rows.iter().fold(String::new(), |mut text, row| {
        let line = row.iter().zip(&widths).fold(String::new(), |mut line, (cell, width)| {
            // Writing to a `String` cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
            line
        });
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}
