"""Amazon SageMaker processing jobs, run as processes of this machine."""
