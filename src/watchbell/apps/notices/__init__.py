"""Who should hear of what: notices inside the node, and mails that say no more than their label allows."""
