"""Which assets of a whole fleet does which record hit? One range join, run by whichever engine is at hand."""
