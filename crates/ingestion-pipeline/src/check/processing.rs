//! The arguments of a processing step.

use serde_json::Value;

use super::Problems;
use super::members::{Members, count, unique};
use super::parameters::Parameters;
use super::references::{parameter, resolve};
use aws_common::names::{is_feature_group_name, role_arn};

use crate::definition::MAX_ARGUMENT;
use crate::names::is_instance_type;

/// Maximum length of a path in the container, in bytes.
const MAX_PATH: usize = 256;
/// What a path in the container must be, for messages.
const PATH: &str = "a path under /opt/ml/processing of at most 256 characters";
/// What an instance type must be, for messages.
const INSTANCE_TYPE: &str = "an instance type such as ml.m5.4xlarge";
/// The folder for a job's files.
const PROCESSING: &str = "/opt/ml/processing/";

pub(super) fn check(job: &Members<'_>, parameters: &Parameters, problems: &mut Problems) {
    job.known(
        &[
            "AppSpecification",
            "Environment",
            "NetworkConfig",
            "ProcessingInputs",
            "ProcessingOutputConfig",
            "ProcessingResources",
            "RoleArn",
            "StoppingCondition",
            "Tags",
            "ProcessingJobName",
        ],
        problems,
    );
    let mut job = Job { parameters, problems, members: job };
    job.application();
    job.resources();
    job.inputs();
    job.outputs();
    job.text(job.members, "RoleArn", "a role ARN", |text| role_arn(text).is_some());
    if let Some(stop) = job.members.object("StoppingCondition", job.problems) {
        stop.known(&["MaxRuntimeInSeconds"], job.problems);
        job.number(&stop, "MaxRuntimeInSeconds", 604_800);
    }
    job.network();
}

struct Job<'a, 'p> {
    members: &'a Members<'a>,
    parameters: &'a Parameters,
    problems: &'p mut Problems,
}

