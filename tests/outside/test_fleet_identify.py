"""Does the quick reading of package URLs ever differ from the full one?"""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.packages import CannotTell, package_of_purl
from watchbell.outside.fleet.identify import Identifier

KINDS = ["cargo", "composer", "gem", "golang", "maven", "npm", "nuget", "pypi", "hex", "pub", "bitnami", "generic"]
KINDS += ["apk", "deb", "rpm", "CARGO"]
SPACES = ["", "debian/", "Wolfi/", "almalinux/", "alpine/", "a.b/C/", "%40x/", "@x/", "-/", "./"]
ENDS = ["", "?", "?distro=debian-12", "?distro=almalinux-9", "?distro=", "?distro=bookworm&epoch=1"]
ENDS += ["?distro=alpine-3.18&upstream=other%402", "?distro=debian-12#x", "#x", "?a=@1", "?Distro=debian-12"]
words = st.text("aB1._-+~%@/:# 2é", min_size=1, max_size=6)
purls = st.builds(
    "pkg:{}/{}{}{}{}".format,
    st.sampled_from(KINDS),
    st.sampled_from(SPACES),
    st.one_of(words, st.sampled_from(["Some_Name", "libstdc++"])),
    st.one_of(st.sampled_from(["", "@1.0", "@2:1.0-3", "@1+b~c", "@latest", "@1%00"]), words.map("@{}".format)),
    st.sampled_from(ENDS),
)


@given(st.lists(st.one_of(purls, st.text(max_size=8)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_a_package_url_reads_the_same_whatever_was_read_before_it(texts: list[str]) -> None:
    identifier = Identifier()

    found = [identifier.read(text) for text in [*texts, *texts]]

    for text, named in zip([*texts, *texts], found, strict=True):
        full = package_of_purl(text)
        if isinstance(full, CannotTell):
            assert named == full.reason
        elif full.version is None:
            assert named == "no version"
        elif "\0" in full.version:
            assert named == "no package identity"
        else:
            assert named == (full.package, full.version)
