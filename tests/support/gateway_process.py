"""`python -m tests.support.gateway_process URL`: a gateway with the ledger in memory, for tests of processes.

It prints its port, serves until SIGTERM, and then prints what the ledger knows: how each call ended, and what is open.
"""

import json
import random
import sys
from datetime import timedelta

from tests.support.metering_ledger import Grant, MemoryLedger

from watchbell.cli.log import write_to
from watchbell.domain.metering import Scheme, Upstream
from watchbell.doors import moment
from watchbell.gateway.app import Gateway
from watchbell.gateway.counter import Counter
from watchbell.gateway.limits import Limits
from watchbell.gateway.serving import listening, serve
from watchbell.outside.closed import close_memory
from watchbell.outside.upstream import Endpoints

TOKEN = f"wbg_{'0123456789abcdef' * 2}_{'process':x<43}"
CREDENTIAL = "sk-lab-CANARY-process-0123456789"
LIMITS = Limits(drain_seconds=1.0, settle_seconds=3.0)


def main(url: str) -> None:
    """Serve one endpoint."""
    write_to(sys.stderr)
    close_memory()
    ledger, dice = MemoryLedger(), random.Random(1)
    upstream = Upstream(base_url=url, credential=CREDENTIAL, scheme=Scheme.BEARER, models={"alias": "m-1"})
    ledger.grants[TOKEN] = Grant(engagement="e", upstream=upstream, ends_at=moment.now() + timedelta(hours=1))
    counter = Counter(ledger, now=moment.now, rng=dice, limits=LIMITS)
    gateway = Gateway(counter, Endpoints(allow=frozenset({url})), now=moment.now, rng=dice, limits=LIMITS)
    sock = listening("127.0.0.1", 0)
    sys.stdout.write(f"{sock.getsockname()[1]}\n")
    sys.stdout.flush()
    serve(gateway, sock, limits=LIMITS)
    endings = [str(one.ending) for one in ledger.settled]
    calls = {one.call for one in ledger.settled}
    sys.stdout.write(json.dumps({"endings": endings, "calls": len(calls), "open": len(ledger.open_calls)}))


if __name__ == "__main__":
    main(sys.argv[1])
