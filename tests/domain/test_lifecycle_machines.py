"""Do the machines do what their standards say, in every state and for every event?"""

from functools import cache

import pytest

from watchbell.domain.lifecycle import (
    CONSENT,
    EMBARGO,
    FINDING,
    PATH,
    REMEDIATION,
    REPORT,
    WORLD,
    Consent,
    Embargo,
    Finding,
    NotPossible,
    Path,
    PathEvent,
    Remediation,
    Report,
    ReportEvent,
    World,
    WorldEvent,
)
from watchbell.domain.lifecycle.case import possible, step
from watchbell.domain.lifecycle.engagement import ENGAGEMENT
from watchbell.domain.lifecycle.report import settle_duplicate

MACHINES = [CONSENT, EMBARGO, ENGAGEMENT, FINDING, PATH, REMEDIATION, REPORT, WORLD]
EVERY_PAIR = [
    pytest.param(machine, state, event, id=f"{machine.name}-{state}-{event}")
    for machine in MACHINES
    for state in machine.states
    for event in machine.events
]

# The standard's tables once more, in another shape: event, from, to, by initials.
RM = "receive S R | validate R V | validate I V | invalidate R I | accept V A | accept D A | defer V D | defer A D"
RM += " | close I C | close D C | close A C"
EM = "propose N P | propose P P | propose A R | propose R R | reject P N | reject R A | accept P A | accept R A"
EM += " | terminate A X | terminate R X"
PEC = "invite N I | invite L I | invite D I | accept N S | accept I S | accept L S"
PEC += " | decline N D | decline I D | decline L D | revise S L"
PEC += " | reset N N | reset I N | reset S N | reset L N | reset D N"


def initials(states, **exceptions):
    return {exceptions.get(state.name, state.name[0]): state for state in states}


@pytest.mark.parametrize(
    ("machine", "table", "letters"),
    [
        (REPORT, RM, initials(Report)),
        (EMBARGO, EM, initials(Embargo, EXITED="X")),
        (CONSENT, PEC, initials(Consent)),
    ],
    ids=["RM", "EM", "PEC"],
)
def test_the_table_is_the_one_of_the_standard(machine, table, letters):
    expected = {}
    for line in table.split(" | "):
        event, before, after = line.split()
        expected[letters[before], machine.events(event)] = letters[after]

    assert dict(machine.transitions) == expected


def test_report_management_has_eleven_transitions():
    assert len(REPORT.transitions) == 11


@pytest.mark.parametrize(("machine", "state", "event"), EVERY_PAIR)
def test_every_event_either_moves_or_is_refused_with_a_reason_and_what_is_possible(machine, state, event):
    if (state, event) in machine.transitions:
        assert machine.next(state, event) is machine.transitions[state, event]
        assert event in machine.possible(state)
        return

    with pytest.raises(NotPossible) as refusal:
        machine.next(state, event)

    said = str(refusal.value)
    assert refusal.value.instead == tuple(each.value for each in machine.possible(state))
    assert said.startswith(f"{event.value!r} is not possible while the {machine.name} is {state.value!r}. ")
    assert all(each in said for each in refusal.value.instead)


@pytest.mark.parametrize(("machine", "state", "event"), EVERY_PAIR)
def test_every_refusal_has_a_reason_of_its_own(machine, state, event):
    if (state, event) not in machine.transitions:
        assert {(state, event), event, state} & machine.explanations.keys()


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_can_be_reached(machine):
    seen, waiting = {machine.start}, [machine.start]
    while waiting:
        state = waiting.pop()
        new = {machine.next(state, event) for event in machine.possible(state)} - seen
        seen |= new
        waiting += new

    assert seen == set(machine.states)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_no_explanation_is_for_something_that_is_possible_or_does_not_exist(machine):
    words = [each.value for each in machine.states] + [each.value for each in machine.events]

    assert len(set(words)) == len(words), "a state and an event of one name would share an explanation"
    for key in machine.explanations:
        assert key not in machine.transitions


def test_a_valid_report_is_never_closed_before_someone_decides():
    with pytest.raises(NotPossible, match="accepted or deferred first"):
        REPORT.next(Report.VALID, ReportEvent.CLOSE)


@pytest.mark.parametrize("state", Report)
def test_a_duplicate_report_is_never_called_invalid(state):
    with pytest.raises(NotPossible, match="find it valid, then defer it") as refusal:
        settle_duplicate(state, ReportEvent.INVALIDATE)

    assert "invalidate" not in refusal.value.instead


def test_a_duplicate_report_becomes_valid_and_is_then_deferred():
    valid = settle_duplicate(Report.RECEIVED, ReportEvent.VALIDATE)

    assert settle_duplicate(valid, ReportEvent.DEFER) is Report.DEFERRED


@pytest.mark.parametrize("machine", [FINDING, REMEDIATION], ids=lambda machine: machine.name)
def test_nothing_is_ever_lost_for_every_state_leads_back_to_the_start(machine):
    for state in machine.states:
        assert state is machine.start or machine.next(state, machine.events("reopen")) is machine.start


def test_only_a_patch_can_be_verified():
    assert [state for state in Remediation if "verify" in REMEDIATION.possible(state)] == [Remediation.PATCHED]


def test_a_settled_finding_is_reopened_before_it_is_decided_again():
    for state in (Finding.DUPLICATE, Finding.REJECTED):
        assert [event.value for event in FINDING.possible(state)] == ["reopen"]


# The whole case state, by walking it.
START = (Path.UNAWARE, World.QUIET)
END = (Path.FIX_DEPLOYED, World.ALL)


def edges():
    seen, waiting, found = {START}, [START], []
    while waiting:
        state = waiting.pop()
        for event in possible(*state):
            after = step(*state, event)
            found.append((state, event, after))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return seen, found


@cache
def histories(state):
    return sum(histories(step(*state, event)) for event in possible(*state)) if state != END else 1


def test_the_case_state_has_32_states_58_steps_and_70_histories():
    states, steps = edges()

    assert states == {(path, world) for path in Path for world in World}
    assert (len(states), len(steps), histories(START)) == (32, 58, 70)


def test_every_step_makes_exactly_one_fact_true_and_none_untrue():
    for before, event, after in edges()[1]:
        old, new = "".join(before), "".join(after)
        changed = [(was, now) for was, now in zip(old, new, strict=True) if was != now]

        assert len(changed) == 1, (before, event)
        assert changed[0][0].upper() == changed[0][1]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("world", World)
def test_the_case_refuses_what_may_not_come_true_and_says_what_comes_first(path, world):
    allowed = possible(path, world)

    for event in [*PathEvent, *WorldEvent]:
        if event in allowed:
            continue
        with pytest.raises(NotPossible) as refusal:
            step(path, world, event)
        if len(allowed) == 1 and (world.has_public_exploit > world.is_public or path is Path.UNAWARE):
            assert f"{allowed[0].value!r} comes first" in str(refusal.value)


def test_what_is_public_makes_the_vendor_aware_before_anything_else():
    with pytest.raises(NotPossible, match="'vendor aware' comes first"):
        step(Path.UNAWARE, World.PUBLIC, WorldEvent.ATTACKS)


def test_a_public_exploit_makes_the_flaw_public_before_anything_else():
    with pytest.raises(NotPossible, match="'public' comes first"):
        step(Path.AWARE, World.EXPLOIT, PathEvent.FIX_READY)


@pytest.mark.parametrize("world", World)
def test_the_world_reads_its_own_letters(world):
    assert (world.is_public, world.has_public_exploit, world.is_attacked) == tuple(
        letter.isupper() for letter in world.value
    )
