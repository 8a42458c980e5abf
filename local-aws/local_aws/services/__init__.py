"""The AWS services that local-aws adds to ministack."""
