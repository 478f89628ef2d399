"""What goes into the sandbox and comes out: no link, archive or race leads elsewhere (SB-06, SB-07, SB-09)."""

import gzip
import hashlib
import io
import os
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.suites.suite import Trial
from watchbell.outside.sandbox import NotTaken, archives, copying, names
from watchbell.outside.sandbox.bubblewrap import BubblewrapSandbox

SECRET = b"what the enemy wants"
LEADING_ELSEWHERE = [
    "",
    ".",
    "..",
    "/a",
    "a/../b",
    "../a",
    "a//b",
    "a/",
    "./a",
    "a\\b",
    "C:a",
    "a\x1b[2J",
    "a\nb",
    "a\u202eb",
]
TOO_LONG = ["a" * 201, "/".join("a" * 17), "/".join(["a" * 150] * 8)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "outside").write_bytes(SECRET)
    (tmp_path / "box").mkdir()
    descriptor = os.open(tmp_path / "box", os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def box_folder(tmp_path: Path, folder: int) -> Path:
    return tmp_path / "box"


@pytest.mark.parametrize("name", LEADING_ELSEWHERE + TOO_LONG)
def test_sb06_a_name_that_leads_elsewhere_is_taken_neither_in_nor_out(folder: int, name: str) -> None:
    with pytest.raises(NotTaken):
        names.checked(name)
    with pytest.raises(NotTaken):
        copying.read(folder, name, most=100)


@given(name=st.text(alphabet="ab./\\:-\0\n\x1b\u202e \u00e9", max_size=12))
def test_a_name_that_is_taken_stays_in_its_folder(name: str) -> None:
    said = ""
    try:
        names.checked(name)
    except NotTaken as error:
        said = str(error)

    assert said.isprintable()
    assert said or os.path.normpath(f"/box/{name}") == f"/box/{name}"


def test_plain_files_are_copied_out_with_their_digests(folder: int, box_folder: Path) -> None:
    (box_folder / "deep" / "er").mkdir(parents=True)
    (box_folder / "a").write_bytes(b"1")
    (box_folder / "deep" / "er" / "b").write_bytes(b"22")

    taken = copying.take(folder, files=10, most=100)

    assert [(one.name, one.data) for one in taken] == [("a", b"1"), ("deep/er/b", b"22")]
    assert all(one.sha256 == hashlib.sha256(one.data).hexdigest() for one in taken)


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "pipe", "socket", "folder", "symlink in the way"])
def test_sb06_what_is_no_plain_file_of_its_own_is_not_copied_out(folder: int, box_folder: Path, kind: str) -> None:
    place, outside = box_folder / "found", box_folder.parent / "outside"
    name = "found"
    if kind == "symlink":
        place.symlink_to(outside)
    elif kind == "hardlink":
        place.hardlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        os.mknod(place, stat.S_IFSOCK)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(box_folder.parent)
        name = "found/outside"

    with pytest.raises(NotTaken, match="found"):
        copying.read(folder, name, most=100)
    if kind != "folder":
        with pytest.raises(NotTaken, match="found"):
            copying.take(folder, files=10, most=100)


def test_sb06_more_files_or_bytes_than_asked_for_are_not_copied_out(folder: int, box_folder: Path) -> None:
    for number in range(20):
        (box_folder / f"{number}").write_bytes(b"x" * 10)

    assert len(copying.take(folder, files=20, most=200)) == 20
    with pytest.raises(NotTaken, match="more than 19 entries"):
        copying.take(folder, files=19, most=200)
    with pytest.raises(NotTaken, match="larger than"):
        copying.take(folder, files=20, most=199)


