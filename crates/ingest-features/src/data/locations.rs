//! Determines where the data of each dataset is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_common::ObjectUrl;
use terminal_text::Failure;

use crate::contract::{Input, JobConfig, MlDir};
use crate::job::JobSpec;
use crate::location::{InputVersion, Location};

/// A dataset that the flow reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dataset<'a> {
    pub(crate) name: &'a str,
    /// Its address in the flow.
    pub(crate) uri: &'a str,
}

/// Where the data of a dataset is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataLocation {
    /// A file or folder on the local machine.
    Local(PathBuf),
    /// In S3.
    S3(S3Data),
}

/// Data in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Data {
    /// An object, or the folder of all objects to read.
    pub(crate) url: ObjectUrl,
    /// The version ID of the object. If there is one, `url` is never a folder.
    pub(crate) version: Option<String>,
}

/// The location of each dataset, by name.
pub(crate) type Locations = BTreeMap<String, DataLocation>;

impl DataLocation {
    fn in_s3(url: ObjectUrl) -> Self {
        Self::S3(S3Data { url, version: None })
    }

    pub(crate) fn is_in_s3(&self) -> bool {
        matches!(self, Self::S3(_))
    }
}

/// Returns the location of each dataset: from the arguments, or else from the job's inputs. If at least
/// one dataset has such a location, the others are read from their addresses in the flow.
pub(crate) fn locations(
    datasets: &[Dataset<'_>],
    spec: &JobSpec,
    ml: &MlDir,
    config: Option<&JobConfig>,
) -> Result<Locations, Failure> {
    let names: Vec<_> = datasets.iter().map(|dataset| dataset.name).collect();
    let mut places = of_arguments(&names, &spec.inputs, ml)?;
    for name in names {
        let input = config.and_then(|config| input_of(name, config));
        if let (false, Some(input)) = (places.contains_key(name), input) {
            places.insert(name.to_owned(), of_input(input, ml)?);
        }
    }
    if let InputVersion::Id(version) = &spec.input_version {
        set_version(&mut places, version)?;
    }
    let absent = datasets.iter().filter(|dataset| !places.contains_key(dataset.name));
    let absent: Vec<_> = absent.collect();
    match absent.first() {
        Some(dataset) if places.is_empty() => return Err(no_location(dataset.name, config)),
        _ => {}
    }
    for dataset in absent {
        places.insert(dataset.name.to_owned(), of_flow(dataset)?);
    }
    Ok(places)
}

/// Returns the locations that `--input` names.
fn of_arguments(datasets: &[&str], arguments: &[String], ml: &MlDir) -> Result<Locations, Failure> {
    let mut places = Locations::new();
    for argument in arguments {
        let named = argument.split_once('=').filter(|(name, _)| datasets.contains(name));
        let (dataset, place) = match (named, datasets) {
            (Some(named), _) => named,
            (None, [only]) => (*only, argument.as_str()),
            (None, _) => {
                let problem = format!(
                    "--input {argument} does not name its dataset; the flow reads {}",
                    list(datasets)
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
            Location::Local(path) => DataLocation::Local(ml.here(&path)),
            Location::S3(url) => DataLocation::in_s3(url),
        };
        if places.insert(dataset.to_owned(), place).is_some() {
            let problem = format!("the dataset `{dataset}` has more than one --input");
            return Err(Failure::usage(problem, "use one --input for each dataset"));
        }
    }
    Ok(places)
}

/// Returns the processing input with the dataset's name, or else the one whose local folder has it. The
/// Data Wrangler container uses the same rules.
fn input_of<'a>(dataset: &str, config: &'a JobConfig) -> Option<&'a Input> {
    let inputs = &config.processing_inputs;
    let of_its_name = inputs.iter().find(|input| input.input_name == dataset);
    let ends_so = |path: &str| Path::new(path).file_name().is_some_and(|name| name == dataset);
    let placed = || inputs.iter().find(|input| input.local_path().is_some_and(ends_so));
    of_its_name.or_else(placed)
}

/// Returns the location of a processing input: in S3 if the job itself downloads it, or else the folder
/// into which SageMaker has downloaded it.
fn of_input(input: &Input, ml: &MlDir) -> Result<DataLocation, Failure> {
    let name = &input.input_name;
    if !input.app_managed {
        let path = input.local_path().map(|path| DataLocation::Local(ml.here(Path::new(path))));
        return path.ok_or_else(|| {
            Failure::new(
                format!("the processing input `{name}` has no S3Input.LocalPath"),
                "add an S3Input with a LocalPath, or name the data with --input",
            )
        });
    }
    let uri = input.s3_uri().ok_or_else(|| {
        Failure::new(
            format!("the processing input `{name}` is AppManaged, but has no S3Input.S3Uri"),
            "add an S3Input with an S3Uri, or name the data with --input",
        )
    })?;
    uri.parse().map(DataLocation::in_s3).map_err(|error| {
        Failure::new(
            format!("the processing input `{name}`: {error}"),
            "correct the S3Uri of its S3Input (the pipeline's InputDataUrl)",
        )
    })
}

/// Sets the version of the only location in S3.
fn set_version(places: &mut Locations, version: &str) -> Result<(), Failure> {
    let mut in_s3: Vec<_> = places
        .values_mut()
        .filter_map(|place| match place {
            DataLocation::S3(data) => Some(data),
            DataLocation::Local(_) => None,
        })
        .collect();
    match &mut in_s3[..] {
        [data] if data.url.key().is_empty() => Err(Failure::usage(
            format!("--input-version {version}: {} is a bucket, which has no version", data.url),
            "name an object, or use --input-version latest",
        )),
        [data] => {
            data.version = Some(version.to_owned());
            Ok(())
        }
        others => Err(Failure::usage(
            format!(
                "--input-version {version} needs exactly one dataset whose data is in S3, but there \
                 are {}",
                others.len()
            ),
            "use --input-version latest",
        )),
    }
}

/// Returns the address of a dataset in the flow.
fn of_flow(Dataset { name, uri }: &Dataset<'_>) -> Result<DataLocation, Failure> {
    let url: ObjectUrl = uri.parse().map_err(|error| {
        Failure::new(
            format!("the address of the flow's dataset `{name}`: {error}"),
            format!("name its data with --input '{name}=<data>', or correct the flow"),
        )
    })?;
    tracing::info!("the dataset `{name}` is read from its address in the flow, {url}");
    Ok(DataLocation::in_s3(url))
}

/// Returns the failure for a flow of which no dataset has a location.
fn no_location(dataset: &str, config: Option<&JobConfig>) -> Failure {
    let Some(config) = config else {
        let problem = format!("there is no data for the flow's dataset `{dataset}`");
        return Failure::usage(problem, "name it with --input");
    };
    let inputs = config.processing_inputs.iter();
    let names: Vec<_> = inputs.map(|input| input.input_name.as_str()).collect();
    Failure::new(
        format!(
            "no processing input has the name of the flow's dataset `{dataset}`; there are: {}",
            list(&names)
        ),
        "give the data's processing input the dataset's name",
    )
}

fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cli::{self, Task};

    const FLOW: [Dataset<'static>; 2] = [
        Dataset { name: "new.csv", uri: "s3://bucket-a/old/new.csv" },
        Dataset { name: "codes", uri: "s3://bucket-a/codes/" },
    ];

    /// Returns the locations for a job with these inputs and arguments.
    fn of_job(
        datasets: &[Dataset<'_>],
        inputs: &Value,
        arguments: &[&str],
    ) -> Result<Locations, Failure> {
        let config = json!({ "ProcessingInputs": inputs }).to_string();
        let config = JobConfig::parse(config.as_bytes()).unwrap();
        with(datasets, arguments, Some(&config))
    }

    fn with(
        datasets: &[Dataset<'_>],
        arguments: &[&str],
        config: Option<&JobConfig>,
    ) -> Result<Locations, Failure> {
        let arguments = ["ingest-features"].iter().chain(arguments);
        let task = cli::parse(arguments.map(Into::into)).unwrap();
        let Task::Ingest(spec) = task else { panic!("{task:?}") };
        locations(datasets, &spec, &MlDir::new(|_| None), config)
    }

    fn in_s3(url: &str, version: Option<&str>) -> DataLocation {
        let (url, version) = (url.parse().unwrap(), version.map(str::to_owned));
        DataLocation::S3(S3Data { url, version })
    }

    fn app_managed(name: &str, uri: &str) -> Value {
        json!({ "InputName": name, "AppManaged": true, "S3Input": { "S3Uri": uri } })
    }

    #[test]
    fn reads_other_datasets_from_their_addresses_in_the_flow() {
        let inputs = json!([app_managed("new.csv", "s3://bucket-a/landing/a b+%20.csv")]);
        let places = of_job(&FLOW, &inputs, &["--input-version", "v1"]).unwrap();
        assert_eq!(places["new.csv"], in_s3("s3://bucket-a/landing/a b+%20.csv", Some("v1")));
        assert_eq!(places["codes"], in_s3("s3://bucket-a/codes/", None));
        let places = with(&FLOW, &["--input", "codes=codes.csv"], None).unwrap();
        assert_eq!(places["codes"], DataLocation::Local("codes.csv".into()));
        assert_eq!(places["new.csv"], in_s3("s3://bucket-a/old/new.csv", None));
    }

    #[test]
    fn fails_if_no_dataset_has_a_location_of_its_own() {
        let inputs = json!([app_managed("other", "s3://bucket-a/a.csv")]);
        let failure = of_job(&FLOW, &inputs, &[]).unwrap_err();
        assert_eq!(
            failure.message(),
            "no processing input has the name of the flow's dataset `new.csv`; there are: `other`"
        );
        let failure = with(&FLOW, &[], None).unwrap_err();
        assert_eq!(failure.message(), "there is no data for the flow's dataset `new.csv`");
    }

    #[test]
    fn names_a_dataset_whose_address_in_the_flow_is_invalid() {
        let flow = [FLOW[0], Dataset { name: "codes", uri: "" }];
        let failure = with(&flow, &["--input", "new.csv=a.csv"], None).unwrap_err();
        assert!(failure.message().contains("dataset `codes`: `` is not an S3 URL"), "{failure}");
        assert!(failure.hint().contains("--input 'codes=<data>'"), "{failure}");
    }

    #[test]
    fn input_that_the_job_manages_is_in_s3_whatever_its_local_path() {
        let mut input = app_managed("new.csv", "s3://bucket-a/a.csv");
        input["S3Input"]["LocalPath"] = json!("/opt/ml/processing/new.csv");
        let places = of_job(&FLOW[..1], &json!([&input]), &[]).unwrap();
        assert_eq!(places["new.csv"], in_s3("s3://bucket-a/a.csv", None));
        input["AppManaged"] = json!(false);
        let places = of_job(&FLOW[..1], &json!([&input]), &[]).unwrap();
        assert_eq!(places["new.csv"], DataLocation::Local("/opt/ml/processing/new.csv".into()));
    }

    #[test]
    fn names_an_input_without_a_usable_location() {
        for (input, problem) in [
            (app_managed("new.csv", "https://bucket-a/a.csv"), "is not an S3 URL"),
            (json!({ "InputName": "new.csv", "AppManaged": true }), "has no S3Input.S3Uri"),
            (json!({ "InputName": "new.csv" }), "has no S3Input.LocalPath"),
        ] {
            let failure = of_job(&FLOW, &json!([input]), &[]).unwrap_err();
            assert!(failure.message().contains("processing input `new.csv`"), "{failure}");
            assert!(failure.message().contains(problem), "{failure}");
        }
    }

    #[test]
    fn a_version_belongs_to_one_object_in_s3() {
        let version = ["--input-version", "-v1"];
        for (inputs, problem) in [
            (&["--input", "new.csv=a.csv"][..], "there are 0"),
            (
                &["--input", "new.csv=s3://bucket-a/a", "--input", "codes=s3://bucket-a/b"],
                "there are 2",
            ),
            (&["--input", "new.csv=s3://bucket-a"], "s3://bucket-a/ is a bucket"),
        ] {
            let failure = with(&FLOW, &[inputs, &version].concat(), None).unwrap_err();
            assert!(failure.message().contains("--input-version -v1"), "{failure}");
            assert!(failure.message().contains(problem), "{failure}");
        }
        let inputs = ["--input", "new.csv=s3://bucket-a/a", "--input", "codes=b.csv"];
        let places = with(&FLOW, &[&inputs[..], &version].concat(), None).unwrap();
        assert_eq!(places["new.csv"], in_s3("s3://bucket-a/a", Some("-v1")));
        let latest = ["--input", "new.csv=s3://bucket-a/a", "--input-version", "latest"];
        assert_eq!(with(&FLOW, &latest, None).unwrap()["new.csv"], in_s3("s3://bucket-a/a", None));
    }
}
