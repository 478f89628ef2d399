"""The filter of system calls, run by a small machine of our own: what the kernel would answer."""

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.outside.sandbox import seccomp

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
HEADERS = {0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), 1: Path("/usr/include/asm-generic/unistd.h")}
MACHINES = sorted(seccomp.MACHINES)


def answer(program: bytes, machine: int, number: int, *arguments: int) -> int:
    words = [number, machine, 0, 0]
    for value in (*arguments, *[0] * (6 - len(arguments))):
        words += [value & 0xFFFFFFFF, value >> 32]
    steps = list(struct.iter_unpack("=HBBI", program))
    at = held = 0
    while True:
        code, when, otherwise, value = steps[at]
        at += 1
        if code == 0x20:
            held = words[value // 4]
        elif code == 0x15:
            at += when if held == value else otherwise
        elif code == 0x45:
            at += when if held & value else otherwise
        else:
            assert code == 0x06
            return int(value)


def refused(error: int) -> int:
    return 0x00050000 | error


def known(at: int) -> set[int]:
    plain = {pair[at] for pair in seccomp.allowed().values() if pair[at] is not None}
    looked = {looked.numbers[at] for looked in seccomp.LOOKED_AT.values()}
    return {number for number in plain | looked if number is not None} | {seccomp.CLONE[at], seccomp.CLONE3[at]}


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(0, 2**32 - 1), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_a_call_that_is_not_on_the_list_is_refused_whatever_its_arguments(
    machine: str, number: int, arguments: list[int]
) -> None:
    if number in known(("x86_64", "aarch64").index(machine)):
        return

    assert answer(seccomp.program(machine), seccomp.MACHINES[machine], number, *arguments) == refused(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_on_the_list_is_let_through(machine: str) -> None:
    at, program = ("x86_64", "aarch64").index(machine), seccomp.program(machine)

    for numbers in seccomp.allowed().values():
        number = numbers[at]
        assert number is None or answer(program, seccomp.MACHINES[machine], number, 7, 7) == ALLOWED


@given(number=st.integers(0, 500))
def test_code_of_another_processor_is_ended(number: int) -> None:
    of_32_bits = 0x40000003

    assert answer(seccomp.program("x86_64"), of_32_bits, number) == KILLED
    assert answer(seccomp.program("x86_64"), seccomp.MACHINES["aarch64"], number) == KILLED


@given(number=st.integers(0, 500))
def test_a_call_in_the_manner_of_x32_is_refused(number: int) -> None:
    x32 = number | 0x40000000

    assert answer(seccomp.program("x86_64"), seccomp.MACHINES["x86_64"], x32) == refused(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
@given(flags=st.integers(0, 2**32 - 1))
def test_a_process_is_made_only_without_a_new_namespace(machine: str, flags: int) -> None:
    number = seccomp.CLONE[("x86_64", "aarch64").index(machine)]

    found = answer(seccomp.program(machine), seccomp.MACHINES[machine], number, flags)

    assert found == (refused(errno.EPERM) if any(flags & one for one in NAMESPACES) else ALLOWED)


def test_clone3_is_said_not_to_exist_since_its_flags_cannot_be_seen() -> None:
    found = answer(seccomp.program("x86_64"), seccomp.MACHINES["x86_64"], seccomp.CLONE3[0])

    assert found == refused(errno.ENOSYS)


@pytest.mark.parametrize("name", sorted(seccomp.LOOKED_AT))
@given(value=st.integers(0, 2**32 - 1))
def test_a_call_that_is_looked_at_is_let_through_for_its_values_alone(name: str, value: int) -> None:
    looked = seccomp.LOOKED_AT[name]
    arguments = [0] * 6
    arguments[looked.argument] = value

    found = answer(seccomp.program("aarch64"), seccomp.MACHINES["aarch64"], looked.numbers[1], *arguments)

    assert found == (ALLOWED if value in looked.values else refused(errno.EPERM))


@pytest.mark.parametrize("name", sorted(seccomp.LOOKED_AT))
def test_each_value_that_a_call_may_have_is_let_through(name: str) -> None:
    looked = seccomp.LOOKED_AT[name]

    for value in looked.values:
        arguments = [0] * looked.argument + [value]
        assert answer(seccomp.program("x86_64"), seccomp.MACHINES["x86_64"], looked.numbers[0], *arguments) == ALLOWED


def test_an_unknown_processor_has_no_filter() -> None:
    with pytest.raises(seccomp.NoFilter, match="riscv64"):
        seccomp.program("riscv64")


@pytest.mark.skipif(not HEADERS[0].exists(), reason="the kernel's headers for x86-64 are not installed")
def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    defined = {at: numbers_of(path.read_text()) for at, path in HEADERS.items()}
    named = {**seccomp.allowed(), **{name: one.numbers for name, one in seccomp.LOOKED_AT.items()}}

    wrong = [
        (name, at, numbers[at])
        for name, numbers in {**named, "clone": seccomp.CLONE, "clone3": seccomp.CLONE3}.items()
        for at in (0, 1)
        if numbers[at] is not None and defined[at].get(name, numbers[at]) != numbers[at]
    ]

    assert wrong == []


def numbers_of(header: str) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header)}
