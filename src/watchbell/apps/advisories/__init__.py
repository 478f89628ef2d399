"""What we publish: drafts made from cases, published versions that never change, and the bytes they are served as."""
