"""Networks of the project's own: what they learn from and how."""
