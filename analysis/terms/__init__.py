"""From a formula and a frame to the numbers of a model: its columns, groups and labels."""
