"""How long the program takes on a large book, each figure beside a bare DuckDB scan or update."""
