"""Reports on classified flows, laid out as the paper's tables and figures."""
