"""The demo: sample photos drawn by a program, and their watermarked copies next to them."""
