"""Is this component in that range, which package is it, and which ids mean one vulnerability?"""
