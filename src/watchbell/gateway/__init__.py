"""Named evaluators call a developer's endpoint through here, and never hold the developer's credential.

A process of its own: it asks the ledger before each call, reserves what the call may use at most, swaps the
evaluator's token for the credential, hands back the answer as it comes, and tells the ledger what was used.
Bodies are hashed as they come and kept nowhere.
"""
