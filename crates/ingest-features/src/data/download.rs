//! Downloads objects from S3 to local files.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use aws_common::ObjectUrl;
use flow_engine::{InvalidInput, Selection, Skipped, SourcePlan};
use terminal_text::Failure;

use super::locations::S3Data;
use crate::objects::{Listed, Objects};

/// Maximum length of a local file name, in bytes. File systems allow at least 255.
const MAX_NAME: usize = 200;

/// The files of one source, each with its object's URL, sorted by key.
#[derive(Debug, Default)]
pub(super) struct Downloaded {
    pub(super) files: Vec<(PathBuf, ObjectUrl)>,
    pub(super) skipped: Skipped,
}

/// Downloads data into a new folder.
pub(super) async fn download<O: Objects>(
    source: &SourcePlan,
    data: &S3Data,
    folder: &Path,
    objects: &O,
) -> Result<Downloaded, Failure> {
    fs::create_dir(folder).map_err(|error| not_stored(&error))?;
    let path = new_path(folder, 0, &data.url)?;
    if download_object(data, &path, objects).await? {
        let files = vec![(path, data.url.clone())];
        return Ok(Downloaded { files, ..Downloaded::default() });
    }
    download_folder(source, &data.url, folder, objects).await
}

/// Downloads the object with exactly this URL and version into a new file. Returns `false` if the URL is
/// a folder's, or if there is no such object.
///
/// # Errors
///
/// [`Failure`] if the object has no such version, or if it cannot be downloaded.
pub(crate) async fn download_object<O: Objects>(
    S3Data { url, version }: &S3Data,
    path: &Path,
    objects: &O,
) -> Result<bool, Failure> {
    let is_folder = version.is_none() && (url.key().is_empty() || url.key().ends_with('/'));
    if is_folder {
        return Ok(false);
    }
    let downloaded = objects.download(url, version.as_deref(), path).await?;
    match version {
        Some(version) if !downloaded => Err(Failure::new(
            format!("the object {url} has no version {version}"),
            "check that the version was not deleted; to read the current one, use `latest` as the \
             version",
        )),
        _ => Ok(downloaded),
    }
}

/// Returns a folder's URL, and the objects below it.
///
/// # Errors
///
/// [`Failure`] if there are none, or if S3 cannot be reached.
pub(crate) async fn list_folder<O: Objects>(
    url: &ObjectUrl,
    objects: &O,
) -> Result<(ObjectUrl, Vec<Listed>), Failure> {
    let prefix = match url.key() {
        "" => String::new(),
        key if key.ends_with('/') => key.to_owned(),
        key => format!("{key}/"),
    };
    let prefix = url.with_key(&prefix).map_err(|error| Failure::new(error, "use a shorter key"))?;
    let listed = objects.list(&prefix).await?;
    if listed.is_empty() {
        return Err(nothing_there(url, &prefix, objects).await);
    }
    Ok((prefix, listed))
}

/// Downloads the objects below a URL that the source reads.
async fn download_folder<O: Objects>(
    source: &SourcePlan,
    url: &ObjectUrl,
    folder: &Path,
    objects: &O,
) -> Result<Downloaded, Failure> {
    let mut downloaded = Downloaded::default();
    let (prefix, listed) = list_folder(url, objects).await?;
    let mut selection = Selection::new(source);
    for (number, Listed { url, size }) in (1..).zip(&listed) {
        let Some(name) = url.key().strip_prefix(prefix.key()) else { continue };
        let reads = selection.reads(name, *size).map_err(|folder| {
            let path = format!("{prefix}…/{folder}");
            invalid(InvalidInput::Partition { dataset: source.dataset.clone(), path })
        })?;
        if reads {
            let path = new_path(folder, number, url)?;
            if objects.download(url, None, &path).await? {
                downloaded.files.push((path, url.clone()));
            }
        }
    }
    downloaded.skipped = selection.skipped();
    if downloaded.files.is_empty() {
        let (dataset, path) = (source.dataset.clone(), prefix.to_string());
        let skipped = downloaded.skipped;
        return Err(invalid(InvalidInput::NoFile { dataset, path, skipped }));
    }
    Ok(downloaded)
}

pub(super) fn invalid(error: InvalidInput) -> Failure {
    Failure::new(error, "use --input to name a file or a folder with data")
}

/// Creates a numbered folder, and returns the path of a file in it. The name is the end of the key,
/// whose extension says whether the data is gzip. The number keeps files of different keys apart.
fn new_path(folder: &Path, number: usize, url: &ObjectUrl) -> Result<PathBuf, Failure> {
    let folder = folder.join(format!("{number:08}"));
    fs::create_dir(&folder).map_err(|error| not_stored(&error))?;
    let name = url.key().rsplit('/').next().unwrap_or_default();
    let start = (name.len().saturating_sub(MAX_NAME)..name.len())
        .find(|start| name.is_char_boundary(*start))
        .unwrap_or_default();
    let name = &name[start..];
    Ok(folder.join(if matches!(name, "" | "." | "..") { "object" } else { name }))
}

/// Returns the failure for a URL without objects. Names an object with a similar key, if there is one.
async fn nothing_there<O: Objects>(url: &ObjectUrl, prefix: &ObjectUrl, objects: &O) -> Failure {
    let problem = format!("there is neither an object {url} nor one below {prefix}");
    let similar = match url.key() {
        "" => None,
        _ => objects.list(url).await.ok().and_then(|listed| listed.into_iter().next()),
    };
    match similar {
        Some(Listed { url: similar, .. }) => Failure::new(
            format!(
                "{problem}; {similar} begins with the same characters, but a prefix must end at a folder's slash"
            ),
            "name a folder that ends with /, or one object",
        ),
        None => Failure::new(problem, "check the spelling of the bucket and the key"),
    }
}

pub(super) fn not_stored(error: &io::Error) -> Failure {
    let folder = std::env::temp_dir();
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free up space there, or set TMPDIR to another folder"
        }
        _ => "set TMPDIR to a writable folder",
    };
    Failure::new(format!("the data cannot be stored below {}: {error}", folder.display()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_gets_its_own_file() {
        let parent = tempfile::TempDir::new().unwrap();
        let long = format!("x/{}.csv.gz", "데".repeat(100));
        let keys =
            ["a/b c.csv", "a/b c.csv", "/a", "../a", "a/../../b", "..", "a/..", "a/.", "a/", &long];
        for (number, key) in keys.into_iter().enumerate() {
            let url: ObjectUrl = format!("s3://bucket-a/{key}").parse().unwrap();
            let path = new_path(parent.path(), number, &url).unwrap();
            fs::write(&path, key).unwrap();
            assert_eq!(path.parent().and_then(Path::parent), Some(parent.path()), "{key}");
            assert_eq!(path.extension(), Path::new(key).extension(), "{key}");
        }
    }
}
