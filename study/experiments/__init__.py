"""What the book measures: one module for each question."""
