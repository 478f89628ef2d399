"""Can a model be looked at for longer than thirty times twenty-four hours? V3 for one window, V4 for all of them."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchbell.apps.engagements import services
from watchbell.apps.engagements.services import metering
from watchbell.domain.terms import Purpose
from watchbell.voluntary.checked import proves, require
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import LONGEST, TERMS, Stage
from watchbell.voluntary.tables import delete_all, rows, undone
from watchbell.voluntary.walk import aside, succeeds

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
STARTS = (
    ("2026-11-04T12:00:00", "UTC"),
    ("2026-10-25T02:30:00", "Europe/Berlin"),
    ("2027-03-14T01:59:59.999999", "America/New_York"),
    ("2026-10-04T01:45:00", "Australia/Lord_Howe"),
    ("2028-02-28T23:59:00", "Asia/Kathmandu"),
    ("2026-12-31T23:59:59", "Pacific/Kiritimati"),
)
"""The hours that clocks repeat or leave out, half an hour's change, a leap day, and the turn of a year."""


def starts() -> Iterator[datetime]:
    """Yield moments to start at, each in its own zone; where the system knows no zones, at a fixed distance."""
    for text, name in STARTS:
        local = datetime.fromisoformat(text)
        zone: ZoneInfo | timezone = timezone(timedelta(hours=5, minutes=45))
        with suppress(ZoneInfoNotFoundError):
            zone = ZoneInfo(name)
        once = local.replace(tzinfo=zone)
        yield once
        if once.utcoffset() != (again := local.replace(tzinfo=zone, fold=1)).utcoffset():
            yield again


@proves("V3")
def no_use_after_thirty_days(run: Run) -> str:
    """Use at the last microsecond, at the end, after it and with the clock set back, with nothing else running."""
    tried, moments = 0, list(starts())
    with run.stage() as stage:
        for start in moments:
            with aside(stage):
                stage.now = start
                tried += _one_window(stage.reach("active"), start.astimezone(UTC) + LONGEST)
        tried += _shorter(stage)
    return f"{tried} uses around the end of {len(moments) + 2} windows in {len(STARTS)} zones, without any round"


def _one_window(stage: Stage, end: datetime) -> int:
    """Return how often the model was asked for around this window's end; nothing but the uses themselves runs."""
    early = stage.mint()
    stage.now = end - timedelta(hours=1)
    late = services.mint(stage.engagement, Purpose.RUN, **stage.deed("evaluator"), lasts=90 * DAY).text
    require(not stage.lets_in(early), "a token works for longer than twelve hours")
    with aside(stage):
        require(stage.lets_in(late, now=end - TICK), f"the window until {end} ends before its end")
        require(not _stopped(stage, end - TICK), "a running call is cut before the end")
    for moment in (end, end + TICK, end + timedelta(hours=1), end + 30 * DAY, end + 400 * DAY):
        with aside(stage):
            require(not stage.lets_in(late, now=moment), f"a token lets in at {moment}, and the end was {end}")
        with aside(stage):
            require(_stopped(stage, moment), f"a running call goes on at {moment}, and the end was {end}")
            stage.now = moment
            minting = succeeds(stage.mint)
            require(not minting, f"a token is given out at {moment}, and the end was {end}")
            require(not succeeds(stage.point), f"an endpoint is taken at {moment}, and the end was {end}")
    stage.lets_in(late, now=end)
    for moment in (end - TICK, end - 29 * DAY, end - 400 * DAY):
        again = Stage(stage.cast, stage.keys, stage.rng, moment, stage.digest, stage.engagement_id, stage.model_id)
        require(not again.lets_in(late), f"a clock set back to {moment} opens it again")
        require(not succeeds(again.mint), "a clock set back gives tokens out again")
    return 18


def _shorter(stage: Stage) -> int:
    """Return the uses tried around two ends that the developer set earlier."""
    for hours in (1, 700):
        with aside(stage):
            stage.reach("active", replace(TERMS, hours=hours))
            text, end = stage.mint(), stage.now + timedelta(hours=hours)
            if hours == 700:
                end = stage.now + timedelta(hours=2)
                services.shorten(stage.engagement, end, **stage.deed())
            with aside(stage):
                require(stage.lets_in(text, now=end - TICK), "a shorter window ends before its end")
            require(not stage.lets_in(text, now=end), "a shorter window outlives its end")
    return 4


