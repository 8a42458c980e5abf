//! Copies the uploaded object, or the objects of a folder, into a local folder.

use std::fs;
use std::path::Path;

use terminal_text::Failure;

use crate::data::{S3Data, download_object, list_folder};
use crate::objects::Objects;

/// The name of the copy of one object, without extensions. The object's own name may be one that Spark
/// skips, or takes for a pattern.
const NAME: &str = "data";
/// Maximum length of an extension that the copy keeps, in bytes.
const MAX_EXTENSION: usize = 10;

/// The copied objects.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// The name of the copy of one object; empty for a folder.
    pub(super) name: String,
}

/// Copies the object with this URL and version, or else the objects below the URL.
///
/// # Errors
///
/// [`Failure`] if there is nothing to copy, or if the copy fails.
pub(super) async fn copy<O: Objects>(
    data: &S3Data,
    folder: &Path,
    objects: &O,
) -> Result<Copied, Failure> {
    fs::create_dir_all(folder).map_err(|error| not_written(folder, &error))?;
    let name = name_of_copy(data.url.key());
    let path = folder.join(&name);
    if download_object(data, &path, objects).await? {
        return Ok(Copied { objects: 1, bytes: size(&path)?, name });
    }
    let (prefix, listed) = list_folder(&data.url, objects).await?;
    let mut copied = Copied::default();
    for object in listed.iter().filter(|object| !object.url.key().ends_with('/')) {
        let name = object.url.key().strip_prefix(prefix.key()).unwrap_or_default();
        if !is_path(name) {
            return Err(Failure::new(
                format!("{} cannot be copied to a file of the same name", object.url),
                "rename the object, or name one object as the input",
            ));
        }
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| not_written(parent, &error))?;
        if objects.download(&object.url, None, &path).await? {
            copied.objects += 1;
            copied.bytes += size(&path)?;
        }
    }
    Ok(copied)
}

/// Returns a file name with the key's extensions, which tell the data's format and compression.
fn name_of_copy(key: &str) -> String {
    let file = key.rsplit('/').next().unwrap_or_default();
    let is_extension = |part: &&str| {
        (1..=MAX_EXTENSION).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let parts: Vec<_> = file.split('.').skip(1).collect();
    let from =
        parts.len() - parts.iter().rev().take(2).take_while(|part| is_extension(part)).count();
    let extensions = parts[from..].iter().map(|part| format!(".{part}"));
    format!("{NAME}{}", extensions.collect::<String>())
}

/// Whether a key is also a relative path: no part is empty, too long, or points to a parent folder.
fn is_path(key: &str) -> bool {
    !key.contains('\0')
        && key.split('/').all(|part| !matches!(part, "" | "." | "..") && part.len() <= 255)
}

fn size(path: &Path) -> Result<u64, Failure> {
    fs::metadata(path).map(|file| file.len()).map_err(|error| not_written(path, &error))
}

pub(super) fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()), "use a larger volume_size_gb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_keeps_the_last_extensions() {
        for (key, name) in [
            ("landing/a b+ü.csv", "data.csv"),
            ("a.csv.gz", "data.csv.gz"),
            ("part-0.c000.snappy.parquet", "data.snappy.parquet"),
            ("_hidden", "data"),
            ("a/.csv", "data.csv"),
            ("2026.11.30 features", "data"),
            ("x.{a,b}.csv", "data.csv"),
            ("a/", "data"),
            ("", "data"),
        ] {
            assert_eq!(name_of_copy(key), name, "{key}");
        }
    }

    #[test]
    fn keys_that_are_no_paths_are_not_copied() {
        assert!(is_path("a/b c.csv") && is_path("day=1/ü.csv"));
        for key in ["", "a//b", "../a", "a/./b", "a\0", &"n".repeat(256)] {
            assert!(!is_path(key), "{key}");
        }
    }
}
