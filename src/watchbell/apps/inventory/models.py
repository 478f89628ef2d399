"""What does each operator run? Assets, what lists say is in them, and which published records name it.

A list is built beside the one in force and takes its place in one step, so nobody ever
sees half of it. Versions stand once for all (`PackageVersion`), whoever runs them: records
are matched against these, and a match reaches assets only through a list in force.
"""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.designations import LONGEST
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.matching.vex_statements import VexFormat
from watchbell.domain.priority import Exposure

NAME_LENGTH = 200
VERSION_LENGTH = 512
BECAUSE_LENGTH = 1000
PURL_LENGTH = 2048
CPE_LENGTH = 300
MARK_LENGTH = LONGEST
HELPED_LENGTH = 255


class Asset(models.Model):
    """Something an operator runs and looks after as one: a machine, a service, a kind of device."""

    public_id = public_id()
    organisation_id = OrderedText(max_length=32)
    name = OrderedText(max_length=NAME_LENGTH)
    kind = models.CharField(max_length=60, blank=True)
    exposed = models.CharField(max_length=8, default=Exposure.UNKNOWN)
    patched_by = models.CharField(max_length=NAME_LENGTH, blank=True)
    listing = models.ForeignKey("Listing", null=True, on_delete=models.PROTECT, related_name="in_force_for")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "name"], name="asset_name_is_used_once"),
            models.CheckConstraint(condition=Q(exposed__in=list(Exposure)), name="asset_exposure_is_an_answer"),
            no_longer_than("name", NAME_LENGTH, name="asset_name_is_short"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Document(models.Model):
    """A bill of materials or a table as an operator handed it in; equal bytes are one document."""

    public_id = public_id()
    organisation_id = OrderedText(max_length=32)
    digest = OrderedText(max_length=64)
    format = models.CharField(max_length=32)
    size = models.PositiveBigIntegerField()
    blob_id = models.CharField(max_length=32, blank=True)
    components = models.PositiveIntegerField(default=0)
    assessed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    loaded_by = models.CharField(max_length=64, blank=True)
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "digest"], name="document_stands_once"),
            models.CheckConstraint(
                condition=Q(assessed__lte=F("components")), name="document_assesses_no_more_than_it_holds"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Listing(models.Model):
    """What one document says is in one asset; in force while the asset points to it, and removed afterwards.

    `product` is what the document as a whole describes, see `names.packed_product`.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="listings")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="listings")
    components = models.PositiveIntegerField()
    assessed = models.PositiveIntegerField()
    product = models.TextField(blank=True)
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(assessed__lte=F("components")), name="listing_assesses_no_more_than_it_holds"
            )
        ]

    def __str__(self) -> str:
        return f"document {self.document_id} in asset {self.asset_id}"


class Load(models.Model):
    """A large list that a job loads: which document into which asset, and how much of it is in the list it builds.

    `listing` is that list, and becomes the one in force when all of it is there. A list that
    comes in later, or by another way, takes the place of one that still waits.
    """

    class Stage(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        LOADED = "loaded"
        REPLACED = "replaced"
        STOPPED = "stopped"

    public_id = public_id()
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="loads")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey(Listing, null=True, on_delete=models.SET_NULL, related_name="+")
    job = models.CharField(max_length=32, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.WAITING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(stage="waiting"), name="load_waits_once_for_an_asset"
            ),
            models.CheckConstraint(
                condition=Q(stage="waiting", settled_at__isnull=True)
                | Q(stage__in=["loaded", "replaced", "stopped"], settled_at__isnull=False),
                name="load_is_settled_exactly_when_it_is_over",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="load_does_no_more_than_there_is"),
        ]

    def __str__(self) -> str:
        return self.public_id


class PackageVersion(models.Model):
    """A version of a package as somebody runs it; `doubt` says why it cannot be compared, "" that it can.

    Without a key it joins no range; then every record that names the package is "cannot tell". One that
    `is_ambiguous` is also compared with each range's own words, since its key is not all there is to say.
    """

    package = models.ForeignKey("vulnerabilities.Package", on_delete=models.PROTECT, related_name="+", db_index=False)
    ecosystem = models.CharField(max_length=64)
    name = models.CharField(max_length=512)
    raw = OrderedText(max_length=VERSION_LENGTH, blank=True)
    key = models.BinaryField(max_length=2048, null=True)
    key_format = models.SmallIntegerField()
    doubt = models.CharField(max_length=32, blank=True)
    is_ambiguous = models.BooleanField(default=False)
    is_matched = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["package", "key"], name="version_join_by_package")]
        constraints = [
            models.UniqueConstraint(fields=["package", "raw"], name="version_of_a_package_stands_once"),
            models.CheckConstraint(
                condition=Q(key__isnull=False) | ~Q(doubt=""), name="version_without_a_key_says_why"
            ),
            models.CheckConstraint(condition=Q(doubt__in=["", *Reason]), name="version_doubt_is_known"),
            no_longer_than("raw", VERSION_LENGTH, name="version_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.ecosystem} {self.name} {self.raw}"


class Component(models.Model):
    """A list says that this version is in its asset; `times` counts how often it stands there.

    `names` is what the list calls it beyond its package and version, see `names.packed`; "" for nothing more.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="contents", db_index=False)
    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="components", db_index=False)
    times = models.PositiveIntegerField(default=1)
    names = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["version", "listing"], name="component_who_runs_it")]
        constraints = [models.UniqueConstraint(fields=["listing", "version"], name="component_is_listed_once")]

    def __str__(self) -> str:
        return f"version {self.version_id} in listing {self.listing_id}"


