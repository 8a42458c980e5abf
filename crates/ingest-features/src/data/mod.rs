//! Finds the data of a flow's sources, and downloads it from S3 if necessary.

mod download;
mod temporary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_common::ObjectUrl;
use flow_engine::{Inputs, Skipped, SourcePlan};
use terminal_text::Failure;

use download::{Downloaded, download, invalid, not_stored};
use temporary::TemporaryFolder;

use crate::contract::{JobConfig, MlDir};
use crate::location::Location;
use crate::objects::Objects;

/// The location of each source's data, by the dataset's name.
pub(crate) type Locations = BTreeMap<String, Location>;

/// The local data. Downloaded files are removed when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) inputs: Inputs,
    /// The S3 URLs of downloaded files.
    names: BTreeMap<PathBuf, String>,
    folder: Option<TemporaryFolder>,
}

/// Returns the location of each dataset: from the arguments, or else from the job's inputs.
pub(crate) fn locations(
    sources: &[SourcePlan],
    arguments: &[String],
    ml: &MlDir,
    config: Option<&JobConfig>,
) -> Result<Locations, Failure> {
    let datasets: Vec<_> = sources.iter().map(|source| source.dataset.as_str()).collect();
    let mut places = Locations::new();
    for argument in arguments {
        let named = argument.split_once('=').filter(|(name, _)| datasets.contains(name));
        let (dataset, place) = match (named, &datasets[..]) {
            (Some(named), _) => named,
            (None, [only]) => (*only, argument.as_str()),
            (None, _) => {
                let problem = format!(
                    "--input {argument} does not name its dataset; the flow reads {}",
                    list(&datasets)
                );
                return Err(Failure::usage(
                    problem,
                    "use --input <dataset>=<data> for each dataset",
                ));
            }
        };
        let place: Location = place.parse().map_err(|error| {
            Failure::usage(format!("--input: {error}"), "name a file, a folder or an S3 URL")
        })?;
        let place = match place {
            Location::Local(path) => Location::Local(ml.here(&path)),
            place @ Location::S3(_) => place,
        };
        if places.insert(dataset.to_owned(), place).is_some() {
            let problem = format!("the dataset `{dataset}` has more than one --input");
            return Err(Failure::usage(problem, "use one --input for each dataset"));
        }
    }
    for dataset in datasets {
        if places.contains_key(dataset) {
            continue;
        }
        let Some(config) = config else {
            let problem = format!("there is no data for the flow's dataset `{dataset}`");
            return Err(Failure::usage(problem, "name it with --input"));
        };
        places.insert(dataset.to_owned(), of_job(dataset, ml, config)?);
    }
    Ok(places)
}

/// Returns the location of the processing input with the dataset's name. The Data Wrangler container
/// uses the same rules.
fn of_job(dataset: &str, ml: &MlDir, config: &JobConfig) -> Result<Location, Failure> {
    let inputs = &config.processing_inputs;
    let path_of = |input: &crate::contract::Input| {
        input.s3_input.as_ref().and_then(|s3| s3.local_path.clone()).map(PathBuf::from)
    };
    let ends_so = |path: &PathBuf| path.file_name().is_some_and(|name| name == dataset);
    let of_its_name = inputs.iter().find(|input| input.input_name == dataset);
    let placed = || inputs.iter().find(|input| path_of(input).is_some_and(|path| ends_so(&path)));
    match of_its_name.or_else(placed).map(|input| (input, path_of(input))) {
        Some((_, Some(path))) => Ok(Location::Local(ml.here(&path))),
        Some((input, None)) => Err(Failure::new(
            format!("the processing input `{}` has no S3Input.LocalPath", input.input_name),
            "add an S3Input with a LocalPath, or name the data with --input",
        )),
        None => {
            let names: Vec<_> = inputs.iter().map(|input| input.input_name.as_str()).collect();
            Err(Failure::new(
                format!(
                    "no processing input has the name of the flow's dataset `{dataset}`; there are: {}",
                    list(&names)
                ),
                "give the data's processing input the dataset's name",
            ))
        }
    }
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
            (Some(Location::Local(path)), _) => data.inputs.find(source, path).map_err(invalid)?,
            (Some(Location::S3(url)), Some(objects)) => {
                data.download(number, source, url, objects).await?
            }
            (Some(Location::S3(url)), None) => {
                return Err(Failure::new(format!("{url} is in S3"), "use local data"));
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
        url: &ObjectUrl,
        objects: &O,
    ) -> Result<Skipped, Failure> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => self.folder.insert(TemporaryFolder::new().map_err(|error| not_stored(&error))?),
        };
        let folder = folder.path().join(number.to_string());
        let Downloaded { files, skipped } = download(source, url, &folder, objects).await?;
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        self.inputs.insert(&source.dataset, paths);
        self.names.extend(files.into_iter().map(|(path, url)| (path, url.to_string())));
        Ok(skipped)
    }
}

fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
