"""What does this room keep, how long, and what do export and deletion do?"""

KEPT = ()
