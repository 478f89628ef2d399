"""Do our proofs agree with the RFC, and does every change to a log show?"""

import hashlib
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.sealing import (
    EMPTY_ROOT,
    GENESIS,
    Frontier,
    Tree,
    chain,
    commitment,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

SALT = bytes(range(16))
HASHES = st.binary(min_size=32, max_size=32)


# A second implementation, written from the definitions in RFC 9162 section 2.1 alone.
def sha(data):
    return hashlib.sha256(data).digest()


def split(size):
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(entries):
    if not entries:
        return sha(b"")
    if len(entries) == 1:
        return sha(b"\x00" + entries[0])
    k = split(len(entries))
    return sha(b"\x01" + mth(entries[:k]) + mth(entries[k:]))


def path(m, entries):
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m, entries, whole):
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def entries_of(size):
    return [b"entry %d" % at for at in range(size)]


def leaves_of(size):
    return [leaf_hash(entry) for entry in entries_of(size)]


@pytest.mark.parametrize("size", range(71))
def test_roots_and_all_inclusion_proofs_match_the_definition_in_the_rfc(size):
    entries, leaves = entries_of(size), leaves_of(size)
    tree = Tree(leaves)

    assert root(leaves) == mth(entries)
    for index in range(size):
        proof = tree.inclusion_proof(index)
        assert proof == path(index, entries)
        assert verify_inclusion(leaf=leaves[index], index=index, size=size, proof=proof, root=tree.root)


@pytest.mark.parametrize("size", range(71))
def test_all_consistency_proofs_match_the_definition_in_the_rfc(size):
    entries, tree = entries_of(size), Tree(leaves_of(size))

    for old_size in range(size + 1):
        proof = tree.consistency_proof(old_size)
        assert proof == (subproof(old_size, entries, True) if old_size else [])
        assert verify_consistency(
            old_size=old_size, old_root=mth(entries[:old_size]), new_size=size, new_root=tree.root, proof=proof
        )


@settings(max_examples=30)
@given(size=st.integers(71, 1500), data=st.data())
def test_larger_logs_match_the_definition_too(size, data):
    index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    entries, tree = entries_of(size), Tree(leaves_of(size))

    assert tree.root == mth(entries)
    assert tree.inclusion_proof(index) == path(index, entries)
    assert tree.consistency_proof(old_size) == subproof(old_size, entries, True)


def test_the_functions_give_the_same_proofs_as_the_tree():
    leaves = leaves_of(13)

    assert inclusion_proof(leaves, 11) == Tree(leaves).inclusion_proof(11)
    assert consistency_proof(leaves, 6) == Tree(leaves).consistency_proof(6)


@pytest.mark.parametrize("size", range(71))
def test_a_frontier_knows_the_root_after_each_entry_and_survives_being_stored(size):
    frontier = Frontier()
    for leaf in leaves_of(size):
        frontier = Frontier.from_bytes(frontier.to_bytes()).append(leaf)

    assert frontier.root == mth(entries_of(size))
    assert frontier == Tree(leaves_of(size)).frontier()


def test_the_empty_log_has_the_root_of_nothing():
    assert root([]) == EMPTY_ROOT == Frontier().root == sha(b"")


def test_a_node_can_never_be_passed_off_as_an_entry():
    left, right = leaves_of(2)

    assert leaf_hash(left + right) != node_hash(left, right)


@given(size=st.integers(1, 70), data=st.data())
def test_no_proof_holds_for_another_entry_another_place_or_another_root(size, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size + 3).filter(lambda at: at != index))
    proof, top = inclusion_proof(leaves, index), root(leaves)

    assert not verify_inclusion(leaf=leaves[index], index=other, size=size, proof=proof, root=top)
    assert not verify_inclusion(leaf=leaf_hash(b"other"), index=index, size=size, proof=proof, root=top)
    assert not verify_inclusion(leaf=leaves[index], index=index, size=size, proof=proof, root=leaf_hash(b"other"))
    assert not verify_inclusion(leaf=leaves[index], index=index, size=size, proof=[*proof, top], root=top)
    assert not verify_inclusion(leaf=leaves[index], index=-1, size=size, proof=proof, root=top)


@given(size=st.integers(2, 70), data=st.data())
def test_a_log_that_rewrote_its_past_has_no_consistency_proof(size, data):
    leaves = leaves_of(size)
    old_size = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old_size - 1))
    forged = [*leaves[:changed], leaf_hash(b"rewritten"), *leaves[changed + 1 :]]

    assert not verify_consistency(
        old_size=old_size,
        old_root=root(leaves[:old_size]),
        new_size=size,
        new_root=root(forged),
        proof=consistency_proof(forged, old_size),
    )


def test_a_proof_for_a_smaller_log_does_not_pass_for_a_larger_one():
    leaves = leaves_of(8)

    assert not verify_consistency(
        old_size=4,
        old_root=root(leaves[:4]),
        new_size=16,
        new_root=root(leaves),
        proof=consistency_proof(leaves, 4),
    )


@given(
    old_size=st.integers(-1, 80),
    new_size=st.integers(-1, 80),
    proof=st.lists(HASHES | st.binary(max_size=40), max_size=8),
    top=HASHES,
    old=HASHES,
)
def test_a_strangers_bytes_never_pass_for_a_proof_and_never_raise(old_size, new_size, proof, top, old):
    grown = verify_consistency(old_size=old_size, old_root=old, new_size=new_size, new_root=top, proof=proof)
    held = verify_inclusion(leaf=old, index=old_size, size=new_size, proof=proof, root=top)

    assert not grown or (old_size == new_size and old == top and not proof)
    assert not held or (new_size == 1 and old == top and not proof)


