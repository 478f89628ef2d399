"""Pages for those who settle flaws together: coordinators, vendors and labs."""
