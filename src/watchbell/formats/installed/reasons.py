"""Why can something on a list not be compared with records? The sentences every reader shares."""

from watchbell.domain.sentence import Sentence

NOT_READ = Sentence("This entry cannot be read.")
NOT_PINNED = Sentence("No exact version is pinned.")
FROM_GIT = Sentence("It comes from version control, not from the registry.")
FROM_FOLDER = Sentence("It comes from a folder or file, not from the registry.")
FROM_ADDRESS = Sentence("It comes from an address, not from the registry.")
OTHER_REGISTRY = Sentence("It comes from another registry than the public one.")
OTHER_LIST = Sentence("This is another list, which is not followed.")
NO_RELEASE = Sentence("The list does not say which release of which distribution it is from.")
"""Every one of them is a component's `because`."""
