"""CloudFormation: stacks that other services make, resource types that ministack lacks, and permissions."""
