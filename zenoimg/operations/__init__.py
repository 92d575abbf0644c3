"""What the commands do, without a screen: parsed values in, frozen results or generators of progress out."""