impl Job<'_, '_> {
    fn application(&mut self) {
        self.members.required("AppSpecification", self.problems);
        let Some(app) = self.members.object("AppSpecification", self.problems) else { return };
        app.known(&["ImageUri", "ContainerEntrypoint", "ContainerArguments"], self.problems);
        self.text(&app, "ImageUri", "an image of at most 255 characters", |text| {
            (1..=255).contains(&text.len()) && !text.contains(char::is_whitespace)
        });
        for name in ["ContainerEntrypoint", "ContainerArguments"] {
            let parts = app.list(name, self.problems);
            if app.get(name).is_some() {
                count(&app.place(name), parts.len(), 100, "parts", self.problems);
            }
            for (place, part) in parts {
                let Some(text) = self.resolved(&place, part, "String") else { continue };
                let length = text.chars().count();
                if text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
                    self.problems.add(place, "has several lines; use one line");
                } else if length > MAX_ARGUMENT {
                    let text = format!("has {length} characters; the maximum is {MAX_ARGUMENT}");
                    self.problems.add(place, text);
                }
            }
        }
    }

    fn resources(&mut self) {
        self.members.required("ProcessingResources", self.problems);
        let resources = self.members.object("ProcessingResources", self.problems);
        let Some(resources) = resources else { return };
        resources.known(&["ClusterConfig"], self.problems);
        resources.required("ClusterConfig", self.problems);
        let Some(cluster) = resources.object("ClusterConfig", self.problems) else { return };
        cluster.known(
            &[
                "InstanceType",
                "InstancePreferences",
                "InstanceCount",
                "VolumeSizeInGB",
                "VolumeKmsKeyId",
            ],
            self.problems,
        );
        self.instance_types(&cluster);
        self.number(&cluster, "InstanceCount", 100);
        self.number(&cluster, "VolumeSizeInGB", 16_384);
    }

    /// Checks the instance type, or else the list of types. They exclude each other.
    fn instance_types(&mut self, cluster: &Members<'_>) {
        if cluster.get("InstancePreferences").is_none() {
            self.text(cluster, "InstanceType", INSTANCE_TYPE, is_instance_type);
            return;
        }
        if cluster.get("InstanceType").is_some() {
            let problem = "cannot be combined with InstancePreferences; use one of them";
            self.problems.add(cluster.place("InstanceType"), problem);
        }
        let preferences = cluster.list("InstancePreferences", self.problems);
        let place = cluster.place("InstancePreferences");
        count(&place, preferences.len(), 5, "instance types", self.problems);
        let mut types = Vec::new();
        for (place, preference) in preferences {
            let preference = Members::of(preference, place, self.problems);
            preference.known(&["InstanceType"], self.problems);
            let found = self.text(&preference, "InstanceType", INSTANCE_TYPE, is_instance_type);
            types.extend(found.map(|found| (preference.place("InstanceType"), found)));
        }
        unique(&types, self.problems);
    }

    fn inputs(&mut self) {
        let inputs = self.members.list("ProcessingInputs", self.problems);
        if inputs.len() > 10 {
            let place = self.members.place("ProcessingInputs");
            count(&place, inputs.len(), 10, "inputs", self.problems);
        }
        let (mut names, mut paths) = (Vec::new(), Vec::new());
        for (place, input) in inputs {
            let input = Members::of(input, place, self.problems);
            input.known(&["InputName", "AppManaged", "S3Input"], self.problems);
            let name = self.text(&input, "InputName", "a name", |name| !name.is_empty());
            names.extend(name.map(|name| (input.place("InputName"), name)));
            input.required("S3Input", self.problems);
            let Some(s3) = input.object("S3Input", self.problems) else { continue };
            s3.known(
                &[
                    "S3Uri",
                    "LocalPath",
                    "S3DataType",
                    "S3InputMode",
                    "S3DataDistributionType",
                    "S3CompressionType",
                ],
                self.problems,
            );
            self.text(&s3, "S3Uri", "an S3 URL", |uri| uri.starts_with("s3://"));
            // SageMaker copies nothing if the container fetches the input itself.
            if input.get("AppManaged") != Some(&Value::Bool(true)) || s3.get("LocalPath").is_some()
            {
                let path = self.text(&s3, "LocalPath", PATH, is_path);
                paths.extend(path.map(|path| (s3.place("LocalPath"), path)));
            }
        }
        unique(&names, self.problems);
        unique(&paths, self.problems);
    }

    fn outputs(&mut self) {
        let Some(config) = self.members.object("ProcessingOutputConfig", self.problems) else {
            return;
        };
        config.known(&["Outputs", "KmsKeyId"], self.problems);
        let outputs = config.list("Outputs", self.problems);
        count(&config.place("Outputs"), outputs.len(), 10, "outputs", self.problems);
        let mut names = Vec::new();
        for (place, output) in outputs {
            let output = Members::of(output, place, self.problems);
            output.known(
                &["OutputName", "AppManaged", "FeatureStoreOutput", "S3Output"],
                self.problems,
            );
            let name = self.text(&output, "OutputName", "a name", |name| !name.is_empty());
            names.extend(name.map(|name| (output.place("OutputName"), name)));
            if let Some(store) = output.object("FeatureStoreOutput", self.problems) {
                store.known(&["FeatureGroupName"], self.problems);
                self.text(
                    &store,
                    "FeatureGroupName",
                    "a feature group name",
                    is_feature_group_name,
                );
            }
            if let Some(s3) = output.object("S3Output", self.problems) {
                s3.known(&["S3Uri", "LocalPath", "S3UploadMode"], self.problems);
                self.text(&s3, "S3Uri", "an S3 URL", |uri| uri.starts_with("s3://"));
                self.text(&s3, "LocalPath", PATH, is_path);
                self.text(&s3, "S3UploadMode", "EndOfJob or Continuous", |mode| {
                    matches!(mode, "EndOfJob" | "Continuous")
                });
            }
        }
        unique(&names, self.problems);
    }

    fn network(&mut self) {
        let Some(network) = self.members.object("NetworkConfig", self.problems) else { return };
        network.known(
            &["EnableInterContainerTrafficEncryption", "EnableNetworkIsolation", "VpcConfig"],
            self.problems,
        );
        let Some(vpc) = network.object("VpcConfig", self.problems) else { return };
        vpc.known(&["SecurityGroupIds", "Subnets"], self.problems);
        for (name, max) in [("SecurityGroupIds", 5), ("Subnets", 16)] {
            let ids = vpc.list(name, self.problems).len();
            count(&vpc.place(name), ids, max, "ids", self.problems);
        }
    }

    /// Checks a required string, if its value is known before the execution, and returns it.
    fn text(
        &mut self,
        of: &Members<'_>,
        name: &str,
        expected: &str,
        legal: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let value = of.required(name, self.problems)?;
        let text = self.resolved(&of.place(name), value, "String")?;
        if !legal(&text) {
            self.problems.add(of.place(name), format!("`{text}` is not {expected}"));
        }
        Some(text)
    }

    /// Checks a required whole number in `1..=max`, if its value is known before the execution.
    fn number(&mut self, of: &Members<'_>, name: &str, max: u64) {
        let Some(value) = of.required(name, self.problems) else { return };
        let Some(text) = self.resolved(&of.place(name), value, "Integer") else { return };
        if !text.parse().is_ok_and(|number: u64| (1..=max).contains(&number)) {
            self.problems
                .add(of.place(name), format!("`{text}` is not a whole number from 1 to {max}"));
        }
    }

    /// Resolves a value with its parameters' defaults; reports a value of the wrong type.
    fn resolved(&mut self, place: &str, value: &Value, wanted: &str) -> Option<String> {
        let fits = match (value, parameter(value)) {
            // `references` reports unknown parameters.
            (_, Some(name)) => self.parameters.kind(name).is_none_or(|kind| kind == wanted),
            (Value::String(_), _) => wanted == "String",
            (Value::Number(_), _) => wanted == "Integer",
            (Value::Object(_), _) => true,
            _ => false,
        };
        if !fits {
            self.problems.add(place, format!("{value} is not of type {wanted}"));
            return None;
        }
        resolve(value, self.parameters)
    }
}

fn is_path(path: &str) -> bool {
    path.len() <= MAX_PATH
        && path.strip_prefix(PROCESSING).is_some_and(|rest| {
            !rest.is_empty() && rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
        })
}
