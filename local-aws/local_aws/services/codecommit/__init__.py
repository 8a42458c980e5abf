"""AWS CodeCommit: real Git repositories, over HTTP on this server's port."""
