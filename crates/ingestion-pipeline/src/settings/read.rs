//! Reads all settings and lists all problems with them.

use serde_json::Value;

use super::keys::{self, Key};
use super::shapes;
use super::sources::{File, Given, Origin, Sources};
use super::{
    Engine, FlowBinding, FlowLocation, Identity, InvalidSettings, Network, Settings, TargetStores,
};
use crate::images;
use crate::values::{
    Description, Duration, FeatureGroupName, ImageUri, InstanceType, KmsKey, NamePrefix,
    ParameterUrl, PipelineName, ProjectId, ProjectName, Region, RoleArn, SecurityGroupId, SubnetId,
    TimeToLive, VolumeKmsKey,
};

/// The predecessor's defaults.
const NAME_PREFIX: &str = "s3-fs-ingest-pipeline";
const DESCRIPTION: &str = "automated ingestion from s3 to feature store";
const VOLUME_SIZE_GB: u32 = 50;

pub(super) fn read(sources: Sources) -> Result<Settings, InvalidSettings> {
    let problems = sources.unknown_keys();
    let mut reader = Reader { sources, problems, notes: Vec::new() };
    let settings = reader.settings();
    match settings {
        Some(settings) if reader.problems.is_empty() => {
            Ok(Settings { notes: reader.notes, ..settings })
        }
        _ => Err(InvalidSettings(reader.problems)),
    }
}

pub(super) fn identity(sources: Sources, name: Option<&str>) -> Result<Identity, InvalidSettings> {
    let problems = sources.unknown_keys();
    let mut reader = Reader { sources, problems, notes: Vec::new() };
    let pipeline_name = if let Some(name) = name {
        let name = PipelineName::new(name);
        name.map_err(|error| reader.problems.push(format!("--pipeline: {error}"))).ok()
    } else {
        let project_id = reader.project_id();
        pipeline_name(reader.name_prefix(), project_id.as_ref())
    };
    match (pipeline_name, reader.region()) {
        (Some(pipeline_name), Some(region)) if reader.problems.is_empty() => {
            Ok(Identity { pipeline_name, region })
        }
        _ => Err(InvalidSettings(reader.problems)),
    }
}

fn pipeline_name(
    prefix: Option<NamePrefix>,
    project_id: Option<&ProjectId>,
) -> Option<PipelineName> {
    PipelineName::new(format!("{}-{}", prefix?, project_id?)).ok()
}

