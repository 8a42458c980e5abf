"""Amazon SageMaker Pipelines: pipelines, their executions, their tags. Steps are not run here."""