class Unassessable(models.Model):
    """Something a list names under no package a record could name, and why; `word` is its name as packages are spelled.

    `is_assessed` once it was recognised by something else, and so is not among what could not be assessed any more.
    `cpe` is "a:vendor:product" where the list gives one: by it records may name it, as a guess.
    `machine` is set for a piece of equipment.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="unassessable", db_index=False)
    name = models.CharField(max_length=NAME_LENGTH)
    version = models.CharField(max_length=NAME_LENGTH, blank=True)
    purl = models.CharField(max_length=PURL_LENGTH, blank=True)
    word = OrderedText(max_length=NAME_LENGTH)
    reason = models.CharField(max_length=32)
    times = models.PositiveIntegerField(default=1)
    cpe = OrderedText(max_length=CPE_LENGTH, blank=True)
    machine = models.ForeignKey("Machine", null=True, on_delete=models.PROTECT, related_name="lines")
    is_assessed = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "unassessable"
        indexes = [
            models.Index(fields=["listing", "word"], name="unassessable_by_name"),
            models.Index(fields=["listing", "cpe"], name="unassessable_by_cpe", condition=~Q(cpe="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=list(Reason)), name="unassessable_reason_is_known")
        ]

    def __str__(self) -> str:
        return self.reason


class Mark(models.Model):
    """By this a record may identify a thing of a list, or a machine wherever it is; see `designations.marks_of`."""

    line = models.ForeignKey(Unassessable, null=True, on_delete=models.CASCADE, related_name="marks", db_index=False)
    machine = models.ForeignKey("Machine", null=True, on_delete=models.CASCADE, related_name="marks", db_index=False)
    kind = models.CharField(max_length=16)
    value = OrderedText(max_length=MARK_LENGTH)

    class Meta:
        indexes = [models.Index(fields=["value", "kind"], name="mark_who_bears_it")]
        constraints = [
            models.UniqueConstraint(fields=["line", "kind", "value"], name="mark_of_a_line_stands_once"),
            models.UniqueConstraint(fields=["machine", "kind", "value"], name="mark_of_a_machine_stands_once"),
            models.CheckConstraint(
                condition=Q(line__isnull=True) ^ Q(machine__isnull=True), name="mark_is_of_a_line_or_of_a_machine"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Gap(models.Model):
    """How many of a list's components could not be assessed, for one reason."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="gaps", db_index=False)
    reason = models.CharField(max_length=32)
    components = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "reason"], name="gap_reason_is_counted_once")]

    def __str__(self) -> str:
        return f"{self.components} {self.reason}"


