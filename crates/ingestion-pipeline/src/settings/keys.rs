//! The table of all settings: the keys of `pipeline.yaml` and their environment variables.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The key in `pipeline.yaml`.
    pub name: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// What the setting means, for messages and help.
    pub meaning: &'static str,
}

macro_rules! keys {
    ($($constant:ident $name:literal $variable:literal $meaning:literal)*) => {
        $(#[doc = concat!("`", $name, "`, `", $variable, "`; [`Key::meaning`] explains it.")]
        pub const $constant: Key = Key { name: $name, variable: $variable, meaning: $meaning };)*

        /// All settings, in the order of the help.
        pub const ALL: &[Key] = &[$($constant),*];
    };
}

keys! {
    PROJECT_NAME "project_name" "SAGEMAKER_PROJECT_NAME" "the SageMaker project's name"
    PROJECT_ID "project_id" "SAGEMAKER_PROJECT_ID" "the SageMaker project's id"
    NAME_PREFIX "name_prefix" "PIPELINE_NAME_PREFIX" "the prefix of the pipeline's name, in lower case"
    DESCRIPTION "description" "PIPELINE_DESCRIPTION" "the pipeline's description, on one line"
    ENGINE "engine" "PIPELINE_ENGINE" "data-wrangler, native or spark"
    FLOW "flow" "DW_FLOW_URL" "the flow: a path, or s3://<bucket>/<key>"
    OUTPUT_NODE "output_node" "DW_FLOW_OUTPUT_NAME" "the flow's output: <node id>.<output>"
    INPUT_DATASET "input_dataset" "DW_FLOW_INPUT_DATASET" "the flow's dataset that an execution's data replaces: its name, or its node's id"
    FLOW_BINDING "flow_binding" "DW_FLOW_BINDING" "how the engine data-wrangler reads the uploaded data: rewrite, mount or parameter"
    REFIT "refit" "PIPELINE_REFIT" "true to train the flow's operators again in each execution; false uses what the flow has"
    IMAGE "image" "PROCESSING_IMAGE" "a container image to use instead of AWS's"
    INPUT_DATA "input_data" "S3_DATA_PREFIX" "the default input data of an execution: s3://<bucket>/<prefix>"
    REQUESTER_PAYS "requester_pays" "S3_REQUESTER_PAYS" "true to pay for requests to the data's bucket, if its owner lets the requester pay"
    FEATURE_GROUP "feature_group" "FEATURE_GROUP_NAME" "the feature group's name"
    TARGET_STORES "target_stores" "TARGET_STORES" "the stores to write to: online, offline or both; the engines native and spark only"
    TTL "ttl" "TTL_DURATION" "how long the online store keeps a record after its event time, such as 30d; the engines native and spark only"
    ROLE "role" "EXECUTION_ROLE" "the ARN of the execution role of the pipeline and its job"
    REGION "region" "AWS_REGION" "the AWS region, such as eu-west-1"
    INSTANCE_TYPE "instance_type" "PROCESSING_INSTANCE_TYPE" "the instance type, such as ml.m5.4xlarge"
    FALLBACK_INSTANCE_TYPES "fallback_instance_types" "PROCESSING_FALLBACK_INSTANCE_TYPES" "up to four other instance types, in order, to use if no instance of instance_type is available"
    INSTANCE_COUNT "instance_count" "PROCESSING_INSTANCE_COUNT" "the number of instances, 1 to 100"
    VOLUME_SIZE_GB "volume_size_gb" "PROCESSING_VOLUME_SIZE" "the size of each instance's volume in GB, 1 to 16384"
    MAX_RUNTIME_SECONDS "max_runtime_seconds" "PROCESSING_MAX_RUNTIME" "the job's maximum runtime in seconds, 1 to 604800"
    RETRY "retry" "RETRY_POLICIES" "retries for throttling, service_faults and resource_limits: attempts, interval_seconds, backoff_rate"
    CACHE "cache" "PIPELINE_CACHE" "how long to reuse the result for a URL, even if its data changed, such as P30D"
    KMS_KEY "kms_key" "KMS_KEY_ID" "the KMS key that encrypts what the jobs store in S3"
    VOLUME_KMS_KEY "volume_kms_key" "VOLUME_KMS_KEY_ID" "the KMS key that encrypts the instances' volumes: its ID or ARN, no alias"
    SUBNETS "subnets" "SUBNET_IDS" "the job's subnets; requires security_groups"
    SECURITY_GROUPS "security_groups" "SECURITY_GROUP_IDS" "the job's security groups; requires subnets"
    USE_FIPS "use_fips" "AWS_USE_FIPS_ENDPOINT" "true to use FIPS endpoints in our program's jobs"
    USE_DUAL_STACK "use_dual_stack" "AWS_USE_DUALSTACK_ENDPOINT" "true to use endpoints for IPv4 and IPv6 in our program's jobs"
    TAGS "tags" "PIPELINE_TAGS" "the pipeline's tags: names and values"
    PARALLELISM "parallelism" "PIPELINE_PARALLELISM" "the maximum number of steps that run at the same time"
    ARTIFACTS "artifacts" "ARTIFACTS_URL" "where upsert stores the flow: s3://<bucket>/<prefix>"
    NATIVE_BINARY "native_binary" "INGEST_FEATURES_URL" "the native engine's binary, which also writes the features of the engine spark: s3://<bucket>/<key>"
    SPARK_ENGINE "spark_engine" "SPARK_ENGINE_URL" "the Spark engine's zip file: s3://<bucket>/<key>"
}

/// Returns the known name that is most similar to `name`, if it is similar enough to suggest.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    let scored = known.map(|known| (strsim::jaro_winkler(&name, known), known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.75).then_some(best.1)
}
