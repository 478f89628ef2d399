"""What people claim to have found: uploads as received, the flaws claimed in them, and how well each is shown."""
