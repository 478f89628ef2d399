"""This will make one admitted call: to the endpoint, back to the caller, and into the ledger exactly once."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from watchbell.domain.metering import Ending
from watchbell.formats import model_api
from watchbell.formats.model_api import Asked
from watchbell.gateway import told
from watchbell.gateway.call import Call
from watchbell.gateway.live import Live
from watchbell.gateway.means import Means
from watchbell.gateway.relay import Relay
from watchbell.gateway.reply import LastPiece, Receive, Reply, Whole
from watchbell.gateway.sending import sending
from watchbell.gateway.told import NOTHING, Stopped
from watchbell.gateway.trouble import say_unexpected
from watchbell.outside.upstream import EndpointTrouble

Ends = Whole | LastPiece | Stopped


class Making:
    """Makes calls; whatever happens to one, the ledger is told before the caller gets the end of its answer.

    So whoever comes back at once finds what its last call left over.
    """

    def __init__(self, means: Means, live: Live) -> None:
        self._means = means
        self._live = live

    async def make(
        self, call: Call, asked: Asked | None, headers: dict[str, str], receive: Receive, reply: Reply
    ) -> None:
        """This will make the call and answer the caller. Raises CallerLeft."""
        leaving = asyncio.create_task(_leaving(receive, call))
        try:
            ends = await self._ended(call, self._answered(call, asked, headers, reply), reply.reference)
        finally:
            leaving.cancel()
            self._means.counter.settle(call.settlement())
        if not isinstance(ends, Stopped):
            await reply.finish(ends)
        elif ends.ending is Ending.CALLER_LEFT:
            raise told.CallerLeft
        else:
            await reply.refuse(ends.told)

    async def _ended(self, call: Call, work: Coroutine[Any, Any, Whole | LastPiece], reference: str) -> Ends:
        """Return the end of a call, which is noted in it too."""
        try:
            with self._live.holding(call):
                return await call.within_reach(work)
        except Stopped as stopped:
            why = stopped
        except EndpointTrouble as trouble:
            why = told.endpoint_broken(trouble)
        except told.Refusing as refusing:
            why = Stopped(refusing.told, Ending.STOPPED)
        except Exception as error:
            say_unexpected(reference, error)
            why = Stopped(told.unexpected(reference), Ending.STOPPED)
        call.ended(why.ending, call.usage if why.usage is None else why.usage)
        return why

    async def _answered(
        self, call: Call, asked: Asked | None, headers: dict[str, str], reply: Reply
    ) -> Whole | LastPiece:
        """Return what is to be sent last. Raises Stopped and EndpointTrouble."""
        upstream = call.admission.upstream
        if asked is None:
            call.ended(Ending.NOT_SENT, NOTHING)
            return Whole(status=200, body=model_api.model_list(upstream.models))
        if asked.out_of_scope is not None:
            raise told.out_of_scope(asked.out_of_scope)
        if asked.model not in upstream.models:
            raise told.model_out_of_scope()
        size = asked.most.input_tokens  # at least its bytes
        out = await self._means.aside.do(size, partial(sending, upstream, asked, headers))
        asked.let_go()
        exchange = await self._means.endpoints.send(out, last_look=lambda: self._require_time(call))
        del out
        try:
            return await Relay(call, asked, exchange, reply, self._means).run()
        finally:
            exchange.close()

    def _require_time(self, call: Call) -> None:
        if self._means.now() >= call.admission.ends_at:
            raise told.window_over(NOTHING)


async def _leaving(receive: Receive, call: Call) -> None:
    """This will end the call once its caller has left."""
    while (await receive())["type"] != "http.disconnect":
        continue
    call.stop(told.caller_left())