class PickedProduct(models.Model):
    """A person says that this product is in this asset; `listing` is set when a table said so.

    `unit` is set when a machine in the asset was recognised as it, `line` when something else on its list was;
    then it goes with that. `helped` says by what else than names, see `helped.packed`.
    """

    public_id = public_id()
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="picks", db_index=False)
    listing = models.ForeignKey(Listing, null=True, on_delete=models.SET_NULL, related_name="picks")
    product_id = OrderedText(max_length=32)
    name = models.CharField(max_length=401)
    version = models.CharField(max_length=NAME_LENGTH, blank=True)
    picked_at = models.DateTimeField()
    unit = models.ForeignKey("Unit", null=True, on_delete=models.CASCADE, related_name="picks", db_index=False)
    line = models.ForeignKey(Unassessable, null=True, on_delete=models.CASCADE, related_name="picks", db_index=False)
    helped = OrderedText(max_length=HELPED_LENGTH, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["product_id"], name="pick_who_runs_it"),
            models.Index(fields=["asset"], name="pick_of_an_asset"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "product_id"],
                condition=Q(unit__isnull=True, line__isnull=True),
                name="product_is_picked_once",
            ),
            models.UniqueConstraint(fields=["unit", "product_id"], name="unit_is_recognised_as_a_product_once"),
            models.UniqueConstraint(fields=["line", "product_id"], name="line_is_recognised_as_a_product_once"),
            models.CheckConstraint(
                condition=Q(line__isnull=True) | (Q(unit__isnull=True) & ~Q(helped="")),
                name="pick_of_a_line_says_by_what",
            ),
        ]

    def __str__(self) -> str:
        return f"product {self.product_id} in asset {self.asset_id}"


class Match(models.Model):
    """A record names this version: it is affected, or it cannot be told, and why."""

    version = models.ForeignKey(PackageVersion, on_delete=models.CASCADE, related_name="matches", db_index=False)
    record = models.ForeignKey("vulnerabilities.SourceRecord", on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=16)
    reason = models.CharField(max_length=32, blank=True)
    because = models.CharField(max_length=BECAUSE_LENGTH)
    fixed = models.CharField(max_length=VERSION_LENGTH, blank=True)

    class Meta:
        verbose_name_plural = "matches"
        constraints = [
            models.UniqueConstraint(fields=["version", "record"], name="match_stands_once"),
            models.CheckConstraint(
                condition=Q(status=Status.AFFECTED, reason="") | Q(status=Status.CANNOT_TELL) & ~Q(reason=""),
                name="match_is_affected_or_says_why_it_cannot_tell",
            ),
        ]

    def __str__(self) -> str:
        return f"record {self.record_id} on version {self.version_id}: {self.status}"


class ProductMatch(models.Model):
    """A record, or a catalogue (then `record` is empty), names a picked product in this version ("": none was given).

    Probable in a version inside a range, possible without a version or a range that can be read. Of one that is
    `helped` it is exact where the record itself says by what it is to be recognised: `helper` is that.
    """

    product_id = OrderedText(max_length=32)
    version = OrderedText(max_length=NAME_LENGTH, blank=True)
    helped = OrderedText(max_length=HELPED_LENGTH, blank=True)
    group_id = OrderedText(max_length=32)
    record = models.ForeignKey("vulnerabilities.SourceRecord", null=True, on_delete=models.CASCADE, related_name="+")
    tier = models.CharField(max_length=16)
    because = models.CharField(max_length=BECAUSE_LENGTH)
    fixed = models.CharField(max_length=VERSION_LENGTH, blank=True)
    helper = models.CharField(max_length=16, blank=True)

    class Meta:
        verbose_name_plural = "product matches"
        indexes = [models.Index(fields=["group_id"], name="product_match_by_group")]
        constraints = [
            models.UniqueConstraint(
                fields=["product_id", "version", "helped", "group_id", "record"], name="product_match_stands_once"
            ),
            models.UniqueConstraint(
                fields=["product_id", "version", "helped", "group_id"],
                condition=Q(record__isnull=True),
                name="product_listing_match_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(helper="", tier__in=[Tier.PROBABLE, Tier.POSSIBLE, Tier.CANNOT_TELL])
                | ~Q(helper="") & Q(tier__in=[Tier.EXACT, Tier.CANNOT_TELL]),
                name="product_match_is_exact_by_a_helper_alone",
            ),
        ]

    def __str__(self) -> str:
        return f"vulnerability {self.group_id} on product {self.product_id}: {self.tier}"


