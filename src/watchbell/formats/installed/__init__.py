"""What is installed: the lock files, package databases and lists that people have, all read into one record."""
