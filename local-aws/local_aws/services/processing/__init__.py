"""Amazon SageMaker processing jobs, run as processes on this machine."""
