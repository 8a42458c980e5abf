"""AWS CodeBuild: build projects, and builds that run a buildspec as processes on this machine."""
