"""The functions that AWS Lambda invokes; each module is a thin adapter."""
