//! Makes the deployed pipeline what the settings say.

mod changes;

use std::time::Duration;

use aws_common::{ErrorClass, RetryPolicy};
use tokio::time::sleep;

use crate::definition::PipelineDefinition;
use crate::flow_file::sha256_hex;
use crate::service::{Definition, Deployed, Parts, Service, ServiceError, Tags};
use crate::settings::Settings;
use crate::values::{InvalidValue, PipelineName, S3Url};

pub use changes::Changes;

/// Largest definition that a request carries, in bytes; a larger one goes through S3. The API would
/// take ten times as much, but AWS's own SDK draws the line here.
pub const MAX_INLINE: usize = 100 * 1024;
/// How often the pipeline is looked at again after somebody else created, changed or deleted it in
/// between.
const RETRIES: RetryPolicy =
    RetryPolicy { attempts: 3, first: Duration::from_secs(1), longest: Duration::from_secs(2) };

/// What is to be deployed.
#[derive(Debug, Clone)]
pub struct Deployment {
    name: PipelineName,
    definition: String,
    description: String,
    role: String,
    parallelism: Option<u32>,
    tags: Tags,
    artifacts: S3Url,
    flow: Option<(S3Url, Vec<u8>)>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// The pipeline's ARN.
    pub arn: String,
    /// What it took.
    pub action: Action,
}

/// What it takes to make the deployed pipeline what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// There is no pipeline yet.
    Create,
    /// Something differs.
    Update,
    /// Nothing differs.
    Nothing,
}

/// The pipeline was not, or not completely, made what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpsertError {
    /// AWS refused, or could not be reached.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The pipeline is updated, and then AWS refused its tags.
    #[error("the pipeline was updated, but its tags were not: {0}")]
    Tags(#[source] ServiceError),
    /// A place in S3 that is put together from settings is too long.
    #[error(transparent)]
    Value(#[from] InvalidValue),
}

impl Deployment {
    /// What the settings say, with the definition that was built from them. `flow` is a flow that
    /// has to be stored first, and where.
    #[must_use]
    pub fn new(
        settings: &Settings,
        definition: &PipelineDefinition,
        flow: Option<(S3Url, Vec<u8>)>,
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
            flow,
        }
    }

    /// The same with another definition, as JSON.
    #[must_use]
    pub fn with_definition(self, definition: String) -> Self {
        Self { definition, ..self }
    }

    /// What would change. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`ServiceError`] if the service refuses or cannot be reached.
    pub async fn plan(&self, service: &impl Service) -> Result<Changes, ServiceError> {
        let deployed = service.describe(self.name.as_str()).await?;
        let tags = match &deployed {
            Some(deployed) => service.tags(&deployed.arn).await?,
            None => Tags::new(),
        };
        Ok(Changes::between(deployed, &tags, self))
    }

    /// Creates the pipeline, or updates it if anything differs, then with all that it is made from:
    /// of two who do so at once, one prevails, and no mixture. Tags that are not ours stay.
    ///
    /// Somebody else may do the same at the same time: whoever comes second finds the pipeline and
    /// updates it.
    ///
    /// # Errors
    ///
    /// [`UpsertError`] if the service refuses or cannot be reached. What was stored in S3 by then
    /// stays, under names that nothing else uses.
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

    /// Stores what the parts need in S3, first what the definition refers to.
    async fn stored(&self, service: &impl Service, parts: Parts) -> Result<Parts, UpsertError> {
        let Some(Definition::Inline(text)) = &parts.definition else { return Ok(parts) };
        if let Some((url, bytes)) = &self.flow {
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

    /// The parts that differ from what is deployed; all of them if nothing is. A parallelism that the
    /// settings do not name stays, because `UpdatePipeline` cannot take it away.
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

/// Whether somebody else did something to the pipeline in between, so that another look helps.
fn may_heal(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::AlreadyExists | ErrorClass::NotFound | ErrorClass::Conflict)
}

/// Whether two definitions say the same: order and spaces mean nothing in JSON.
fn same(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    value(one).is_some_and(|one| Some(one) == value(other))
}
