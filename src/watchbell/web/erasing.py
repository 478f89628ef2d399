"""Somebody wants their name out of this node: an administrator finds the account, reads what stays, and erases it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from watchbell.apps.orgs import queries, services
from watchbell.domain.handling import Role
from watchbell.doors.policy import NODE_ADMIN, open_to
from watchbell.web.asking import Asking
from watchbell.web.context import ROLES


class FindForm(forms.Form):
    """Whose account is meant."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("The whole address they sign in with."),
    )


class EraseForm(forms.Form):
    """The address typed once more: nobody erases an account by a slip of the hand."""

    typed = forms.CharField(
        label=gettext_lazy("Type their e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
        help_text=gettext_lazy("This cannot be undone. After restoring an older backup, erase the account again."),
    )

    def __init__(self, *answers: Any, email: str) -> None:
        super().__init__(*answers)
        self._email = email

    def clean_typed(self) -> str:
        """Return the address when it is the account's own."""
        typed = str(self.cleaned_data["typed"]).strip()
        if typed.casefold() != self._email.casefold():
            raise ValidationError(_("That is another address; nothing was changed."))
        return typed


@open_to(NODE_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: Asking) -> HttpResponse:
    """Ask whose account is meant; the address stays out of the page's own address and so out of every log."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = queries.accounts(request.actor).filter(email__iexact=form.cleaned_data["email"]).first()
        if person is not None:
            return redirect("erase_person", public_id=person.public_id)
        form.add_error("email", _("No account here has this address. It may have been erased already."))
    return render(request, "watchbell/erase_find.html", {"form": form})


@open_to(NODE_ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Asking, public_id: str) -> HttpResponse:
    """Say what goes and what stays, and erase the account when its address is typed."""
    person = get_object_or_404(queries.accounts(request.actor), public_id=public_id)
    is_own = person.public_id == request.actor.person
    form = EraseForm(request.POST or None, email=person.email)
    if request.method == "POST" and not is_own and form.is_valid():
        try:
            services.erase_person(person, by=request.actor, now=request.now)
        except services.LastOwner:
            form.add_error(None, _("They are the last owner of an organisation. Make someone else an owner first."))
        else:
            messages.success(request, _("The account is erased. What they did stays on record under an opaque id."))
            return redirect("organisations")
    rows = queries.members_of(request.actor, now=request.now).filter(person=person)
    shown = [{"organisation": row.organisation, "role": ROLES[Role(row.role)]} for row in rows]
    return render(request, "watchbell/erase.html", {"person": person, "rows": shown, "form": form, "is_own": is_own})
