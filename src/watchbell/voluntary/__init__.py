"""The promises V1 to V16 as checks that run against the code that is installed here, on a scratch node of their own.

Nothing here knows how the code under it was tested. Each check tries to break one promise and says what it tried.
"""
