//! Finds the data of a flow's sources, and downloads it from S3 if necessary.

mod download;
mod locations;
mod temporary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flow_engine::{Inputs, Skipped, SourcePlan};
use terminal_text::Failure;

use download::{Downloaded, download, invalid, not_stored};
pub(crate) use download::{download_object, list_folder};
pub(crate) use locations::{DataLocation, Dataset, Locations, S3Data, locations};
pub(crate) use temporary::TemporaryFolder;

use crate::objects::Objects;

/// The local data. Downloaded files are removed when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) inputs: Inputs,
    /// The S3 URLs of downloaded files.
    names: BTreeMap<PathBuf, String>,
    folder: Option<TemporaryFolder>,
}

/// Finds the files. Downloads those that are in S3.
pub(crate) async fn find<O: Objects>(
    sources: &[SourcePlan],
    places: &Locations,
    objects: Option<&O>,
) -> Result<Data, Failure> {
    let mut data = Data::default();
    for (number, source) in sources.iter().enumerate() {
        let skipped = match (places.get(&source.dataset), objects) {
            (None, _) => continue,
            (Some(DataLocation::Local(path)), _) => {
                data.inputs.find(source, path).map_err(invalid)?
            }
            (Some(DataLocation::S3(place)), Some(objects)) => {
                data.download(number, source, place, objects).await?
            }
            (Some(DataLocation::S3(place)), None) => {
                return Err(Failure::new(format!("{} is in S3", place.url), "use local data"));
            }
        };
        if !skipped.is_empty() {
            tracing::warn!("dataset `{}`: {skipped}", source.dataset);
        }
    }
    Ok(data)
}

impl Data {
    /// Returns a file's name as the user knows it: its S3 URL if it was downloaded.
    pub(crate) fn name(&self, path: &Path) -> String {
        self.names.get(path).cloned().unwrap_or_else(|| path.display().to_string())
    }

    async fn download<O: Objects>(
        &mut self,
        number: usize,
        source: &SourcePlan,
        place: &S3Data,
        objects: &O,
    ) -> Result<Skipped, Failure> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => self.folder.insert(TemporaryFolder::new().map_err(|error| not_stored(&error))?),
        };
        let folder = folder.path().join(number.to_string());
        let Downloaded { files, skipped } = download(source, place, &folder, objects).await?;
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        self.inputs.insert(&source.dataset, paths);
        self.names.extend(files.into_iter().map(|(path, url)| (path, url.to_string())));
        Ok(skipped)
    }
}