struct Reader {
    sources: Sources,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl Reader {
    /// Reads the settings; returns `None` if a required one is missing or invalid. Reads everything
    /// before it fails, to list all problems.
    fn settings(&mut self) -> Option<Settings> {
        let project_name =
            self.required(&keys::PROJECT_NAME, |v| shapes::text(v, ProjectName::new));
        let project_id = self.project_id();
        let prefix = self.name_prefix();
        let description = self.or(
            &keys::DESCRIPTION,
            |v| shapes::text(v, Description::new),
            || Description::new(DESCRIPTION).ok(),
        );
        let engine = self.or(&keys::ENGINE, shapes::engine, || Some(Engine::default()));
        let flow = self.flow();
        let output_node = self.optional(&keys::OUTPUT_NODE, |v| shapes::text(v, Ok));
        let input_dataset = self.optional(&keys::INPUT_DATASET, |v| shapes::text(v, Ok));
        let refit = self.optional(&keys::REFIT, shapes::flag).unwrap_or_default();
        let image = self.optional(&keys::IMAGE, |v| shapes::text(v, ImageUri::new));
        let input_data = self.required(&keys::INPUT_DATA, shapes::data_url);
        let requester_pays = self.optional(&keys::REQUESTER_PAYS, shapes::flag).unwrap_or_default();
        let feature_group =
            self.required(&keys::FEATURE_GROUP, |v| shapes::text(v, FeatureGroupName::new));
        let (target_stores, ttl) = self.records(engine);
        let role = self.required(&keys::ROLE, |v| shapes::text(v, RoleArn::new));
        let region = self.region();
        let instance_type = self.or(
            &keys::INSTANCE_TYPE,
            |v| shapes::text(v, InstanceType::new),
            || InstanceType::new(engine?.default_instance_type()).ok(),
        );
        let fallback_instance_types = self.fallback_instance_types(engine, instance_type.as_ref());
        let instance_count =
            self.or(&keys::INSTANCE_COUNT, |v| shapes::number(v, 1, 100), || Some(1));
        let volume = |value: &Value| shapes::number(value, 1, 16_384);
        let volume_size_gb = self.or(&keys::VOLUME_SIZE_GB, volume, || Some(VOLUME_SIZE_GB));
        let max_runtime_seconds =
            self.optional(&keys::MAX_RUNTIME_SECONDS, |v| shapes::number(v, 1, 604_800));
        let retry = self.or(&keys::RETRY, shapes::retry, || Some(shapes::RETRY));
        let cache = self.optional(&keys::CACHE, |v| shapes::text(v, Duration::new));
        let kms_key = self.optional(&keys::KMS_KEY, |v| shapes::text(v, KmsKey::new));
        let instance_types = instance_type.iter().chain(&fallback_instance_types);
        let volume_kms_key = self.volume_kms_key(instance_types);
        let network = self.network();
        let use_fips = self.optional(&keys::USE_FIPS, shapes::flag).unwrap_or_default();
        let use_dual_stack = self.optional(&keys::USE_DUAL_STACK, shapes::flag).unwrap_or_default();
        let tags = self.optional(&keys::TAGS, shapes::tags).unwrap_or_default();
        let parallelism =
            self.optional(&keys::PARALLELISM, |v| shapes::number(v, 1, i32::MAX as u32));
        let artifacts = self.optional(&keys::ARTIFACTS, |v| shapes::text(v, ParameterUrl::new));
        let native_binary = self.native_binary(engine);
        let spark_engine = self.spark_engine(engine);
        let requirements = self.requirements(engine);
        let flow_binding = self.flow_binding(native_binary.is_some());
        self.agree(engine, instance_count, role.as_ref(), region.as_ref());

        let pipeline_name = pipeline_name(prefix, project_id.as_ref())?;
        let (role, region) = (role?, region?);
        let default_artifacts = || {
            ParameterUrl::new(format!("s3://sagemaker-{region}-{}/{pipeline_name}", role.account()))
                .ok()
        };
        Some(Settings {
            artifacts: artifacts.or_else(default_artifacts)?,
            pipeline_name,
            project_name: project_name?,
            project_id: project_id?,
            description: description?,
            engine: engine?,
            flow: flow?,
            output_node,
            input_dataset,
            flow_binding: flow_binding?,
            refit,
            image,
            input_data: input_data?,
            requester_pays,
            feature_group: feature_group?,
            target_stores,
            ttl,
            role,
            region,
            instance_type: instance_type?,
            fallback_instance_types,
            instance_count: instance_count?,
            volume_size_gb: volume_size_gb?,
            max_runtime_seconds,
            retry: retry?,
            cache,
            kms_key,
            volume_kms_key,
            network,
            use_fips,
            use_dual_stack,
            tags,
            parallelism,
            native_binary,
            spark_engine,
            requirements,
            notes: Vec::new(),
        })
    }

    fn project_id(&mut self) -> Option<ProjectId> {
        self.required(&keys::PROJECT_ID, |v| shapes::text(v, ProjectId::new))
    }

    fn name_prefix(&mut self) -> Option<NamePrefix> {
        let parse = |value: &Value| shapes::text(value, NamePrefix::new);
        self.or(&keys::NAME_PREFIX, parse, || NamePrefix::new(NAME_PREFIX).ok())
    }

    fn flow(&mut self) -> Option<FlowLocation> {
        let given = self.needed(&keys::FLOW)?;
        let flow = shapes::flow(&given.value, self.sources.folder_of(&given.origin));
        self.legal(&given, flow)
    }

    fn region(&mut self) -> Option<Region> {
        let parse = |value: &Value| shapes::text(value, Region::new);
        let given = match self.given(&keys::REGION) {
            Some(given) => given,
            None => match self.sources.variable("AWS_DEFAULT_REGION") {
                Ok(Some(given)) => given,
                _ => return self.required(&keys::REGION, parse),
            },
        };
        let region = parse(&given.value);
        self.legal(&given, region)
    }

    /// Reads how records are written, which only our own program supports.
    fn records(&mut self, engine: Option<Engine>) -> (Option<TargetStores>, Option<TimeToLive>) {
        let stores = self.optional(&keys::TARGET_STORES, shapes::target_stores);
        let ttl = self.optional(&keys::TTL, shapes::ttl);
        let set = [(&keys::TARGET_STORES, stores.is_some()), (&keys::TTL, ttl.is_some())];
        for (key, _) in set.into_iter().filter(|(_, set)| *set) {
            if let (Some(Engine::DataWrangler), Some(given)) = (engine, self.given(key)) {
                self.problems.push(format!(
                    "{}: AWS's Data Wrangler container has no such option; use engine: native or \
                     engine: spark, or remove it",
                    given.origin
                ));
            }
        }
        if let (Some(TargetStores::Offline), Some(ttl)) = (stores, &ttl) {
            self.problems.push(format!(
                "ttl: {ttl} applies to the online store only, and target_stores is offline; remove \
                 one of them"
            ));
        }
        (stores, ttl)
    }

    fn network(&mut self) -> Option<Network> {
        let subnets = self.optional(&keys::SUBNETS, |v| shapes::list(v, 16, SubnetId::new));
        let groups =
            self.optional(&keys::SECURITY_GROUPS, |v| shapes::list(v, 5, SecurityGroupId::new));
        let emptied = subnets.as_ref().is_some_and(Vec::is_empty)
            || groups.as_ref().is_some_and(Vec::is_empty);
        let (subnets, security_groups) = (subnets.unwrap_or_default(), groups.unwrap_or_default());
        match (subnets.is_empty(), security_groups.is_empty()) {
            (true, true) => None,
            (false, false) => Some(Network { subnets, security_groups }),
            (lacks_subnets, _) => {
                let (given, lacking) = if lacks_subnets {
                    (keys::SECURITY_GROUPS, keys::SUBNETS)
                } else {
                    (keys::SUBNETS, keys::SECURITY_GROUPS)
                };
                match self.given(&lacking) {
                    None => self.missing(&lacking, &format!("; {} needs it", given.name)),
                    // Invalid values are already reported.
                    Some(empty) if emptied => self.problems.push(format!(
                        "{}: is empty, but {} needs it; set both, or neither",
                        empty.origin, given.name
                    )),
                    Some(_) => {}
                }
                None
            }
        }
    }

    fn native_binary(&mut self, engine: Option<Engine>) -> Option<ParameterUrl> {
        match engine {
            Some(Engine::Native | Engine::Spark) => {
                self.required(&keys::NATIVE_BINARY, shapes::object_url)
            }
            _ => self.optional(&keys::NATIVE_BINARY, shapes::object_url),
        }
    }

    fn spark_engine(&mut self, engine: Option<Engine>) -> Option<ParameterUrl> {
        match engine {
            Some(Engine::Spark) => self.required(&keys::SPARK_ENGINE, shapes::object_url),
            _ => self.optional(&keys::SPARK_ENGINE, shapes::object_url),
        }
    }

    /// Returns the packages that the flow's code needs. Only the Spark engine can install any.
    fn requirements(&mut self, engine: Option<Engine>) -> Option<Vec<u8>> {
        let requirements = self.sources.requirements().map(<[u8]>::to_owned)?;
        if engine != Some(Engine::Spark) {
            let note =
                "requirements.txt is not used, because only the engine spark installs packages";
            self.notes.push(note.to_owned());
            return None;
        }
        let problem = match std::str::from_utf8(&requirements) {
            Err(_) => "requirements.txt is not UTF-8; save it as UTF-8".to_owned(),
            Ok(text) if text.len() > File::MAX_REQUIREMENTS => {
                format!(
                    "requirements.txt has {} bytes; the maximum is {}",
                    text.len(),
                    File::MAX_REQUIREMENTS
                )
            }
            Ok(text) if text.lines().all(|line| line.trim().is_empty()) => return None,
            Ok(_) => return Some(requirements),
        };
        self.problems.push(problem);
        None
    }

    /// Returns the key of the instances' volumes, unless the instances have local storage, which AWS
    /// encrypts with its own key:
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html>.
    fn volume_kms_key<'a>(
        &mut self,
        mut instance_types: impl Iterator<Item = &'a InstanceType>,
    ) -> Option<VolumeKmsKey> {
        let key = self.optional(&keys::VOLUME_KMS_KEY, |v| shapes::text(v, VolumeKmsKey::new))?;
        if let Some(instance_type) = instance_types.find(|each| each.has_local_storage()) {
            self.problems.push(format!(
                "volume_kms_key: {instance_type} has local storage, for which SageMaker accepts no \
                 key; use another instance type, or remove volume_kms_key"
            ));
            return None;
        }
        Some(key)
    }

