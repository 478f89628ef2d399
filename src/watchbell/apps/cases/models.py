"""Who takes part in a case, what holds between them, and what has each said? Moments are facts; states follow."""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.cases.words import ProposalState, Standing
from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.advisory import VexJustification
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Consent, Path, Report, World
from watchbell.domain.lifecycle import Embargo as EmbargoState
from watchbell.domain.lifecycle.rules import CaseRole


class Case(models.Model):
    """The coordination of one report; the moments say since when the world knows, exploits or attacks."""

    public_id = public_id()
    title = models.CharField(max_length=300)
    organisation = OrderedText(max_length=32)
    marking = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    public_at = models.DateTimeField(null=True)
    exploit_public_at = models.DateTimeField(null=True)
    attacked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-opened_at", "public_id"], name="case_list_of_one_owner")]
        constraints = [
            models.CheckConstraint(condition=Q(marking__lte=Tlp.RED), name="case_marking_is_a_tlp_label"),
            models.CheckConstraint(
                condition=Q(exploit_public_at__isnull=True) | Q(public_at__isnull=False),
                name="case_with_a_public_exploit_is_public",
            ),
        ]

    def __str__(self) -> str:
        return f"case {self.public_id}"

    @property
    def world(self) -> World:
        """Return what everyone else knows, as one state."""
        moments = (self.public_at, self.exploit_public_at, self.attacked_at)
        letters = (letter.upper() if at else letter for letter, at in zip("pxa", moments, strict=True))
        return World("".join(letters))


class Participant(models.Model):
    """One organisation in a case, or a contact without an account; where it stands with report, embargo and fix."""

    public_id = public_id()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants")
    organisation = OrderedText(max_length=32, blank=True)
    contact = OrderedText(max_length=254, blank=True)
    report = models.CharField(max_length=16, default=Report.START)
    consent = models.CharField(max_length=16, default=Consent.NO_EMBARGO)
    consent_since = models.DateTimeField()
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    report_sent_at = models.DateTimeField(null=True)
    spoke_at = models.DateTimeField(null=True)
    awaits_first_word = models.BooleanField(default=False)
    vendor_aware_at = models.DateTimeField(null=True)
    fix_ready_at = models.DateTimeField(null=True)
    fix_deployed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "case"], name="participant_cases_of_one_org")]
        constraints = [
            models.CheckConstraint(condition=~Q(organisation="") ^ ~Q(contact=""), name="participant_is_one_party"),
            models.UniqueConstraint(
                fields=["case", "organisation"], condition=~Q(organisation=""), name="participant_org_takes_part_once"
            ),
            models.UniqueConstraint(
                fields=["case", "contact"], condition=~Q(contact=""), name="participant_contact_takes_part_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "contact"],
                condition=Q(awaits_first_word=True),
                name="silent_project_has_one_open_report",
            ),
            models.CheckConstraint(condition=Q(report__in=list(Report)), name="participant_report_state_is_known"),
            models.CheckConstraint(condition=Q(consent__in=list(Consent)), name="participant_consent_is_known"),
            models.CheckConstraint(
                condition=Q(fix_ready_at__isnull=True) | Q(vendor_aware_at__isnull=False),
                name="fix_needs_an_aware_vendor",
            ),
            models.CheckConstraint(
                condition=Q(fix_deployed_at__isnull=True) | Q(fix_ready_at__isnull=False),
                name="deployment_needs_a_ready_fix",
            ),
            no_longer_than("contact", 254, name="participant_contact_is_short"),
        ]

    def __str__(self) -> str:
        return f"participant {self.public_id}"

    @property
    def path(self) -> Path:
        """Return how far this vendor and its users are, as one state."""
        moments = (self.vendor_aware_at, self.fix_ready_at, self.fix_deployed_at)
        letters = (letter.upper() if at else letter for letter, at in zip("vfd", moments, strict=True))
        return Path("".join(letters))

    @property
    def role_set(self) -> frozenset[CaseRole]:
        """Return every role this participant has."""
        return frozenset(CaseRole(one.role) for one in self.roles.all())


class ParticipantRole(models.Model):
    """One role of a participant, who may have several."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "role"], name="participant_has_a_role_once"),
            models.CheckConstraint(condition=Q(role__in=list(CaseRole)), name="participant_role_is_known"),
        ]

    def __str__(self) -> str:
        return self.role


class Assignment(models.Model):
    """One person named in a case: TLP:RED reaches these and nobody else."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    person = OrderedText(max_length=32)
    organisation = OrderedText(max_length=32)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="person_is_named_in_a_case_once")]

    def __str__(self) -> str:
        return f"{self.person} in case {self.case_id}"


