"""Everything that leaves the process, one file each."""
