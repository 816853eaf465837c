"""The pages: short scripts that pick filters, call one query and draw."""
