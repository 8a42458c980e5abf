"""AWS CodePipeline: pipelines from CodeCommit to CodeBuild."""
