"""The programs' entrance: OpenAPI 3.1 under /api/v1, problem+json errors, bearer tokens in the header only."""
