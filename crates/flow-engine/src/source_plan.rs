//! The plan of a flow's source nodes.

use super::parameters::Block;
use data_wrangler_flow::{InvalidSource, Node, S3Source};

/// A dataset that the plan reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourcePlan {
    /// The node.
    pub node_id: String,
    /// The dataset's name. [`Inputs`](super::Inputs) finds its files by this name.
    pub dataset: String,
    /// The location of the data when the flow was created: an `s3://bucket/key` or a prefix.
    pub uri: String,
    /// The format of the files.
    pub format: SourceFormat,
    /// Whether to read subfolders.
    pub nested: bool,
    /// Whether to add a column with each row's file name.
    pub filename_column: bool,
}

/// The format of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceFormat {
    /// Comma-separated values. Files that end in `.gz` are decompressed.
    Csv {
        /// Whether the first line names the columns.
        header: bool,
        /// The delimiter between fields.
        delimiter: u8,
        /// Whether quoted fields may contain line breaks.
        multi_line: bool,
        /// The character encoding.
        encoding: Encoding,
    },
    /// Apache Parquet.
    Parquet,
    /// One JSON object on each line. Files that end in `.gz` are decompressed.
    JsonLines,
}

/// The character encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// ISO 8859-1, in which each byte is the code point of a character.
    Latin1,
}

/// Plans a source node.
///
/// # Errors
///
/// The unsupported part of the source.
pub(super) fn read_source(node: &Node) -> Result<SourcePlan, String> {
    let S3Source { dataset, uri, .. } = S3Source::of(node).map_err(|error| match error {
        InvalidSource::NotS3 { kind, .. } => {
            format!("reading from {kind} is not supported; only S3 is")
        }
        error => error.to_string(),
    })?;
    let block = Block::of(node)?.block("dataset_definition")?.block("s3ExecutionContext")?;
    match block.text("s3DataType")? {
        None | Some("S3Prefix") => {}
        Some(other) => return Err(block.unknown("s3DataType", other)),
    }
    let manifest = block.block("s3ManifestPlain")?;
    if manifest
        .get("s3Uris")
        .is_some_and(|uris| uris.as_array().is_none_or(|list| !list.is_empty()))
    {
        return Err(format!("{} is not supported", manifest.name("s3Uris")));
    }
    let format = match block.needed("s3ContentType")?.to_ascii_lowercase().as_str() {
        "csv" => csv(&block)?,
        "parquet" => SourceFormat::Parquet,
        "jsonl" => SourceFormat::JsonLines,
        other => return Err(block.unknown("s3ContentType", other)),
    };
    let node_id = node.id().to_owned();
    let nested = block.flag("s3DirIncludesNested", false)?;
    let filename_column = block.flag("s3AddsFilenameColumn", false)?;
    Ok(SourcePlan { node_id, dataset, uri, format, nested, filename_column })
}

fn csv(block: &Block) -> Result<SourceFormat, String> {
    let encoding = match block.text("s3CsvEncodingType")? {
        None => Encoding::Utf8,
        Some(name) => match name.replace('_', "-").to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Encoding::Utf8,
            "iso-8859-1" | "iso8859-1" | "latin-1" | "latin1" => Encoding::Latin1,
            _ => return Err(block.unknown("s3CsvEncodingType", name)),
        },
    };
    if block.number("s3SkipLines", 0.0)? != 0.0 {
        return Err(format!("{} is not supported", block.name("s3SkipLines")));
    }
    let delimiter = match block.optional("s3FieldDelimiter")?.as_deref() {
        None => b',',
        Some("\\t") => b'\t',
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | b'\\' | 0) => *byte,
            _ => {
                let unknown = block.unknown("s3FieldDelimiter", text);
                return Err(format!("{unknown}; it must be one ASCII character"));
            }
        },
    };
    let header = block.flag("s3HasHeader", false)?;
    let multi_line = block.flag("s3MultiLine", false)?;
    Ok(SourceFormat::Csv { header, delimiter, multi_line, encoding })
}
