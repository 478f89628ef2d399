"""One mail, to a folder or to a server."""

import email
import email.policy
import socket
import threading

import pytest
from tests.conftest import NOON

from watchbell.domain.refusal import Refused
from watchbell.outside.mail import FolderMailer, MailFailed, Message, SmtpMailer, mailer_from

MESSAGE = Message(to="anna@hospital.example", subject="Prüfung nötig", text="Bitte ansehen.\n")


class SmtpStub:
    """Takes one mail the way a small relay does."""

    def __init__(self, *, refuses: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(5)
        self._refuses = refuses
        self.port = self._server.getsockname()[1]
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(5)
        self._server.close()

    def _serve(self):
        connection, _ = self._server.accept()
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"220 relay\r\n")
            in_data = False
            while heard := line.readline():
                self.heard.append(heard)
                verb = heard[:4].upper()
                if in_data:
                    in_data = heard != b".\r\n"
                    if not in_data:
                        line.write(b"250 taken\r\n")
                elif verb == b"DATA":
                    in_data = True
                    line.write(b"354 go on\r\n")
                elif verb == b"RCPT" and self._refuses:
                    line.write(b"550 no such person anna@hospital.example\r\n")
                elif verb == b"QUIT":
                    line.write(b"221 bye\r\n")
                    return
                else:
                    line.write(b"250 fine\r\n")


def test_without_a_server_mails_become_files(tmp_path):
    mailer = mailer_from("", home=tmp_path, sender="watchbell@node.example")

    mailer.send(MESSAGE, now=NOON)
    mailer.send(Message(to="b@x.example", subject="Both", text="plain", html="<p>rich</p>"), now=NOON)

    files = sorted((tmp_path / "mail").iterdir())
    mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    first = next(mail for mail in mails if mail["To"] == "anna@hospital.example")
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert first["Subject"] == "Prüfung nötig"
    assert first["From"] == "watchbell@node.example"
    assert first["Date"].datetime == NOON
    assert first.get_content().splitlines() == ["Bitte ansehen."]
    assert {mail.get_content_type() for mail in mails} == {"text/plain", "multipart/alternative"}


@pytest.mark.parametrize(
    "to",
    ["", "anna", "a@b\r\nBcc: c@d", "a@b,c@d", "Anna <a@b>", "a@b\n", "a b@c", "a@b\u2028x", "a@" + "b" * 300, "a@b\0"],
)
def test_what_is_not_one_plain_address_is_refused(to):
    with pytest.raises(Refused) as caught:
        Message(to=to, subject="s", text="t")

    assert caught.value.refusal.code == "mail-address"


@pytest.mark.parametrize("subject", ["a\r\nBcc: c@d", "a\nb", "a\rb", "a\x85b", "a\u2028b", "a\0b", "", "x" * 201])
def test_a_subject_that_is_not_one_line_is_refused(subject):
    with pytest.raises(Refused) as caught:
        Message(to="a@b.example", subject=subject, text="t")

    assert caught.value.refusal.code == "mail-subject"


def test_a_text_beyond_all_measure_is_refused():
    with pytest.raises(Refused):
        Message(to="a@b.example", subject="s", text="x" * 300_000)


def test_a_server_gets_the_mail():
    with SmtpStub() as server:
        mailer_from(f"smtp://127.0.0.1:{server.port}?from=node@x.example", home=None).send(MESSAGE, now=NOON)

    heard = b"".join(server.heard)
    assert b"mail FROM:<node@x.example>" in heard
    assert b"rcpt TO:<anna@hospital.example>" in heard
    assert b"Auto-Submitted: auto-generated" in heard


def test_a_server_that_refuses_is_reported_without_the_address():
    with SmtpStub(refuses=True) as server, pytest.raises(MailFailed) as caught:
        mailer_from(f"smtp://127.0.0.1:{server.port}", home=None).send(MESSAGE, now=NOON)

    assert "anna" not in str(caught.value)


def test_a_server_that_is_not_there_is_reported():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(MailFailed, match=r"127\.0\.0\.1 did not take the mail"):
        mailer_from(f"smtp://127.0.0.1:{port}", home=None).send(MESSAGE, now=NOON)


def test_addresses_of_servers_are_read_and_passwords_do_not_show(tmp_path):
    mailer = mailer_from("smtps://node%40x:p%2Fw@mail.example", home=tmp_path, sender="n@x.example")

    assert isinstance(mailer, SmtpMailer)
    assert (mailer.host, mailer.port, mailer.user, mailer.password) == ("mail.example", 465, "node@x", "p/w")
    assert mailer.is_tls
    assert "p/w" not in repr(mailer)
    assert isinstance(mailer_from("", home=tmp_path), FolderMailer)
    with pytest.raises(ValueError, match="WATCHBELL_EMAIL_URL"):
        mailer_from("http://mail.example", home=tmp_path)


def test_a_password_is_not_sent_over_an_open_line():
    class Server:
        def ehlo_or_helo_if_needed(self):
            pass

        def has_extn(self, _):
            return False

        def login(self, *_):
            raise AssertionError

    mailer = SmtpMailer(host="mail.example", port=25, user="node", password="secret", sender="n@x.example")

    with pytest.raises(Exception, match="no TLS before the password"):
        mailer._sign_in(Server(), None)