class Cursor(models.Model):
    """How far the published changes were matched; moved by whoever holds every part.

    `catalogue` is the digest of the catalogue that machines were last laid beside, and `catalogue_mark` the mark
    of the records it was made from: while that is the same, nobody has to make it to know that it is.
    `identity_mark` is that of the records by whose digests, numbers and addresses things were last recognised.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    catalogue = models.CharField(max_length=32, blank=True)
    catalogue_mark = models.CharField(max_length=64, blank=True)
    identity_mark = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="cursor_is_one_row")]

    def __str__(self) -> str:
        return f"matched up to change {self.seq}"


class Part(models.Model):
    """One of the parts that all versions are cut into, by package; matchers hold the rows of what they match.

    Matching everything again goes through a part's versions in order, by a job of its own: `after` is the last
    one matched, `until` the last one to match. A part with nothing left has them equal.
    """

    id = models.SmallIntegerField(primary_key=True)
    after = models.BigIntegerField(default=0)
    until = models.BigIntegerField(default=0)
    job = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(after__lte=F("until")), name="part_goes_no_further_than_asked")
        ]

    def __str__(self) -> str:
        return f"part {self.id}"


class Touched(models.Model):
    """News reached something this operator runs; the row goes with the journal entry that says so."""

    organisation_id = OrderedText(max_length=32, unique=True)

    class Meta:
        verbose_name_plural = "touched"

    def __str__(self) -> str:
        return self.organisation_id


class VexDocument(models.Model):
    """Statements somebody made about products, as an operator handed them in; equal bytes stand once.

    With an `asset` they hold in that one alone. `read_at` is empty while its statements are being written:
    until then, and once it is withdrawn, nothing of it counts. `defects` are (place, packed sentence) of what
    could not be read as it should.
    """

    public_id = public_id()
    organisation_id = OrderedText(max_length=32)
    asset = models.ForeignKey(Asset, null=True, on_delete=models.CASCADE, related_name="+")
    digest = OrderedText(max_length=64)
    format = models.CharField(max_length=16)
    name = models.CharField(max_length=NAME_LENGTH, blank=True)
    version = models.CharField(max_length=64, blank=True)
    author = models.CharField(max_length=NAME_LENGTH, blank=True)
    issued_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    size = models.PositiveBigIntegerField()
    statements = models.PositiveIntegerField()
    defects = models.JSONField(default=list)
    key_format = models.SmallIntegerField()
    imported_by = models.CharField(max_length=64, blank=True)
    imported_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=64, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation_id", "-imported_at"], name="vex_documents_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "digest"],
                condition=Q(asset__isnull=True),
                name="vex_document_stands_once",
            ),
            models.UniqueConstraint(
                fields=["asset", "digest"],
                condition=Q(asset__isnull=False),
                name="vex_document_stands_once_for_an_asset",
            ),
            models.CheckConstraint(condition=Q(format__in=list(VexFormat)), name="vex_document_format_is_known"),
        ]

    def __str__(self) -> str:
        return self.public_id


class VexStatement(models.Model):
    """One statement of a document, and what became of it when it was last laid over the matches.

    `said` is all of it, see `said.packed`. It holds for `holds` of them; for `replaced` more the same author
    said something later. Where it holds for none, `because` says why (a packed sentence).
    """

    document = models.ForeignKey(VexDocument, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    status = models.CharField(max_length=20)
    said = models.JSONField()
    holds = models.PositiveIntegerField(default=0)
    replaced = models.PositiveIntegerField(default=0)
    because = models.CharField(max_length=BECAUSE_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="vex_statement_stands_once"),
            models.CheckConstraint(condition=Q(status__in=list(VexStatus)), name="vex_statement_status_is_known"),
        ]

    def __str__(self) -> str:
        return f"statement {self.position} of {self.document_id}"


class VexName(models.Model):
    """An id of the vulnerability a statement is about."""

    statement = models.ForeignKey(VexStatement, on_delete=models.CASCADE, related_name="names", db_index=False)
    identifier = OrderedText(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["identifier", "statement"], name="vex_who_speaks_of_it")]
        constraints = [models.UniqueConstraint(fields=["statement", "identifier"], name="vex_name_is_given_once")]

    def __str__(self) -> str:
        return self.identifier


class VexOverlay(models.Model):
    """What the statements make of one match: a component of a list in force, or a picked product, and a vulnerability.

    `status` is what counts ("" where only unexplained words hold), by `statement`. The match itself stays.
    """

    component = models.ForeignKey(Component, null=True, on_delete=models.CASCADE, related_name="overlays")
    pick = models.ForeignKey(PickedProduct, null=True, on_delete=models.CASCADE, related_name="overlays")
    group_id = OrderedText(max_length=32)
    status = models.CharField(max_length=20, blank=True)
    is_quiet = models.BooleanField()
    statement = models.ForeignKey(VexStatement, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component", "group_id"],
                condition=Q(component__isnull=False),
                name="vex_overlay_of_a_component_stands_once",
            ),
            models.UniqueConstraint(
                fields=["pick", "group_id"],
                condition=Q(pick__isnull=False),
                name="vex_overlay_of_a_pick_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(component__isnull=True) ^ Q(pick__isnull=True), name="vex_overlay_is_of_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(is_quiet=False) | Q(status__in=[VexStatus.NOT_AFFECTED, VexStatus.FIXED]),
                name="vex_overlay_is_quiet_only_where_a_statement_says_so",
            ),
        ]

    def __str__(self) -> str:
        return f"vulnerability {self.group_id}: {self.status}"


class VexDesk(models.Model):
    """One operator's overlays as a whole; `turn` is the look that may write, so that an overtaken one stops."""

    organisation_id = OrderedText(max_length=32, unique=True)
    turn = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"turn {self.turn} of {self.organisation_id}"


