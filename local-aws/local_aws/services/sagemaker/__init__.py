"""Amazon SageMaker: pipelines, executions, projects, domains and tags."""