    /// Returns the instance types to use if `first` has no capacity.
    fn fallback_instance_types(
        &mut self,
        engine: Option<Engine>,
        first: Option<&InstanceType>,
    ) -> Vec<InstanceType> {
        let parse = |value: &Value| shapes::list(value, 4, InstanceType::new);
        let others = self.optional(&keys::FALLBACK_INSTANCE_TYPES, parse).unwrap_or_default();
        if engine == Some(Engine::Spark) && !others.is_empty() {
            let problem = "fallback_instance_types: AWS's Spark image sizes Spark by the only \
                           instance type of its job; remove it, or use another engine";
            self.problems.push(problem.to_owned());
        }
        if let Some(first) = first.filter(|first| others.contains(first)) {
            self.problems.push(format!(
                "fallback_instance_types: {first} is the instance_type already; list only others"
            ));
        }
        others
    }

    /// Returns how the flow is bound to the data. Rewriting the flow is safe whatever the container
    /// prefers, but it needs our program.
    fn flow_binding(&mut self, has_native_binary: bool) -> Option<FlowBinding> {
        let default = if has_native_binary { FlowBinding::Rewrite } else { FlowBinding::Mount };
        let Some(given) = self.given(&keys::FLOW_BINDING) else { return Some(default) };
        let binding = self.legal(&given, shapes::flow_binding(&given.value))?;
        if binding == FlowBinding::Rewrite && !has_native_binary {
            let problem = "rewrite needs the program that rewrites the flow; set native_binary, or \
                           use mount";
            return self.legal(&given, Err(problem.to_owned()));
        }
        Some(binding)
    }

