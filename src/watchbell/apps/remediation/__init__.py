"""What should each operator do, in what order, by when, and what became of it?"""
