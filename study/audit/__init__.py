"""The claims of the report as data, a module for each part of it; `study.claims` puts them together."""
