"""How does a page say what a lower floor said? Its template from the catalogue, its values as they are."""

from django.utils.translation import gettext

from watchbell.domain.sentence import Sentence, Value, filled


def spoken(said: object) -> str:
    """Return a sentence of the lower floors in the reader's language; what no catalogue holds stays as it is.

    Takes a sentence, a plain text of ours, a refusal, or an exception that carries one of them.
    """
    sentence = Sentence(str(said))
    template = gettext(sentence.template) if sentence.template else ""
    return filled(template, {name: _value(one) for name, one in sentence.values.items()})


def _value(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(_value(one) for one in value)
    return spoken(value).rstrip(".") if isinstance(value, Sentence) else f"{value}"