def test_sb06_a_file_that_is_never_at_its_end_is_not_read_for_ever(folder: int, box_folder: Path) -> None:
    with open(box_folder / "sparse", "wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(NotTaken, match="larger than the 1000 bytes"):
        copying.read(folder, "sparse", most=1000)


def test_sb06_a_file_swapped_for_a_link_while_it_is_copied_never_gives_what_lies_outside(
    folder: int, box_folder: Path
) -> None:
    (box_folder / "plain").mkdir()
    (box_folder / "plain" / "outside").write_bytes(b"mine")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            os.rename(box_folder / "plain", box_folder / "hidden")
            os.symlink(box_folder.parent, box_folder / "plain")
            os.unlink(box_folder / "plain")
            os.rename(box_folder / "hidden", box_folder / "plain")

    racer = threading.Thread(target=swap)
    racer.start()
    seen = set()
    try:
        for _ in range(2000):
            try:
                seen.add(copying.read(folder, "plain/outside", most=100))
            except NotTaken:
                continue
    finally:
        over.set()
        racer.join()

    assert SECRET not in seen


def test_sb06_code_in_the_sandbox_cannot_lead_a_copy_outside_while_it_runs(
    box: BubblewrapSandbox, tmp_path: Path
) -> None:
    secret = tmp_path / "canary"
    secret.write_bytes(SECRET)
    swaps = f"""
import os
for number in range(4000):
    os.symlink({str(secret)!r}, "next"); os.rename("next", "found")
    open("next", "w").write("mine"); os.rename("next", "found")
"""
    with box.session({"swaps.py": swaps.encode()}) as session:
        racer = threading.Thread(target=session.run, args=(("python3", "swaps.py"),), kwargs={"seconds": 2})
        racer.start()
        seen = set()
        while racer.is_alive():
            try:
                seen.add(session.read("found"))
            except NotTaken:
                continue
        racer.join()

    assert seen <= {b"", b"mine"}


def test_a_session_keeps_its_files_over_commands_and_takes_and_gives_them(box: BubblewrapSandbox) -> None:
    with box.session(
        {"given/a.txt": b"first", "b.py": b"open('c.txt', 'w').write(open('given/a.txt').read())"}
    ) as session:
        session.run(("python3", "b.py"))
        session.write("given/a.txt", b"second")
        session.write("new/d.txt", b"third")
        session.write("new/é ü.txt", b"fourth")

        assert session.read("c.txt") == b"first"
        assert session.run(("cat", "given/a.txt", "new/d.txt")).output == b"secondthird"
        assert session.run(("cat",), stdin=b"read").output == b"read"
        assert [one.name for one in session.take()] == ["b.py", "c.txt", "given/a.txt", "new/d.txt", "new/é ü.txt"]


def test_a_file_is_written_where_the_code_made_a_link_without_leaving_the_sandbox(
    box: BubblewrapSandbox, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"whole")
    with box.session() as session:
        session.run(("ln", "-s", str(victim), "file"))
        session.run(("ln", "-s", "/etc", "folder"))

        session.write("file", b"new")
        with pytest.raises(NotTaken):
            session.write("folder/passwd", b"new")

    assert victim.read_bytes() == b"whole"


def test_code_that_locks_its_own_folder_does_not_keep_the_next_command_from_running(box: BubblewrapSandbox) -> None:
    with box.session() as session:
        session.run(("chmod", "000", "/box", "/tmp", "/dev/shm"))

        assert session.run(("sh", "-c", "echo still here >file && cat file")).output == b"still here\n"


def test_nothing_of_one_sandbox_is_seen_in_another(box: BubblewrapSandbox) -> None:
    everything = Trial(files={}, command=("find", "/box", "/tmp", "/dev/shm", "-mindepth", "1"))
    with box.session({"secret": b"x"}) as session:
        session.run(("touch", "/tmp/left", "/dev/shm/left"))

        assert box.run(everything).output == b""


@pytest.mark.parametrize("name", [name for name in LEADING_ELSEWHERE if name])
def test_files_are_not_put_where_their_name_leads_elsewhere(box: BubblewrapSandbox, name: str) -> None:
    with pytest.raises(NotTaken):
        box.session({name: b""})


def test_more_than_half_of_the_disk_is_not_taken_in(box: BubblewrapSandbox) -> None:
    with pytest.raises(NotTaken, match="more than half"):
        box.session({"large": bytes((box.limits.disk // 2 << 20) + 1)})
    with pytest.raises(NotTaken, match="a folder of another"):
        box.session({"a": b"", "a/b": b""})


def tar_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def entry_of(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def zip_of(*entries: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize("pack", [lambda tar: tar, gzip.compress])
def test_a_plain_tar_is_unpacked_into_memory(pack: "type[bytes]") -> None:
    packed = pack(tar_of((entry_of("d", tarfile.DIRTYPE), b""), (entry_of("d/a"), b"1"), (entry_of("b"), b"22")))

    assert [(one.name, one.data) for one in archives.unpacked(packed)] == [("b", b"22"), ("d/a", b"1")]


def test_a_plain_zip_is_unpacked_into_memory() -> None:
    assert [(one.name, one.data) for one in archives.unpacked(zip_of(("d/a", b"1")))] == [("d/a", b"1")]


@pytest.mark.parametrize(
    "entry",
    [
        entry_of("../out"),
        entry_of("/etc/out"),
        entry_of("a/../../out"),
        entry_of("link", tarfile.SYMTYPE, "/etc/passwd"),
        entry_of("link", tarfile.LNKTYPE, "good"),
        entry_of("pipe", tarfile.FIFOTYPE),
        entry_of("disk", tarfile.BLKTYPE),
        entry_of("tty", tarfile.CHRTYPE),
        entry_of("sparse", tarfile.GNUTYPE_SPARSE),
        entry_of("good"),
        entry_of("GOOD"),
        entry_of("a\x1b[2J"),
        entry_of("..", tarfile.DIRTYPE),
    ],
    ids=lambda entry: f"{entry.name!a} {entry.type!a}",
)
def test_sb07_a_tar_with_one_entry_that_is_not_plain_is_refused_whole(entry: tarfile.TarInfo) -> None:
    with pytest.raises(NotTaken):
        archives.unpacked(tar_of((entry_of("good"), b"x"), (entry, b"")))


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "good", "C:/out"])
def test_sb07_a_zip_with_a_name_that_leads_elsewhere_or_comes_twice_is_refused_whole(name: str) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if name == "good" else nullcontext():
        packed = zip_of(("good", b"x"), (name, b""))

    with pytest.raises(NotTaken):
        archives.unpacked(packed)


def test_sb07_a_symbolic_link_in_a_zip_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")

    with pytest.raises(NotTaken):
        archives.unpacked(target.getvalue())


def test_sb07_an_archive_that_grows_too_large_or_has_too_many_entries_is_refused() -> None:
    many = tar_of(*((entry_of(f"{number}"), b"") for number in range(11)))

    for packed in (
        gzip.compress(bytes(50 << 20)),
        zip_of(("a", bytes(2 << 20))),
        tar_of((entry_of("a"), bytes(2 << 20))),
    ):
        with pytest.raises(NotTaken):
            archives.unpacked(packed, most=1 << 20)
    with pytest.raises(NotTaken, match="more than 10"):
        archives.unpacked(many, files=10)


def test_sb09_an_archive_that_is_cut_short_is_refused_at_every_length() -> None:
    whole = gzip.compress(tar_of((entry_of("a"), b"score" * 300)))

    for length in range(len(whole)):
        with pytest.raises(NotTaken):
            archives.unpacked(whole[:length])


@given(data=st.binary(max_size=2000), at=st.integers(0, 1023))
def test_sb09_whatever_the_bytes_are_an_archive_is_taken_or_refused_and_never_breaks(data: bytes, at: int) -> None:
    base = tar_of((entry_of("a"), b"1"))
    for packed in (data, b"\x1f\x8b" + data, b"PK\x03\x04" + data, base[:at] + data + base[at + len(data) :]):
        try:
            taken = archives.unpacked(packed, most=10_000)
        except NotTaken:
            continue
        assert all(one.sha256 == hashlib.sha256(one.data).hexdigest() for one in taken)


def test_sb09_a_file_has_its_digest_from_the_moment_it_was_read(box: BubblewrapSandbox) -> None:
    with box.session({"score.json": b'{"solved": false}'}) as session:
        (before,) = session.take()
        session.write("score.json", b'{"solved": true}')
        (after,) = session.take()

    assert before.sha256 == hashlib.sha256(b'{"solved": false}').hexdigest() != after.sha256
