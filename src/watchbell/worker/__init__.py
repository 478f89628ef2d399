"""The entrance nobody sees: it seals, hands entries to handlers, fills periodic slots and runs jobs."""
