"""Between the rooms and the entrances: credentials to an Actor, errors to one shape, headers, cursors."""
