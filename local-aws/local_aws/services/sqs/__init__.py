"""What local-aws adds to ministack's SQS."""
