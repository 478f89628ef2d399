"""This will send one mail: over SMTP where a server is configured, into a folder where none is."""

import os
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside import durable

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_SUBJECT = 200
_MAX_TEXT = 256 * 1024
_TIMEOUT_SECONDS = 10.0
_LOCAL = ("localhost", "127.0.0.1", "::1")


class MailFailed(Exception):
    """The mail server did not take the mail; its text says why, without addresses or passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one person. The text carries everything; the HTML, if any, only repeats it."""

    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        require_address(self.to)
        if _CONTROLS.search(self.subject) or not 0 < len(self.subject) <= _MAX_SUBJECT:
            expected = Sentence("One line of at most {limit} characters", limit=_MAX_SUBJECT)
            raise refuse("mail-subject", "the mail's subject cannot be sent", place="subject", expected=expected)
        if max(len(self.text), len(self.html)) > _MAX_TEXT:
            expected = Sentence("At most {limit} characters", limit=_MAX_TEXT)
            raise refuse("mail-too-large", "the mail is too long", place="text", expected=expected, todo="Send a link")

    def composed(self, *, sender: str, now: datetime, unique: str) -> EmailMessage:
        """Return the mail with its headers; no server or client is asked to answer it automatically."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = sender, self.to, self.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{unique}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text)
        if self.html:
            mail.add_alternative(self.html, subtype="html")
        return mail


def require_address(address: str) -> None:
    """This will raise Refused unless this is one plain mail address, without a name, a comma or a line break."""
    if not _ADDRESS.fullmatch(address):
        raise refuse(
            "mail-address",
            "this is not a mail address",
            place="to",
            expected="name@example.org",
            todo="Check its spelling",
        )


class Mailer(Protocol):
    """Sends mail."""

    def send(self, message: Message, *, now: datetime) -> None:
        """This will hand the mail over, or raise MailFailed."""
        ...


def mailer_from(email_url: str, *, home: Path, sender: str = "watchbell@localhost") -> Mailer:
    """Return the mailer this URL asks for: smtp://user:password@host:port, smtps://..., or "" for files.

    `?from=name@example.org` in the URL goes before `sender`. With smtp:// the
    connection turns to TLS where the server offers it, and must before a
    password is sent.
    """
    parts = urlsplit(email_url)
    sender = parse_qs(parts.query).get("from", [sender])[0]
    require_address(sender)
    if not email_url:
        return FolderMailer(home / "mail", sender=sender)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("WATCHBELL_EMAIL_URL is not a mail server. Write smtp://host:port or smtps://user:pass@host.")
    return SmtpMailer(
        host=parts.hostname,
        port=parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        sender=sender,
    )


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Puts each mail as an .eml file into a folder, for nodes without a mail server."""

    folder: Path
    sender: str
    rng: Callable[[int], bytes] = os.urandom

    def send(self, message: Message, *, now: datetime) -> None:
        """This will write the mail as a whole or not at all; names sort by time."""
        unique = self.rng(16).hex()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mail = message.composed(sender=self.sender, now=now, unique=unique)
        durable.write(self.folder / f"{now:%Y%m%dT%H%M%S%f}-{unique}.eml", mail.as_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Hands each mail to one SMTP server."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    sender: str
    rng: Callable[[int], bytes] = os.urandom
    timeout_seconds: float = _TIMEOUT_SECONDS

    def send(self, message: Message, *, now: datetime) -> None:
        """This will hand the mail over, or raise MailFailed."""
        mail = message.composed(sender=self.sender, now=now, unique=self.rng(16).hex())
        try:
            with self._connected() as server:
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            # The server's own words may repeat addresses; the kind of error is enough for an operator to go on.
            raise MailFailed(f"The mail server {self.host} did not take the mail ({type(error).__name__}).") from None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        try:
            self._sign_in(server, context)
        except BaseException:
            server.close()
            raise
        return server

    def _sign_in(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        # A relay on this machine has no certificate that anybody could check.
        if not self.is_tls and self.host not in _LOCAL and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif self.user and not self.is_tls and self.host not in _LOCAL:
            raise smtplib.SMTPNotSupportedError("no TLS before the password")
        if self.user:
            server.login(self.user, self.password)
