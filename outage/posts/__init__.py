"""Posts matched to services: keywords with word edges, error phrases, language."""
