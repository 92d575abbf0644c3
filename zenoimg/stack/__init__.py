"""The stack: CloudFormation is the engine; this package names, bundles, renders and reads."""
