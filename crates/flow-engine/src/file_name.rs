//! The column with each row's file name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_schema::DataType;

use super::context::{Context, Fault};
use super::table::Table;

const NAME: &str = "_data_source_filename";

/// Adds the column as Data Wrangler does. It holds the URI that Spark gives each row's file.
pub(super) fn add_file_name(
    table: Table,
    files: &[PathBuf],
    first: u32,
    context: &Context,
) -> Result<Table, Fault> {
    let taken = |name: &str| table.fields.iter().any(|field| field.name == name);
    let numbered = (1..).map(|number| format!("{NAME}_{number}"));
    let name = std::iter::once(NAME.to_owned()).chain(numbered).find(|name| !taken(name));
    let addresses = files.iter().map(|path| address(path)).collect::<Result<Vec<_>, _>>()?;
    table.set(&name.unwrap_or_default(), &DataType::Utf8, context, |rows| {
        let names = rows.origins.iter().map(|origin| &addresses[(origin.file - first) as usize]);
        Ok(Arc::new(StringArray::from_iter_values(names)))
    })
}

/// Returns the `file://` URI of a path, escaped like Java's `URI`.
fn address(path: &Path) -> Result<String, Fault> {
    let unreadable = |source| Fault::Unreadable { path: path.to_owned(), source };
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let mut address = String::from("file://");
    for character in absolute.to_string_lossy().chars() {
        let literal = character.is_ascii_alphanumeric()
            || "/_-!.~'()*,;:$&+=@".contains(character)
            || (!character.is_ascii() && !character.is_whitespace() && !character.is_control());
        if literal {
            address.push(character);
        } else {
            let mut bytes = [0; 4];
            let escaped =
                character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}"));
            address.extend(escaped);
        }
    }
    Ok(address)
}
