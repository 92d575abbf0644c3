"""How results look: two streams, tables, progress, pictures."""
