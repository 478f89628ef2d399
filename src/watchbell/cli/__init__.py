"""The command line: starts any entrance; every verb imports what it needs when it is called."""
