//! Spark ML models from an earlier run. The flow stores each as a zipped folder in base 85.

use std::io::{Cursor, Read};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use zip::ZipArchive;

/// The alphabet of Python's `base64.b85encode`.
const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
/// The maximum number of bytes to unpack from one file of a model.
const MAX_FILE: u64 = 64 << 20;

/// The first row of a model's data.
pub(super) struct Model {
    row: RecordBatch,
}

impl Model {
    /// Unpacks a model of the class `org.apache.spark.ml.feature.<class>`. Returns `None` for a
    /// model of another class.
    pub(super) fn decode(encoded: &str, class: &str) -> Result<Option<Self>, String> {
        let zipped = decode_base85(encoded).ok_or("it is not in base 85")?;
        let mut archive =
            ZipArchive::new(Cursor::new(zipped)).map_err(|error| error.to_string())?;
        let metadata = file(&mut archive, "metadata/part-", "")?;
        let metadata: Value =
            serde_json::from_slice(&metadata).map_err(|error| error.to_string())?;
        let class = format!("org.apache.spark.ml.feature.{class}");
        if metadata.get("class").and_then(Value::as_str) != Some(&class) {
            return Ok(None);
        }
        let data = Bytes::from(file(&mut archive, "data/part-", ".parquet")?);
        let reader = ParquetRecordBatchReaderBuilder::try_new(data);
        let mut reader = reader
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|error| error.to_string())?;
        match reader.next() {
            Some(Ok(row)) if row.num_rows() > 0 => Ok(Some(Self { row })),
            Some(Err(error)) => Err(error.to_string()),
            _ => Err("it has no data".to_owned()),
        }
    }

    /// Returns the labels of a `StringIndexerModel` with one column, in order.
    pub(super) fn labels(&self) -> Result<Vec<String>, String> {
        let labels =
            match (self.row.column_by_name("labelsArray"), self.row.column_by_name("labels")) {
                // One array for each column of the indexer. Here, there is one.
                (Some(columns), _) => element(columns).and_then(|columns| element(&columns)),
                (None, Some(labels)) => element(labels),
                (None, None) => None,
            };
        let labels = labels.ok_or("it has no labels")?;
        let texts = labels.as_string_opt::<i32>().ok_or("its labels are not strings")?;
        Ok(texts.iter().map(|label| label.unwrap_or_default().to_owned()).collect())
    }

    /// Returns the only element of a vector, such as the `mean` of a `StandardScalerModel`.
    pub(super) fn number(&self, name: &str) -> Result<f64, String> {
        let wrong = || format!("it has no number `{name}`");
        let vector =
            self.row.column_by_name(name).and_then(|v| v.as_struct_opt()).ok_or_else(wrong)?;
        let values = vector.column_by_name("values").and_then(element).ok_or_else(wrong)?;
        let values = values.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?;
        match values.len() {
            1 => Ok(values.value(0)),
            // A sparse vector omits zeros.
            0 => Ok(0.0),
            _ => Err(format!("its `{name}` has several columns")),
        }
    }
}

/// Returns the list in the first row.
fn element(lists: &ArrayRef) -> Option<ArrayRef> {
    let lists = lists.as_list_opt::<i32>()?;
    (!lists.is_empty() && !lists.is_null(0)).then(|| lists.value(0))
}

/// Reads the first file with this prefix and suffix. Spark's models have one.
fn file(
    archive: &mut ZipArchive<Cursor<Vec<u8>>>,
    start: &str,
    end: &str,
) -> Result<Vec<u8>, String> {
    let names = archive.file_names();
    let matching = names.filter(|name| name.starts_with(start) && name.ends_with(end));
    let name = matching.min().map(str::to_owned);
    let name = name.ok_or_else(|| format!("it has no file {start}*{end}"))?;
    let file = archive.by_name(&name).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Decodes groups of five characters to four bytes. The last group may be shorter.
fn decode_base85(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4 + 4);
    for group in text.as_bytes().chunks(5) {
        let mut value: u64 = 0;
        for index in 0..5 {
            let character = group.get(index).unwrap_or(&b'~');
            let digit = ALPHABET.iter().position(|known| known == character)?;
            value = value * 85 + digit as u64;
        }
        let value = u32::try_from(value).ok()?.to_be_bytes();
        bytes.extend(&value[..group.len().checked_sub(1)?]);
    }
    Some(bytes)
}
