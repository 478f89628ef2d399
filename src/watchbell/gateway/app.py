"""The gateway as an ASGI application: four interfaces, and one way through ledger, endpoint and ledger again."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from watchbell.domain.identity import Dice, new_id
from watchbell.domain.metering import Admission, Ask, Dialect, Usage
from watchbell.domain.refusal import Refused
from watchbell.formats import model_api
from watchbell.formats.model_api import Asked
from watchbell.gateway import told
from watchbell.gateway.aside import Aside
from watchbell.gateway.asking import DIALECTS, Intake, headers_of, token_of
from watchbell.gateway.call import Call
from watchbell.gateway.counter import Counter, LedgerAway
from watchbell.gateway.known import Known
from watchbell.gateway.limits import Limits
from watchbell.gateway.live import Live
from watchbell.gateway.making import Making
from watchbell.gateway.means import Means
from watchbell.gateway.reply import Message, Receive, Reply, Send, Whole
from watchbell.gateway.room import Room
from watchbell.gateway.trouble import say_unexpected
from watchbell.outside.upstream import Endpoints

log = logging.getLogger("watchbell.gateway")


class Gateway:
    """One gateway process. `now` is what windows are held against; `clock` only measures how long things take."""

    def __init__(
        self,
        counter: Counter,
        endpoints: Endpoints,
        *,
        now: Callable[[], datetime],
        rng: Dice,
        limits: Limits,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._counter = counter
        self._endpoints = endpoints
        self._rng = rng
        self._limits = limits
        self._clock = clock
        self._intake = Intake(limits)
        self._known = Known(counter.knows, limits)
        self._watching: asyncio.Task[None] | None = None
        self._draining: asyncio.TimerHandle | None = None
        self.live = Live(counter, now=now, limits=limits)
        self._aside = Aside()
        means = Means(
            counter=counter,
            endpoints=endpoints,
            aside=self._aside,
            room=Room(limits.wholes_bytes),
            now=now,
            limits=limits,
        )
        self._making = Making(means, self.live)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def start(self) -> None:
        """This will begin to ask the ledger, and to watch what is under way."""
        self._counter.start()
        self._watching = asyncio.create_task(self.live.watch())

    def drain(self) -> None:
        """This will take no new calls, and end those under way once their time to finish is over."""
        if self._draining is None:
            loop = asyncio.get_running_loop()
            self._draining = loop.call_later(self._limits.drain_seconds, self._stop_all)

    async def end(self) -> None:
        """This will end what is still under way, settle it, and close every connection."""
        self._stop_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.settle_seconds):
                while len(self.live):
                    await asyncio.sleep(0.01)
        if self._watching is not None:
            self._watching.cancel()
        self._counter.close()
        left = await asyncio.to_thread(self._counter.stop, self._limits.settle_seconds)
        self._endpoints.close()
        self._aside.close()
        if left:
            log.error(json.dumps({"says": "calls stay charged as reserved", "calls": left}))

    def _stop_all(self) -> None:
        self.live.stop_all(told.gateway_stopping())

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        path, started = scope["path"], self._clock()
        reply = Reply(send, DIALECTS.get(path, Dialect.MODELS), new_id(self._rng)[:16])
        if path == "/healthz":
            await reply.finish(Whole(status=200, body=b"alive", kind=b"text/plain"))
            return
        try:
            await self._called(scope, receive, reply)
        except told.Refusing as refusing:
            await reply.refuse(refusing.told)
        except told.CallerLeft:
            reply.code = "caller-left"
        except Exception as error:
            say_unexpected(reply.reference, error)
            await reply.refuse(told.unexpected(reply.reference))
        finally:
            self._log(reply, path, started)

    async def _called(self, scope: Message, receive: Receive, reply: Reply) -> None:
        """This will take one request, ask the ledger about it, and make the call. Raises Refusing."""
        self._require_way(scope["method"], scope["path"])
        headers = headers_of(scope)
        token = token_of(headers)
        if reply.dialect is not Dialect.MODELS:
            await self._known.require(token)
        asked, digest = await self._taken(headers, receive, reply.dialect)
        ask = Ask(
            token=token,
            dialect=reply.dialect,
            model=asked.model if asked else "",
            most=asked.most if asked else Usage(0, 0),
            request_digest=digest,
        )
        admission = await self._admission(ask)
        reply.call = admission.call
        await self._making.make(Call(admission), asked, headers, receive, reply)

    async def _taken(self, headers: dict[str, str], receive: Receive, dialect: Dialect) -> tuple[Asked | None, str]:
        """Return what is asked, and the digest of its bytes, which are not kept. Raises Refusing."""
        if dialect is Dialect.MODELS:
            return None, hashlib.sha256().hexdigest()
        body = await self._intake.body(headers, receive)
        asked = await self._aside.do(len(body), partial(_read, body, dialect))
        return asked, hashlib.sha256(body).hexdigest()

    async def _admission(self, ask: Ask) -> Admission:
        try:
            answer = await self._counter.admit(ask)
        except LedgerAway:
            raise told.Refusing(told.ledger_away()) from None
        if not isinstance(answer, Admission):
            raise told.Refusing(told.turned_away(answer))
        return answer

    def _require_way(self, method: str, path: str) -> None:
        if path not in DIALECTS:
            raise told.refusing(404, "no-such-path", f"There is nothing here. Speak one of {', '.join(DIALECTS)}.")
        wanted = "GET" if DIALECTS[path] is Dialect.MODELS else "POST"
        if method != wanted:
            raise told.refusing(405, "wrong-method", f"Use {wanted} here.", allow=wanted)
        if self._draining is not None:
            raise told.Refusing(told.gateway_stopping().told)

    def _log(self, reply: Reply, path: str, started: float) -> None:
        line = {
            "reference": reply.reference,
            "path": path[:80],
            "status": reply.status,
            "code": reply.code,
            "call": reply.call,
            "ms": round((self._clock() - started) * 1000, 1),
        }
        log.info(json.dumps({name: value for name, value in line.items() if value != ""}))


def _read(body: bytes, dialect: Dialect) -> Asked:
    try:
        return model_api.loads(body, dialect)
    except Refused as refused:
        raise told.Refusing(told.unreadable(refused.refusal)) from None
