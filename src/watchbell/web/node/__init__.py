"""The node's own pages: its work, its sources, its record, its settings and what it keeps."""
