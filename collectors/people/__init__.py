"""Sources in which people speak: posts, reports, status pages."""
