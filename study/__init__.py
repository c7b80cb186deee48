"""The audit of the report: what only the book needs, on top of the package `dfd`."""
