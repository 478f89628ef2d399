"""Tags that the templates load by the name `watchbell`."""