def test_every_flipped_bit_of_a_proof_is_noticed():
    leaves = leaves_of(21)
    proof, top = inclusion_proof(leaves, 17), root(leaves)

    for at, each in enumerate(proof):
        for bit in range(256):
            bent = [*proof[:at], flipped(each, bit), *proof[at + 1 :]]
            assert not verify_inclusion(leaf=leaves[17], index=17, size=21, proof=bent, root=top)


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_asking_for_an_entry_that_is_not_there_says_so(index):
    with pytest.raises(IndexError, match=f"entry {index} is not in a log of 5"):
        inclusion_proof(leaves_of(5), index)


@pytest.mark.parametrize("old_size", [-1, 6])
def test_asking_for_a_past_the_log_never_had_says_so(old_size):
    with pytest.raises(ValueError, match="never had"):
        consistency_proof(leaves_of(5), old_size)


@pytest.mark.parametrize("data", [b"", b"\x00" * 7, b"\x00" * 9, (3).to_bytes(8, "big") + bytes(32)])
def test_bytes_that_are_no_frontier_are_refused(data):
    with pytest.raises(ValueError, match="cannot be the edge of a tree"):
        Frontier.from_bytes(data)


@given(size=st.integers(0, 2**63), data=st.binary(max_size=100))
def test_a_frontier_is_read_back_only_from_its_own_bytes(size, data):
    stored = size.to_bytes(8, "big") + data
    try:
        frontier = Frontier.from_bytes(stored)
    except ValueError:
        return

    assert frontier.to_bytes() == stored


def test_a_frontier_with_a_peak_too_short_is_refused():
    with pytest.raises(ValueError, match="hash of 32 bytes"):
        Frontier(1, (b"short",))


@given(st.tuples(st.binary(min_size=16, max_size=40), st.binary(max_size=40)))
def test_moving_the_border_between_salt_and_body_changes_the_commitment(parts):
    salt, body = parts

    assert commitment(salt + body[:1], body[1:]) != commitment(salt, body) or not body


def test_a_commitment_is_the_hash_of_salt_and_body_each_after_its_length():
    lengths = (16).to_bytes(8, "big"), (5).to_bytes(8, "big")

    assert commitment(SALT, b"hello") == sha(lengths[0] + SALT + lengths[1] + b"hello")


def test_a_salt_that_could_be_guessed_is_refused():
    with pytest.raises(ValueError, match="at least 16"):
        commitment(b"short", b"body")


def test_a_chain_takes_whole_hashes_only():
    with pytest.raises(ValueError, match="previous seal has 31 bytes"):
        chain(bytes(31), bytes(32))
    with pytest.raises(ValueError, match="commitment has 33 bytes"):
        chain(bytes(32), bytes(33))


# A whole log, and a reader that shares no code with its writer.
@dataclass(frozen=True)
class Line:
    salt: bytes
    body: bytes
    seal: bytes


def written(bodies):
    lines, seal = [], GENESIS
    for at, body in enumerate(bodies):
        salt = sha(b"salt %d" % at)[:16]
        seal = chain(seal, commitment(salt, body))
        lines.append(Line(salt, body, seal))
    return lines, root([leaf_hash(line.seal) for line in lines])


def first_bad(lines, head):
    """Return the index of the first line that does not hold, the length when only the head differs, or None."""
    seal = bytes(32)
    for at, line in enumerate(lines):
        size, length = (len(part).to_bytes(8, "big") for part in (line.salt, line.body))
        seal = sha(seal + sha(size + line.salt + length + line.body))
        if seal != line.seal:
            return at
    return None if mth([line.seal for line in lines]) == head else len(lines)


def flipped(data, bit):
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


BODIES = [b"action=%d subject=" % at + sha(b"%d" % at)[:14] for at in range(13)]
LINES, HEAD = written(BODIES)


def test_a_log_left_alone_holds():
    assert first_bad(LINES, HEAD) is None


def test_every_flipped_bit_of_a_one_kilobyte_log_is_found_at_its_line():
    assert 1000 <= sum(len(line.salt + line.body + line.seal) for line in LINES) <= 1100

    for at, line in enumerate(LINES):
        for part in ("salt", "body", "seal"):
            held = getattr(line, part)
            for bit in range(len(held) * 8):
                bent = [*LINES[:at], replace(line, **{part: flipped(held, bit)}), *LINES[at + 1 :]]
                assert first_bad(bent, HEAD) == at


@pytest.mark.parametrize("at", range(len(LINES)))
def test_a_deleted_inserted_or_repeated_line_is_found_where_it_happened(at):
    stranger = replace(LINES[at], body=b"inserted")

    assert first_bad([*LINES[:at], *LINES[at + 1 :]], HEAD) == at
    assert first_bad([*LINES[:at], stranger, *LINES[at:]], HEAD) == at
    assert first_bad([*LINES[: at + 1], *LINES[at:]], HEAD) == at + 1


@settings(max_examples=60)
@given(st.permutations(range(len(LINES))))
def test_lines_that_changed_places_are_found_at_the_first_one(order):
    first = next((at for at, source in enumerate(order) if at != source), None)

    assert first_bad([LINES[source] for source in order], HEAD) == first


@pytest.mark.parametrize("kept", range(len(LINES)))
def test_a_cut_tail_and_a_fork_that_seals_itself_again_are_found_by_the_head(kept):
    fork, _ = written([*BODIES[:kept], *(body + b"!" for body in BODIES[kept:])])

    assert first_bad(LINES[:kept], HEAD) == kept
    assert first_bad(fork, HEAD) == len(LINES)


def test_a_replaced_head_is_found():
    for bit in range(256):
        assert first_bad(LINES, flipped(HEAD, bit)) == len(LINES)
