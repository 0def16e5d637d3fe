"""The lake in the tools that people have: one small package for each, on the public API alone."""