    /// Checks settings against each other.
    fn agree(
        &mut self,
        engine: Option<Engine>,
        instance_count: Option<u32>,
        role: Option<&RoleArn>,
        region: Option<&Region>,
    ) {
        if engine == Some(Engine::Native) && instance_count.is_some_and(|count| count > 1) {
            self.problems.push(
                "instance_count: the native engine runs on one instance; use a larger \
                 instance_type, or the engine spark"
                    .to_owned(),
            );
        }
        if let (Some(role), Some(region)) = (role, region) {
            let partition = images::partition(region);
            if role.partition() != partition {
                self.problems.push(format!(
                    "role: {role} is in the partition {}, but the region {region} is in {partition}; \
                     use a role in that partition",
                    role.partition()
                ));
            }
        }
    }

    fn required<T>(&mut self, key: &Key, parse: impl Fn(&Value) -> Result<T, String>) -> Option<T> {
        let given = self.needed(key)?;
        self.legal(&given, parse(&given.value))
    }

    fn optional<T>(&mut self, key: &Key, parse: impl Fn(&Value) -> Result<T, String>) -> Option<T> {
        let given = self.given(key)?;
        self.legal(&given, parse(&given.value))
    }

    /// Returns the value, or its default if it is not set. A default never replaces an invalid value.
    fn or<T>(
        &mut self,
        key: &Key,
        parse: impl Fn(&Value) -> Result<T, String>,
        default: impl Fn() -> Option<T>,
    ) -> Option<T> {
        match self.given(key) {
            Some(given) => self.legal(&given, parse(&given.value)),
            None => default(),
        }
    }

    fn needed(&mut self, key: &Key) -> Option<Given> {
        let known = self.problems.len();
        let given = self.given(key);
        if given.is_none() && self.problems.len() == known {
            self.missing(key, "");
        }
        given
    }

    fn missing(&mut self, key: &Key, why: &str) {
        self.problems.push(format!(
            "{} is missing{why}: set it in pipeline.yaml, or {} in the environment ({})",
            key.name, key.variable, key.meaning
        ));
    }

    fn given(&mut self, key: &Key) -> Option<Given> {
        let given = self.sources.get(key).map_err(|problem| self.problems.push(problem)).ok()??;
        if let (Origin::File { .. }, Ok(Some(other))) =
            (&given.origin, self.sources.variable(key.variable))
            && other.value != given.value
        {
            let note = format!("{} overrides {} from the environment", given.origin, key.variable);
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Some(given)
    }

    fn legal<T>(&mut self, given: &Given, value: Result<T, String>) -> Option<T> {
        value.map_err(|problem| self.problems.push(format!("{}: {problem}", given.origin))).ok()
    }
}