def _stopped(stage: Stage, now: datetime) -> bool:
    return bool(metering.stopped_among([stage.engagement_id], now=now, keys=stage.keys))


@proves("V4")
def all_windows_of_a_model_together(run: Run) -> str:
    """Series of engagements onto one digest, side by side and one after the other, with everything that might reset."""
    series, windows, refused = 4, 0, 0
    with run.stage() as stage:
        _counts_stay_when_rows_go(stage)
        for number in range(series):
            with aside(stage):
                opened, closed = _series(stage, random.Random(run.seed + number))  # noqa: S311
                windows, refused = windows + opened, refused + closed
    return f"{series} series with {windows} windows, {refused} more refused for want of time; rows taken away behind it"


def _series(stage: Stage, rng: random.Random) -> tuple[int, int]:
    """Return how many windows were opened and how many refused in one series of engagements."""
    admitted: list[tuple[datetime, datetime]] = []
    opened = refused = 0
    for turn in range(7):
        stage.digest = rng.choice([stage.digest.upper(), f" {stage.digest.lower()} ", stage.digest]).strip().lower()
        stage.reach("agreed", replace(TERMS, hours=rng.choice([24, 200, 720])))
        if succeeds(stage.start):
            opened += 1
            stage.point()
            admitted.append(_let_in(stage, rng))
        else:
            refused += 1
        if turn == 2:
            _meddle(stage)
        together = union(admitted)
        require(together <= LONGEST, f"the model was open for {together} in {opened} windows: {admitted}")
        stage.now += rng.choice([timedelta(0), 3 * DAY, 9 * DAY, 40 * DAY])
    return opened, refused


def _let_in(stage: Stage, rng: random.Random) -> tuple[datetime, datetime]:
    """Return from when until when calls were really admitted: asked at the edges, and ended early half of the time."""
    [row] = [row for row in rows("engagement") if row["public_id"] == stage.engagement_id]
    start, end = row["starts_at"], row["ends_at"]
    if rng.random() < 0.5:
        with_drawn = start + (end - start) * rng.random()
        services.withdraw(stage.engagement, **stage.deed(now=with_drawn))
        return start, with_drawn
    with aside(stage):
        stage.now = end - timedelta(minutes=1)
        text = stage.mint()
        require(stage.lets_in(text, now=end - TICK), "a window ends before its end")
        require(not stage.lets_in(text, now=end), f"a window until {end} outlives its end")
    return start, end


def _meddle(stage: Stage) -> None:
    """This will register the same model again, in other letters, and give its engagement's row another state."""
    again = services.register_model("Another name", f" {stage.digest.upper()} ", **stage.deed())
    require(again.public_id == stage.model_id, "one digest has two models")


def _counts_stay_when_rows_go(stage: Stage) -> None:
    """Raise Broken if a window opens anew after engagements and models are deleted behind the services' backs."""
    with undone():
        kept = stage.keep()
        stage.reach("active")
        end = stage.now + LONGEST
        services.withdraw(stage.engagement, **stage.deed(now=end - TICK))
        for table in ("receipt", "sealeditem", "call", "accessline", "accesschain", "gatewaytoken", "grant"):
            delete_all(table)
        for table in ("seat", "signature", "termsversion", "engagement", "modelversion"):
            delete_all(table)
        stage.now = end + DAY
        stage.reach("agreed")
        if succeeds(stage.start):
            [row] = [row for row in rows("engagement") if row["public_id"] == stage.engagement_id]
            left = row["ends_at"] - row["starts_at"]
            require(left <= TICK, f"after its rows were deleted the model may be looked at for {left} more")
        stage.put_back(kept)


def union(spans: list[tuple[datetime, datetime]]) -> timedelta:
    """Return how long any of these was open: counted here, and not by the rules that are checked."""
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    total, depth, since = timedelta(0), 0, datetime.min.replace(tzinfo=UTC)
    for at, step in edges:
        if depth:
            total += at - since
        depth, since = depth + step, at
    return total