class Machine(models.Model):
    """Equipment as one operator's lists name it, once however many assets hold it; columns not given are "".

    `said_digest` is SHA-256 of its columns; `type_key` names its type, in any spelling and version;
    `read_version` is the version found in its words.
    `matched_with` is the catalogue it was last laid beside, "" for none yet, `left_out` how many names that
    may fit were too many to ask about.
    """

    organisation_id = OrderedText(max_length=32)
    vendor = OrderedText(max_length=NAME_LENGTH, blank=True)
    product = OrderedText(max_length=NAME_LENGTH, blank=True)
    model = OrderedText(max_length=NAME_LENGTH, blank=True)
    version = OrderedText(max_length=NAME_LENGTH, blank=True)
    said_digest = OrderedText(max_length=64)
    type_key = OrderedText(max_length=20)
    read_version = models.CharField(max_length=NAME_LENGTH, blank=True)
    matched_with = models.CharField(max_length=32, blank=True)
    left_out = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["organisation_id", "type_key"], name="machine_of_a_type")]
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "said_digest"], name="machine_stands_once"),
        ]

    def __str__(self) -> str:
        return f"machine {self.pk}"


class Unit(models.Model):
    """A machine is in this asset, `times` of it; `listing` is set when a table says so, else a person does.

    `is_listed` when records list a product of exactly this name, whether or not it is equipment.
    """

    public_id = public_id()
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="units")
    listing = models.ForeignKey(Listing, null=True, on_delete=models.CASCADE, related_name="units")
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="units")
    times = models.PositiveIntegerField(default=1)
    is_listed = models.BooleanField(default=False)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "machine"], name="unit_is_listed_once"),
            models.UniqueConstraint(
                fields=["asset", "machine"], condition=Q(listing__isnull=True), name="unit_is_described_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Sameness(models.Model):
    """Is this type of machine this product? What an operator's people said, "" while nobody has.

    `machine` and `product` are what people read. The answer counts for every machine of the type, and is remembered.
    """

    public_id = public_id()
    organisation_id = OrderedText(max_length=32)
    type_key = OrderedText(max_length=20)
    product_id = OrderedText(max_length=32)
    machine = OrderedText(max_length=2 * NAME_LENGTH)
    product = OrderedText(max_length=401)
    says = models.CharField(max_length=8, blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "samenesses"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "type_key", "product_id"], name="sameness_is_asked_once"
            ),
            models.CheckConstraint(condition=Q(says__in=["", *Answer]), name="sameness_has_a_known_answer"),
            models.CheckConstraint(
                condition=Q(says="", answered_at__isnull=True) | ~Q(says="") & Q(answered_at__isnull=False),
                name="sameness_is_answered_exactly_when_it_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Likeness(models.Model):
    """By what its line says, a machine is this product: how sure that is, and why."""

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="likenesses", db_index=False)
    sameness = models.ForeignKey(Sameness, on_delete=models.CASCADE, related_name="likenesses")
    tier = models.CharField(max_length=16)
    because = models.CharField(max_length=BECAUSE_LENGTH)

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = [
            models.UniqueConstraint(fields=["machine", "sameness"], name="likeness_is_seen_once"),
            models.CheckConstraint(
                condition=Q(tier__in=[Tier.EXACT, Tier.PROBABLE, Tier.POSSIBLE]), name="likeness_has_a_tier"
            ),
        ]

    def __str__(self) -> str:
        return f"machine {self.machine_id} is {self.sameness_id}: {self.tier}"
