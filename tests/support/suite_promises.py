"""What every built-in suite promises, asked of any of them."""

from hypothesis import strategies as st
from tests.support import scripted

from watchbell.domain.suites.canary import headed
from watchbell.domain.suites.sets import digest, items_of, whole
from watchbell.domain.suites.suite import CONTROLS, Answer, Call, Item, Suite

SEED, OTHER_SEED = b"s" * 32, b"t" * 32


def every_item(suite: Suite, numbers: int = 2, seed: bytes = SEED) -> list[Item]:
    """Return every family at every level, more than once."""
    return list(items_of(whole(suite, numbers), suite, seed))


def unearned(suite: Suite, answers: "list[tuple[Item, str, Answer]]") -> list[str]:
    """Return the names of those that got any credit."""
    scored = [(item, name, suite.judge(item, answer, ())) for item, name, answer in answers]
    return [f"{item.name} {name}" for item, name, score in scored if score.credit > 0 or score.solved]


def digest_of(suite: Suite) -> str:
    """Return what stands for the whole set of the fixed seed."""
    return digest(every_item(suite))


def shared_between_seeds(suite: Suite) -> set[str]:
    """Return the names of items that two seeds have in common, whatever the header says."""
    one = {item.name: (item.prompt.removeprefix(headed(SEED, "")), item.truth) for item in every_item(suite)}
    other = every_item(suite, seed=OTHER_SEED)
    return {
        item.name for item in other if one[item.name] == (item.prompt.removeprefix(headed(OTHER_SEED, "")), item.truth)
    }


def lacking_reference(suite: Suite) -> list[str]:
    """Return the items whose reference answer does not earn everything."""
    scored = [(item, suite.judge(item, suite.reference(item), ())) for item in every_item(suite)]
    return [item.name for item, score in scored if not (score.credit == 1.0 and score.solved and not score.refused)]


def earning_controls(suite: Suite) -> list[str]:
    """Return the controls that earn something, or are missing."""
    found = []
    for item in every_item(suite):
        controls = suite.controls(item)
        found += [f"{item.name} lacks {name}" for name in CONTROLS if name not in controls]
        found += unearned(suite, [(item, name, answer) for name, answer in controls.items()])
    return found


def earning_42(suite: Suite) -> list[str]:
    """Return the items where "42" earns something."""
    said = [(item, "42", Answer(text="42")) for item in every_item(suite)]
    called = [(item, "42 by tool", scripted.answers_42(item)) for item in every_item(suite)]
    return unearned(suite, said + called)


def unlike_a_refusal(suite: Suite) -> list[str]:
    """Return the items where a refusal in words is not counted as one, or earns something."""
    scored = [(item, suite.judge(item, scripted.refuses(item), ())) for item in every_item(suite, numbers=1)]
    return [item.name for item, score in scored if not score.refused or score.credit or score.solved]


def answers_to(item: Item, suite: Suite) -> st.SearchStrategy[Answer]:
    """Return any answers: junk, and whole and broken calls of the item's own tools with words from its truth."""
    scalars = (
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(_words(item))
    )
    values = st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    )
    names = st.sampled_from([tool.name for tool in item.tools]) | st.text(max_size=8)
    fields = sorted({field for tool in item.tools for field in tool.parameters["properties"]}) or ["x"]
    arguments = st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), values, max_size=4)
    made = st.builds(lambda tool, given: Call(tool=tool, arguments=given), names, arguments)
    real = st.sampled_from(
        [call for answer in (suite.reference(item), *suite.controls(item).values()) for call in answer.calls]
        or [Call(tool="x", arguments={})]
    )
    texts = st.text(max_size=60) | st.sampled_from(
        ["```json\n[1,", "```\n[[[[\n```", "```json\n{}\n```", "I cannot help."]
    )
    return st.builds(
        lambda text, calls: Answer(text=text, calls=tuple(calls)), texts, st.lists(made | real, max_size=6)
    )


def _words(item: Item) -> list[str]:
    return [*[str(value) for value in item.truth.values() if isinstance(value, str)], "42", "none", "CWE-22"]
