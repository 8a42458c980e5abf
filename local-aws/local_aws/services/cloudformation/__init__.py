"""CloudFormation: stacks for other services, more resource types, and permissions."""
