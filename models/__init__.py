"""The models: where each one comes from (catalogue.toml) and how it is made ready (prepare.py)."""
