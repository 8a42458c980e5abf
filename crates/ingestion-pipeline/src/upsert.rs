//! Creates the pipeline, or updates it to match the settings.

mod changes;

use std::time::Duration;

use aws_common::{ErrorClass, RetryPolicy};
use tokio::time::sleep;

use crate::definition::PipelineDefinition;
use crate::engine::StoredFile;
use crate::flow_file::sha256_hex;
use crate::service::{Definition, Deployed, Parts, Service, ServiceError, Tags};
use crate::settings::Settings;
use crate::values::{InvalidValue, ParameterUrl, PipelineName};

pub use changes::Changes;

/// Maximum size of a definition in a request, in bytes. Larger ones go through S3. The API accepts ten
/// times as much; this is the limit of AWS's own SDK.
pub const MAX_INLINE: usize = 100 * 1024;
/// Retries after someone else created, changed or deleted the pipeline at the same time.
const RETRIES: RetryPolicy =
    RetryPolicy { attempts: 3, first: Duration::from_secs(1), longest: Duration::from_secs(2) };

/// A pipeline to deploy.
#[derive(Debug, Clone)]
pub struct Deployment {
    name: PipelineName,
    definition: String,
    description: String,
    role: String,
    parallelism: Option<u32>,
    tags: Tags,
    artifacts: ParameterUrl,
    files: Vec<StoredFile>,
}

/// The result of an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// The pipeline's ARN.
    pub arn: String,
    /// The action that was needed.
    pub action: Action,
}

/// The action that deploys a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Create the pipeline.
    Create,
    /// Update the pipeline.
    Update,
    /// Nothing to do.
    Nothing,
}

/// The pipeline was not deployed, or not completely.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpsertError {
    /// AWS rejected a request, or could not be reached.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The pipeline was updated, but AWS rejected its tags.
    #[error("the pipeline was updated, but its tags were not: {0}")]
    Tags(#[source] ServiceError),
    /// An S3 URL built from the settings is too long.
    #[error(transparent)]
    Value(#[from] InvalidValue),
}

impl Deployment {
    /// Creates a deployment from the settings and the definition built from them. `files` are
    /// stored first.
    #[must_use]
    pub fn new(
        settings: &Settings,
        definition: &PipelineDefinition,
        files: Vec<StoredFile>,
    ) -> Self {
        let mut tags = settings.tags.clone();
        tags.insert("sagemaker:project-name".to_owned(), settings.project_name.to_string());
        tags.insert("sagemaker:project-id".to_owned(), settings.project_id.to_string());
        Self {
            name: settings.pipeline_name.clone(),
            definition: definition.to_json(),
            description: settings.description.to_string(),
            role: settings.role.to_string(),
            parallelism: settings.parallelism,
            tags,
            artifacts: settings.artifacts.clone(),
            files,
        }
    }

    /// Replaces the definition with another one, as JSON.
    #[must_use]
    pub fn with_definition(self, definition: String) -> Self {
        Self { definition, ..self }
    }

    /// Returns what would change, without changing anything.
    ///
    /// # Errors
    ///
    /// [`ServiceError`] if the service rejects a request or cannot be reached.
    pub async fn plan(&self, service: &impl Service) -> Result<Changes, ServiceError> {
        let deployed = service.describe(self.name.as_str()).await?;
        let tags = match &deployed {
            Some(deployed) => service.tags(&deployed.arn).await?,
            None => Tags::new(),
        };
        Ok(Changes::between(deployed, &tags, self))
    }

    /// Creates the pipeline, or updates it if anything differs. An update sends all parts, so that two
    /// concurrent updates never mix. Other tags are kept.
    ///
    /// If someone else creates the pipeline at the same time, this updates it.
    ///
    /// # Errors
    ///
    /// [`UpsertError`] if the service rejects a request or cannot be reached. Objects already stored in
    /// S3 remain, under names that nothing else uses.
    pub async fn upsert(&self, service: &impl Service) -> Result<Upserted, UpsertError> {
        let (mut failed, mut updated) = (0, false);
        loop {
            let result = self.attempt(service, &mut updated).await;
            let Err(UpsertError::Service(error) | UpsertError::Tags(error)) = &result else {
                return result;
            };
            if !may_heal(error.class()) {
                return result;
            }
            failed += 1;
            let Some(pause) = RETRIES.pause(failed) else { return result };
            sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        service: &impl Service,
        updated: &mut bool,
    ) -> Result<Upserted, UpsertError> {
        let changes = self.plan(service).await?;
        let name = self.name.as_str();
        let Some(arn) = changes.arn() else {
            let parts = self.stored(service, changes.parts()).await?;
            let arn = service.create(name, &parts, &self.tags).await?;
            return Ok(Upserted { arn, action: Action::Create });
        };
        if changes.parts() != Parts::default() {
            let parts = self.stored(service, self.parts(None)).await?;
            service.update(name, &parts).await?;
            *updated = true;
        }
        if !changes.tags().is_empty() {
            let added = service.add_tags(arn, changes.tags()).await;
            added.map_err(|e| if *updated { UpsertError::Tags(e) } else { e.into() })?;
        }
        Ok(Upserted { arn: arn.to_owned(), action: changes.action() })
    }

    /// Stores the files in S3, then a definition that is too large for a request.
    async fn stored(&self, service: &impl Service, parts: Parts) -> Result<Parts, UpsertError> {
        let Some(Definition::Inline(text)) = &parts.definition else { return Ok(parts) };
        for StoredFile { url, bytes } in &self.files {
            service.put_object(url, bytes).await?;
        }
        if text.len() <= MAX_INLINE {
            return Ok(parts);
        }
        let url =
            self.artifacts.join(&format!("definitions/{}.json", sha256_hex(text.as_bytes())))?;
        service.put_object(&url, text.as_bytes()).await?;
        Ok(Parts { definition: Some(Definition::At(url)), ..parts })
    }

    /// Returns the parts that differ from the deployed pipeline; all parts if there is none. A
    /// parallelism that the settings omit is kept, because `UpdatePipeline` cannot remove it.
    fn parts(&self, deployed: Option<&Deployed>) -> Parts {
        let differs =
            |is: Option<&String>, should: &String| (is != Some(should)).then(|| should.clone());
        let definition =
            deployed.is_none_or(|deployed| !same(&deployed.definition, &self.definition));
        Parts {
            definition: definition.then(|| Definition::Inline(self.definition.clone())),
            description: differs(deployed.and_then(|d| d.description.as_ref()), &self.description),
            role: differs(deployed.and_then(|d| d.role.as_ref()), &self.role),
            parallelism: self
                .parallelism
                .filter(|steps| deployed.and_then(|d| d.parallelism) != Some(*steps)),
        }
    }
}

/// Whether someone else changed the pipeline at the same time, so that a retry can succeed.
fn may_heal(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::AlreadyExists | ErrorClass::NotFound | ErrorClass::Conflict)
}

/// Whether two definitions are equal, regardless of whitespace and member order.
fn same(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    value(one).is_some_and(|one| Some(one) == value(other))
}
