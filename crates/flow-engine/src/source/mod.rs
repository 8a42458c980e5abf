//! Reads datasets.

mod continued;
mod csv;
mod json_lines;
mod not_finite;
mod parquet;
mod signature;
mod text;
mod tokenizer;

use std::path::PathBuf;

use self::csv::Csv;
pub(super) use self::text::decode;
use super::context::{Context, Fault};
use super::file_name::add_file_name;
use super::output::MalformedRow;
use super::plan::{SourceFormat, SourcePlan};
use super::table::Table;

/// Reads a dataset. `first` is the index of its first file in the run.
pub(super) fn read(
    source: &SourcePlan,
    files: &[PathBuf],
    first: u32,
    context: &Context,
) -> Result<(Table, Vec<MalformedRow>), Fault> {
    let (table, malformed) = match source.format {
        SourceFormat::Csv { header, delimiter, multi_line, encoding } => {
            Csv { header, delimiter, multi_line, encoding }.read(files, first, context)?
        }
        SourceFormat::Parquet => (parquet::read(files, first, context)?, Vec::new()),
        SourceFormat::JsonLines => (json_lines::read(files, first, context)?, Vec::new()),
    };
    let table =
        if source.filename_column { add_file_name(table, files, first, context)? } else { table };
    table.check_names()?;
    Ok((table, malformed))
}
