"""AWS CodeCommit: real git repositories, cloned and pushed to over HTTP on this server's port."""
