"""The Gaussian engine: sums per group, the profiled criterion and its optimum, and what a fit says.

``analysis.fit`` stands in front of it; nothing here reads a file.
"""