class Embargo(models.Model):
    """Where a case stands with its embargo, and the instant it ends."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="embargo")
    state = models.CharField(max_length=16, default=EmbargoState.NONE)
    ends_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="embargo_ending_soon", condition=Q(ended_at__isnull=True))]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(EmbargoState)), name="embargo_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[EmbargoState.ACTIVE, EmbargoState.REVISE]) | Q(ends_at__isnull=False),
                name="embargo_in_force_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state=EmbargoState.EXITED, ended_at__isnull=False)
                | (~Q(state=EmbargoState.EXITED) & Q(ended_at__isnull=True)),
                name="embargo_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"embargo of case {self.case_id}: {self.state}"


class Proposal(models.Model):
    """One proposed end of an embargo, by whom, and until when an answer is asked for."""

    public_id = public_id()
    embargo = models.ForeignKey(Embargo, on_delete=models.PROTECT, related_name="proposals")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="proposals")
    ends_at = models.DateTimeField()
    reply_by = models.DateTimeField()
    made_at = models.DateTimeField()
    state = models.CharField(max_length=16, default=ProposalState.OPEN)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ProposalState)), name="proposal_state_is_known"),
            models.CheckConstraint(condition=Q(reply_by__gt=F("made_at")), name="proposal_leaves_time_to_reply"),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, settled_at__isnull=True)
                | (~Q(state=ProposalState.OPEN) & Q(settled_at__isnull=False)),
                name="proposal_settled_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.public_id}"


class ProposalAnswer(models.Model):
    """What one participant said to one proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="answers")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="answers")
    agrees = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "participant"], name="proposal_is_answered_once_by_each")
        ]

    def __str__(self) -> str:
        return "agrees" if self.agrees else "disagrees"


class CaseVulnerability(models.Model):
    """One flaw a case is about, with the finder's severity; each vendor's own stands beside it."""

    public_id = public_id()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="vulnerabilities")
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    cve = OrderedText(max_length=32, blank=True)
    cwe = models.CharField(max_length=16, blank=True)
    finder_severity = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "cve"], condition=~Q(cve=""), name="case_names_a_cve_once")
        ]

    def __str__(self) -> str:
        return f"vulnerability {self.public_id}"


class VendorSeverity(models.Model):
    """How severe one vendor says a flaw is in its products."""

    vulnerability = models.ForeignKey(CaseVulnerability, on_delete=models.PROTECT, related_name="vendor_severities")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="severities")
    vector = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vulnerability", "participant"], name="vendor_has_one_severity_for_a_flaw")
        ]

    def __str__(self) -> str:
        return self.vector


class VendorStatus(models.Model):
    """How one product of one vendor stands to one flaw, as the vendor says, since when; `no_answer` until it does."""

    vulnerability = models.ForeignKey(CaseVulnerability, on_delete=models.PROTECT, related_name="statuses")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="statuses")
    product = OrderedText(max_length=300)
    purl = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=24, default=Standing.NO_ANSWER)
    justification = models.CharField(max_length=64, blank=True)
    statement = models.TextField(blank=True)
    affected_from = models.CharField(max_length=100, blank=True)
    fixed_in = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vulnerability", "participant", "product"], name="product_stands_one_way_to_a_flaw"
            ),
            models.CheckConstraint(condition=Q(status__in=list(Standing)), name="vendor_status_is_known"),
            models.CheckConstraint(
                condition=Q(justification="") | Q(justification__in=list(VexJustification)),
                name="vendor_justification_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status=Standing.NOT_AFFECTED) | ~Q(justification="") | ~Q(statement=""),
                name="vendor_not_affected_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.status}"


class Lane(models.Model):
    """A place to talk: one for the whole case, and one for each participant with the coordinator."""

    public_id = public_id()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="lanes")
    participant = models.OneToOneField(Participant, null=True, on_delete=models.PROTECT, related_name="lane")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(participant__isnull=True), name="case_has_one_lane_for_all"
            )
        ]

    def __str__(self) -> str:
        return f"lane {self.public_id}"


class Message(models.Model):
    """What one participant said in one lane."""

    public_id = public_id()
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="messages", db_index=False)
    author = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="messages")
    person = models.CharField(max_length=32, blank=True)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lane", "at", "public_id"], name="message_of_a_lane_in_order")]
        constraints = [no_longer_than("text", 20_000, name="message_is_readable_in_one_go")]

    def __str__(self) -> str:
        return f"message {self.public_id}"


class CaseFinding(models.Model):
    """One finding that a case coordinates, under which of its vulnerabilities."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="findings")
    vulnerability = models.ForeignKey(CaseVulnerability, on_delete=models.PROTECT, related_name="findings")
    finding = OrderedText(max_length=32, unique=True)

    def __str__(self) -> str:
        return f"finding {self.finding} in case {self.case_id}"
