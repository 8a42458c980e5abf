//! Writes the flow's output to a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use flow_engine::Output;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// A file to write. Its extension determines the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    path: PathBuf,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Parquet,
}

impl Target {
    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let format = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Format::Csv,
            Some("parquet") => Format::Parquet,
            _ => return Err(format!("`{text}` must end in .parquet or .csv")),
        };
        Ok(Self { path, format })
    }
}

/// Writes all rows. After an error, the file is as it was before.
///
/// # Errors
///
/// If the file cannot be written, or the format does not support a column's type.
pub(crate) fn export(output: &Output, target: &Target) -> Result<(), ArrowError> {
    let mut unfinished = target.path.clone().into_os_string();
    unfinished.push(format!(".{}.part", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = write(output, target.format, &unfinished)
        .and_then(|()| fs::rename(&unfinished, &target.path).map_err(ArrowError::from));
    if written.is_err() {
        // The caller reports the error; the partial file is of no use.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn write(output: &Output, format: Format, path: &Path) -> Result<(), ArrowError> {
    let mut file = BufWriter::new(File::create_new(path)?);
    let batches = output.chunks.iter().map(|chunk| &chunk.records);
    match format {
        Format::Csv => {
            let mut writer = arrow_csv::Writer::new(&mut file);
            // The writer adds the header to the first batch, and there may be none.
            writer.write(&RecordBatch::new_empty(output.schema.clone()))?;
            for batch in batches {
                writer.write(batch)?;
            }
        }
        Format::Parquet => {
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
            let properties = Some(properties.build());
            let mut writer = ArrowWriter::try_new(&mut file, output.schema.clone(), properties)?;
            for batch in batches {
                writer.write(batch)?;
            }
            writer.close()?;
        }
    }
    file.flush()?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(())
}
