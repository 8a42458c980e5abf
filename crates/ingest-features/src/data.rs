//! Finds the data of a flow's sources, and brings what is in S3.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use data_wrangler_flow::engine::{Inputs, SourcePlan};
use s3_object::ObjectUrl;

use crate::contract::{JobConfig, MlDir};
use crate::failure::Failure;
use crate::objects::Objects;
use crate::place::Place;

/// Where the data of each source is, by the dataset's name.
pub(crate) type Places = BTreeMap<String, Place>;

/// The data on this machine. What was downloaded is removed with it.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) inputs: Inputs,
    /// Where downloaded files came from.
    names: BTreeMap<PathBuf, String>,
    folder: Option<TemporaryFolder>,
}

/// Where the data is: as the arguments say, or else as the job's inputs do.
pub(crate) fn places(
    sources: &[SourcePlan],
    arguments: &[String],
    ml: &MlDir,
    config: Option<&JobConfig>,
) -> Result<Places, Failure> {
    let datasets: Vec<_> = sources.iter().map(|source| source.dataset.as_str()).collect();
    let mut places = Places::new();
    for argument in arguments {
        let named = argument.split_once('=').filter(|(name, _)| datasets.contains(name));
        let (dataset, place) = match (named, &datasets[..]) {
            (Some(named), _) => named,
            (None, [only]) => (*only, argument.as_str()),
            (None, _) => {
                let problem = format!(
                    "--input {argument} does not say which dataset it is; the flow reads {}",
                    list(&datasets)
                );
                return Err(Failure::usage(
                    problem,
                    "write --input <dataset>=<data>, once for each",
                ));
            }
        };
        let place: Place = place.parse().map_err(|error| {
            Failure::usage(format!("--input: {error}"), "name a file, a folder or a place in S3")
        })?;
        let place = match place {
            Place::Local(path) => Place::Local(ml.here(&path)),
            place @ Place::S3(_) => place,
        };
        if places.insert(dataset.to_owned(), place).is_some() {
            let problem = format!("the data of `{dataset}` is given twice");
            return Err(Failure::usage(problem, "give one --input for each dataset"));
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

/// The processing input of the dataset's name, as the Data Wrangler container finds it.
fn of_job(dataset: &str, ml: &MlDir, config: &JobConfig) -> Result<Place, Failure> {
    let inputs = &config.processing_inputs;
    let path_of = |input: &crate::contract::Input| {
        input.s3_input.as_ref().and_then(|s3| s3.local_path.clone()).map(PathBuf::from)
    };
    let ends_so = |path: &PathBuf| path.file_name().is_some_and(|name| name == dataset);
    let of_its_name = inputs.iter().find(|input| input.input_name == dataset);
    let placed = || inputs.iter().find(|input| path_of(input).is_some_and(|path| ends_so(&path)));
    match of_its_name.or_else(placed).map(|input| (input, path_of(input))) {
        Some((_, Some(path))) => Ok(Place::Local(ml.here(&path))),
        Some((input, None)) => Err(Failure::new(
            format!("the processing input `{}` has no S3Input.LocalPath", input.input_name),
            "let SageMaker bring the data (S3Input with a LocalPath), or name it with --input",
        )),
        None => {
            let names: Vec<_> = inputs.iter().map(|input| input.input_name.as_str()).collect();
            Err(Failure::new(
                format!(
                    "no processing input has the name of the flow's dataset `{dataset}`; there are: {}",
                    list(&names)
                ),
                "give the data's input the dataset's name",
            ))
        }
    }
}

/// Finds the files, after downloading what is in S3.
pub(crate) async fn find<O: Objects>(
    sources: &[SourcePlan],
    places: &Places,
    objects: Option<&O>,
) -> Result<Data, Failure> {
    let mut data = Data::default();
    for (index, source) in sources.iter().enumerate() {
        let Some(place) = places.get(&source.dataset) else { continue };
        let path = match (place, objects) {
            (Place::Local(path), _) => path.clone(),
            (Place::S3(url), Some(objects)) => data.download(url, index, objects).await?,
            (Place::S3(url), None) => {
                return Err(Failure::new(format!("{url} is in S3"), "give data of this machine"));
            }
        };
        data.inputs.find(source, &path).map_err(|error| {
            Failure::new(error, "name a file or a folder with data, with --input")
        })?;
    }
    Ok(data)
}

impl Data {
    /// A file's name as people know it: where it came from.
    pub(crate) fn name(&self, path: &Path) -> String {
        self.names.get(path).cloned().unwrap_or_else(|| path.display().to_string())
    }

    /// Brings an object, or all objects below a prefix; gives the file or folder.
    async fn download<O: Objects>(
        &mut self,
        url: &ObjectUrl,
        index: usize,
        objects: &O,
    ) -> Result<PathBuf, Failure> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => self.folder.insert(TemporaryFolder::new().map_err(|error| no_room(&error))?),
        };
        let folder = folder.0.join(index.to_string());
        fs::create_dir(&folder).map_err(|error| no_room(&error))?;
        // Reading one object takes fewer permissions than listing.
        if let Some(name) = url.key().rsplit('/').next().filter(|name| !name.is_empty()) {
            let path = below(&folder, name).ok_or_else(|| no_file(url))?;
            if objects.download(url, &path).await? {
                self.names.insert(path.clone(), url.to_string());
                return Ok(path);
            }
        }
        let prefix = match url.key() {
            "" => String::new(),
            key if key.ends_with('/') => key.to_owned(),
            key => format!("{key}/"),
        };
        let prefix = url.with_key(&prefix).map_err(|error| Failure::new(error, "shorten it"))?;
        let mut found = false;
        for object in objects.list(&prefix).await? {
            let Some(rest) = object.key().strip_prefix(prefix.key()) else { continue };
            if rest.is_empty() || rest.ends_with('/') {
                continue; // a folder's marker
            }
            let path = below(&folder, rest).ok_or_else(|| no_file(&object))?;
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|error| no_room(&error))?;
            }
            if objects.download(&object, &path).await? {
                self.names.insert(path, object.to_string());
                found = true;
            }
        }
        if found {
            return Ok(folder);
        }
        let problem = format!("there is neither an object {url} nor one below {prefix}");
        Err(Failure::new(problem, "check the bucket and the key, letter by letter"))
    }
}

/// A path below a folder; `None` if a key would lead elsewhere.
fn below(folder: &Path, key: &str) -> Option<PathBuf> {
    let relative = Path::new(key);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    (!key.is_empty() && relative.components().all(plain)).then(|| folder.join(relative))
}

fn no_file(url: &ObjectUrl) -> Failure {
    Failure::new(
        format!("the key of {url} cannot be the name of a file"),
        "copy the object to a key without . and .. between its slashes",
    )
}

fn no_room(error: &io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::new(
        format!("the data cannot be stored below {}: {error}", folder.display()),
        "make room there, or name another folder with TMPDIR",
    )
}

fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A new folder that is removed with all that is in it.
#[derive(Debug)]
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> io::Result<Self> {
        let mut attempt = 0;
        loop {
            let name = format!("ingest-features-{}-{attempt}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                    attempt += 1;
                }
                result => return result.map(|()| Self(path)),
            }
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // A folder of the system for temporary files: what is left there is removed one day.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leads_out_of_its_folder() {
        let folder = Path::new("/tmp/f");
        assert_eq!(below(folder, "a/b c.csv"), Some(PathBuf::from("/tmp/f/a/b c.csv")));
        for key in ["", "/a", "../a", "a/../../b", "./a", ".."] {
            assert_eq!(below(folder, key), None, "{key}");
        }
    }
}
