"""Benchmarks: the cost of watermarking compared with its lower bound and with other tools; commands against others."""
