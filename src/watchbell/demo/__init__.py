"""A fictional state and its river, told through the services everyone uses."""
