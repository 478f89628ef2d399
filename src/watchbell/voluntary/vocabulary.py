"""Which words does early access never use, and which few look like them and mean something else? All of it is here.

Whole words, in any case, after names are split at underscores and capitals. V13 of the product's promises; the Spanish
is what a translator might put for the same things. Whoever adds to `MEANS_SOMETHING_ELSE` says what it means there.
"""

from typing import Final

NEVER: Final = frozenset(
    {
        *("approve", "approves", "approved", "approving", "approval", "approvals", "disapprove", "disapproved"),
        *("license", "licenses", "licensed", "licensing", "licensee", "licence", "licences", "licenced"),
        *("permit", "permits", "permitted", "permitting"),
        *("clear", "clears", "cleared", "clearing", "clearance", "clearances", "preclear", "preclearance"),
        *("certify", "certifies", "certified", "certifying", "certification", "certifications"),
        *("pass", "passes", "passed", "passing"),
        *("fail", "fails", "failed", "failing", "failure", "failures"),
        *("gate", "gates", "gated", "gating", "gatekeeper"),
        *("block", "blocks", "blocked", "blocking", "unblock", "unblocked"),
    }
)
NEVER_IN_SPANISH: Final = frozenset(
    {
        *("aprobar", "aprueba", "apruebe", "aprueban", "aprobado", "aprobada", "aprobados", "aprobadas"),
        *("aprobación", "aprobaciones", "reprobar", "reprueba", "reprobado", "reprobada", "desaprobar"),
        *("licencia", "licencias", "licenciar", "licenciado", "licenciada"),
        *("permiso", "permisos"),
        *("autorizar", "autoriza", "autorice", "autorizan", "autorizado", "autorizada", "autorización"),
        *("autorizados", "autorizadas", "autorizaciones"),
        *("habilitar", "habilitado", "habilitada", "habilitación"),
        *("certificar", "certifica", "certifique", "certificado", "certificada", "certificación"),
        *("certificados", "certificadas"),
        *("fracasar", "fracasa", "fracasado", "fracaso", "suspender", "suspenso", "suspendido"),
        *("bloquear", "bloquea", "bloquee", "bloqueado", "bloqueada", "bloqueo", "bloqueos"),
        *("desbloquear", "desbloqueado"),
    }
)
MEANS_SOMETHING_ELSE: Final[dict[str, str]] = {
    "pass@k": "a measure of how often one of k answers is right",
    "TLP:CLEAR": "a label of the Traffic Light Protocol",
    "software licence": "what other people's software is under",
    "el certificado de nadie más": "a server's TLS certificate, in Spanish",
    "clave pública del certificado": "a server's TLS certificate, in Spanish",
    "pass_at_k": "the same, as the name of a function",
    "content_block_delta": "a kind of event in another interface for models",
    "response.failed": "an event that an endpoint sends, in the words of its interface",
}
"""Phrases taken out before words are looked for; `gateway`, `password`, `passkey`, `permission` are other words."""
NUDGES: Final = frozenset(
    {
        *("invite", "invitation", "invites", "request", "requests", "nudge", "nudges", "remind", "reminder"),
        *("apply", "application", "applications", "ask", "solicit", "petition", "urge", "demand", "propose"),
    }
)
"""Words for making a developer begin: none stands in this area's addresses (V12)."""
NO_NUDGES: Final[dict[str, str]] = {
    "request_determination": "the developer's own note that it asked somebody else for a determination",
}
