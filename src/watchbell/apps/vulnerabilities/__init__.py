"""What the world has published: records with provenance, alias groups, catalogues, products, packages and ranges."""
