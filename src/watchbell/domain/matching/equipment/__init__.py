"""Which advisory means this machine, where no package URL says it, only what stands on its plate or in a list?"""
