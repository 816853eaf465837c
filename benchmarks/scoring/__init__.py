"""The public benchmarks' own scores, written from their published definitions."""
