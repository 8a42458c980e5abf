//! Text.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;

/// Returns the value in one row, which must not be null.
pub(super) fn text(array: &dyn Array, row: usize) -> Result<&str, &'static str> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Ok(array.as_string_view().value(row)),
        _ => Err("the value is not text"),
    }
}
