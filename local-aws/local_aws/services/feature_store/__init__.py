"""Amazon SageMaker Feature Store: feature groups, their records, and the offline store in S3."""
