"""The demo: sample photos drawn by program, and what becomes of them, side by side."""
