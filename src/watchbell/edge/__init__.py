"""The operator's offline side: a snapshot of what is published, and matching against it without a node or a network."""
