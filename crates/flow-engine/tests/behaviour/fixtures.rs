//! Input files and comparable rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use flow_engine::Output;
use serde_json::{Value, json};

/// A temporary folder, removed on drop.
pub(crate) struct Folder(PathBuf);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("flow-engine-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file to the folder.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the column names.
pub(crate) fn names(output: &Output) -> Vec<&str> {
    output.schema.fields().iter().map(|field| field.name().as_str()).collect()
}

/// Returns the column types in Spark SQL.
pub(crate) fn types(output: &Output) -> Vec<&'static str> {
    let name = |kind: &DataType| match kind {
        DataType::Boolean => "boolean",
        DataType::Int32 => "int",
        DataType::Int64 => "bigint",
        DataType::Float64 => "double",
        DataType::Utf8 => "string",
        DataType::Date32 => "date",
        _ => "other",
    };
    output.schema.fields().iter().map(|field| name(field.data_type())).collect()
}

/// Returns the rows as JSON. Non-finite numbers, dates and times are strings.
pub(crate) fn rows(output: &Output) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for chunk in &output.chunks {
        assert_eq!(chunk.origins.len(), chunk.records.num_rows());
        for row in 0..chunk.records.num_rows() {
            rows.push(chunk.records.columns().iter().map(|column| value(column, row)).collect());
        }
    }
    rows
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Int32 => json!(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            if value.is_nan() {
                json!("NaN")
            } else if value.is_infinite() {
                json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
            } else {
                json!(value)
            }
        }
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        DataType::Date32 => {
            json!(format!("day {}", column.as_primitive::<Date32Type>().value(row)))
        }
        DataType::Timestamp(..) => {
            let time = column.as_primitive::<TimestampMicrosecondType>().value(row);
            json!(format!("time {time}"))
        }
        // Types that tests only compare after a cast.
        _ => json!(null),
    }
}
