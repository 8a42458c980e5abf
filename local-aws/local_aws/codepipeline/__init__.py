"""AWS CodePipeline: pipelines that hand what is pushed to CodeCommit to builds of CodeBuild."""
