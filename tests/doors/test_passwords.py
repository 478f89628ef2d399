"""Passwords are kept as Argon2id digests and nothing else."""

from django.conf import settings
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from watchbell.doors.argon2 import Argon2id

PASSWORD = "correct horse battery staple"


def test_a_password_opens_what_it_closed_and_nothing_else() -> None:
    kept = make_password(PASSWORD)

    assert check_password(PASSWORD, kept)
    assert not check_password(PASSWORD + " ", kept)
    assert PASSWORD not in kept


def test_the_same_password_is_never_kept_alike_twice() -> None:
    assert make_password(PASSWORD) != make_password(PASSWORD)


def test_a_digest_with_weaker_parameters_is_renewed_at_the_next_sign_in() -> None:
    hasher = Argon2id()
    weak = hasher._encode(PASSWORD, hasher.salt(), 1024, 1, 1)

    assert hasher.verify(PASSWORD, weak)
    assert hasher.must_update(weak)
    assert not hasher.must_update(make_password(PASSWORD))


def test_a_tampered_digest_opens_nothing() -> None:
    kept = make_password(PASSWORD)

    assert not check_password(PASSWORD, kept[:-2] + ("A=" if kept[-2:] != "A=" else "B="))


def test_argon2id_is_the_only_hasher() -> None:
    assert settings.PASSWORD_HASHERS == ["watchbell.doors.argon2.Argon2id"]
    assert isinstance(identify_hasher(make_password(PASSWORD)), Argon2id)
