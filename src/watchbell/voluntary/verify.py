"""Which checks are there, and what do they say together?"""

from collections.abc import Callable, Iterator
from typing import Final

from watchbell.voluntary import alike, destruction, everywhere, logged, results, windows, wording
from watchbell.voluntary.checked import Checked
from watchbell.voluntary.run import Run

PROPERTIES: Final[dict[str, Callable[[Run], Checked]]] = {
    "V1": everywhere.the_developer_can_always_release,
    "V2": everywhere.the_developer_can_always_withdraw,
    "V3": windows.no_use_after_thirty_days,
    "V4": windows.all_windows_of_a_model_together,
    "V5": destruction.keys_are_gone_in_time,
    "V6": everywhere.nobody_holds_the_developer_up,
    "V7": everywhere.nobody_reaches_further,
    "V8": everywhere.nothing_renews_itself,
    "V9": alike.a_determination_changes_nothing,
    "V10": alike.taking_part_changes_nothing,
    "V11": alike.nobody_can_tell,
    "V12": everywhere.only_the_developer_begins,
    "V13": wording.no_such_word,
    "V14": results.the_developer_first,
    "V15": logged.everything_is_in_the_log,
    "V16": alike.nothing_is_held_back,
}


def verify(run: Run) -> Iterator[Checked]:
    """Yield what became of each property that is asked for, in order."""
    for name, check in PROPERTIES.items():
        if run.asks_for(name):
            yield check(run)
