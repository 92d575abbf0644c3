"""What AWS Lambda calls; each module is a thin adapter."""
