"""Measurements: what marking costs beside the least that it could cost, and beside other tools."""
