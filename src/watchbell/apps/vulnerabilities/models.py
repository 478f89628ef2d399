"""What is remembered of the published world: who said what, since when, about which package and versions.

Four views are this room's documented door for joins (see `views.py`); no other
room reads these tables.
"""

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.matching.designations import LONGEST, Helper

RECORD_ID_LENGTH = 128
NAME_LENGTH = 512
ADDRESS_LENGTH = 1024
CPE_LENGTH = 300
HELPER_LENGTH = LONGEST


class SourceKind(StrEnum):
    """What a source publishes, and so how it is read."""

    OSV = "osv"
    KEV = "kev"
    EPSS = "epss"
    VULNRICHMENT = "vulnrichment"
    CSAF = "csaf"
    CVE = "cve"


class AssertionKind(StrEnum):
    """What a catalogue asserts of a CVE."""

    KEV = "kev"
    EPSS = "epss"
    SSVC = "ssvc"


class Standing(models.Model):
    """One row: the number the next change gets, and when this node first imported advisories.

    Whoever stores records updates it first, so writers queue here and change numbers
    become visible in their own order on every database.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    next_change = models.BigIntegerField(default=1)
    first_import_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="standing_is_one_row")]

    def __str__(self) -> str:
        return f"the next change is {self.next_change}"


class Source(models.Model):
    """Somewhere records or catalogues come from: a feed, a folder, the console, or ourselves."""

    public_id = public_id()
    name = OrderedText(max_length=64, unique=True)
    kind = models.CharField(max_length=16)
    location = models.CharField(max_length=2048, blank=True)
    enabled = models.BooleanField(default=False)
    period_hours = models.PositiveSmallIntegerField(default=24)
    first_import_at = models.DateTimeField(null=True)
    last_tried_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=1000, blank=True)
    etag = models.CharField(max_length=512, blank=True)
    last_modified = models.CharField(max_length=128, blank=True)
    record_count = models.PositiveBigIntegerField(default=0)
    not_before = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(SourceKind)), name="source_kind_is_known"),
            models.CheckConstraint(condition=Q(enabled=False) | ~Q(location=""), name="source_switched_on_has_a_place"),
            no_longer_than("name", 64, name="source_name_is_short"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceRecord(models.Model):
    """One record as one source last published it; superseded in place, never removed.

    `received_digest` is SHA-256 of the bytes as they came; `digest`, of the canonical form
    (RFC 8785), is the identity, and is worked out the first time that other bytes arrive
    for the same record: equal bytes are equal records, and most are never seen again.
    One of several vulnerabilities of a CSAF document is a record of its own, whose `document`
    holds the bytes. `read_as` says which reading of ours the ranges come from, see `drafts.READ_AS`.
    """

    public_id = public_id()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="records", db_index=False)
    record_id = OrderedText(max_length=RECORD_ID_LENGTH)
    digest = models.BinaryField(max_length=32, null=True)
    received_digest = models.BinaryField(max_length=32)
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    known_at = models.DateTimeField()
    fix_known_at = models.DateTimeField(null=True)
    has_fix = models.BooleanField(default=False)
    summary = models.CharField(max_length=500, blank=True)
    cvss = models.CharField(max_length=255, blank=True)
    changed_seq = models.BigIntegerField()
    document = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="parts")
    read_as = models.SmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["received_digest"], name="record_by_its_bytes"),
            models.Index(fields=["read_as"], name="record_by_its_reading"),
            models.Index(fields=["changed_seq"], name="record_changed_since"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["record_id", "source"], name="record_stands_once_per_source"),
            no_longer_than("record_id", RECORD_ID_LENGTH, name="record_id_is_short"),
            models.CheckConstraint(
                condition=Q(has_fix=False) | Q(fix_known_at__isnull=False), name="record_with_a_fix_says_since_when"
            ),
        ]

    def __str__(self) -> str:
        return self.record_id


class ReceivedRecord(models.Model):
    """The bytes of a record as they came, zstd-compressed; apart, since lists never need them."""

    record = models.OneToOneField(SourceRecord, on_delete=models.CASCADE, primary_key=True, related_name="received")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"bytes of record {self.record_id}"


class AliasAssertion(models.Model):
    """A record says that its own id and another one mean the same vulnerability."""

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="alias_assertions", db_index=False)
    identifier = OrderedText(max_length=RECORD_ID_LENGTH)
    alias = OrderedText(max_length=RECORD_ID_LENGTH)

    class Meta:
        indexes = [
            models.Index(fields=["identifier"], name="alias_said_by_an_id"),
            models.Index(fields=["alias"], name="alias_said_of_an_id"),
        ]
        constraints = [models.UniqueConstraint(fields=["record", "alias"], name="record_asserts_an_alias_once")]

    def __str__(self) -> str:
        return f"{self.identifier} is {self.alias}"


class Group(models.Model):
    """One vulnerability under all its ids; `merged_into` leads on when a group has become part of another.

    `anchor` is the group's one CVE, or the first of its ids: a function of who says
    what alone, whatever order it came in. Public ids stay when an anchor changes.
    """

    public_id = public_id()
    anchor = OrderedText(max_length=RECORD_ID_LENGTH, unique=True)
    display_id = OrderedText(max_length=RECORD_ID_LENGTH)
    umbrella = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged_from", db_index=False
    )

    class Meta:
        indexes = [models.Index(fields=["display_id"], name="group_by_display_id")]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="group_merges_into_another"
            )
        ]

    def __str__(self) -> str:
        return self.display_id


class GroupMember(models.Model):
    """An identifier and the one group it belongs to."""

    identifier = OrderedText(max_length=RECORD_ID_LENGTH, unique=True)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="members")

    def __str__(self) -> str:
        return self.identifier


class UmbrellaLink(models.Model):
    """An umbrella group speaks of this CVE among others."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="umbrella_of", db_index=False)
    cve = OrderedText(max_length=RECORD_ID_LENGTH)

    class Meta:
        indexes = [models.Index(fields=["cve"], name="umbrella_over_a_cve")]
        constraints = [models.UniqueConstraint(fields=["group", "cve"], name="umbrella_names_a_cve_once")]

    def __str__(self) -> str:
        return f"group {self.group_id} speaks of {self.cve}"


class CatalogueAssertion(models.Model):
    """What a named catalogue says of one CVE: KEV membership, EPSS figures or SSVC answers."""

    kind = models.CharField(max_length=8)
    asserter = OrderedText(max_length=64)
    cve = OrderedText(max_length=32)
    data = models.TextField()
    since = models.DateField(null=True)
    known_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    changed_seq = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["cve"], name="assertions_about_a_cve"),
            models.Index(fields=["changed_seq"], name="assertion_changed_since"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "asserter", "cve"], name="catalogue_asserts_once_of_a_cve"),
            models.CheckConstraint(condition=Q(kind__in=list(AssertionKind)), name="assertion_kind_is_known"),
            no_longer_than("cve", 32, name="assertion_cve_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.asserter}: {self.kind} {self.cve}"


class Supplier(models.Model):
    """A vendor as records name it; `folded` is the spelling that searches use."""

    name = models.CharField(max_length=200)
    folded = OrderedText(max_length=200, unique=True)

    class Meta:
        constraints = [no_longer_than("name", 200, name="supplier_name_is_short")]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A product as records name it, for people to pick; `folded` is "vendor product" in small letters."""

    public_id = public_id()
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="products", db_index=False)
    name = models.CharField(max_length=200)
    folded_name = OrderedText(max_length=200)
    folded = OrderedText(max_length=401)

    class Meta:
        indexes = [
            models.Index(fields=["folded"], name="product_picker_by_vendor"),
            models.Index(fields=["folded_name"], name="product_picker_by_name"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "folded_name"], name="product_stands_once_per_supplier"),
            no_longer_than("name", 200, name="product_name_is_short"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductWord(models.Model):
    """One word of a product's or vendor's name, so that the picker finds it by the beginning of any word."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="words", db_index=False)
    word = OrderedText(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["word", "product"], name="product_picker_by_word")]
        constraints = [models.UniqueConstraint(fields=["product", "word"], name="product_word_stands_once")]

    def __str__(self) -> str:
        return self.word


class ProductListing(models.Model):
    """A catalogue or record names this product in connection with this id (a CVE, or a record's own id)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="listings", db_index=False)
    identifier = OrderedText(max_length=RECORD_ID_LENGTH)
    asserter = OrderedText(max_length=64)
    known_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["identifier"], name="listings_of_an_id")]
        constraints = [
            models.UniqueConstraint(fields=["product", "identifier", "asserter"], name="product_is_listed_once")
        ]

    def __str__(self) -> str:
        return f"product {self.product_id} in {self.identifier}"


class Package(models.Model):
    """A package in the one spelling that records and inventories share."""

    ecosystem = OrderedText(max_length=64)
    name = OrderedText(max_length=NAME_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ecosystem", "name"], name="package_stands_once"),
            no_longer_than("name", NAME_LENGTH, name="package_name_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.ecosystem} {self.name}"


class Bounds(models.Model):
    """Versions whose key is in [lo, hi), with the bounds as the record writes them.

    `by_line` when a bound is a whole line of releases (2.x); `is_ambiguous` when the ecosystem's own tool
    may place a bound otherwise than its key, so that versions are compared with it one by one.
    """

    lo = models.BinaryField(max_length=1024)
    hi = models.BinaryField(max_length=1024)
    introduced = models.TextField()
    fixed = models.TextField(null=True)
    last_affected = models.TextField(null=True)
    by_line = models.BooleanField(default=False)
    is_ambiguous = models.BooleanField(default=False)
    key_format = models.SmallIntegerField()
    retracted = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"[{self.introduced}, {self.fixed or self.last_affected or 'no end'}"


class Range(Bounds):
    """Versions of a package that are affected, says a record.

    A withdrawn record's ranges stay, retracted, and join nothing.
    """

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="ranges", db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="ranges")

    class Meta:
        indexes = [
            models.Index(
                fields=["package", "lo", "hi", "record"], name="range_join_by_version", condition=Q(retracted=False)
            ),
            models.Index(
                fields=["package"], name="range_compared_one_by_one", condition=Q(retracted=False, is_ambiguous=True)
            ),
        ]


class SafeRange(Bounds):
    """Versions of a package of which a record itself says that they are not affected, whatever else is in doubt."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="+", db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="safe_ranges")

    class Meta:
        indexes = [models.Index(fields=["package", "record"], name="safe_range_join", condition=Q(retracted=False))]


class NamedVersion(models.Model):
    """A version without an order that a record lists: affected when it is the same letter by letter."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="named_versions")
    version = OrderedText(max_length=NAME_LENGTH)
    retracted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["package", "version"], name="named_version_join", condition=Q(retracted=False))]

    def __str__(self) -> str:
        return self.version


class RangeDoubt(models.Model):
    """A record names this package and something it says cannot be read: never "not affected"."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="doubts")
    reason = models.CharField(max_length=32)
    because = models.CharField(max_length=500)
    retracted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["package"], name="doubts_about_a_package", condition=Q(retracted=False))]

    def __str__(self) -> str:
        return self.reason


class Says(StrEnum):
    """What one line of a claim says of a product's versions."""

    AFFECTED = "affected"
    SAFE = "safe"
    NAMED = "named"
    DOUBT = "doubt"


class ProductClaim(models.Model):
    """One line of what a record says of a product that people can pick; lines of one `entry` are said together.

    `affected` and `safe` are ranges of keys of `scheme` with their bounds as written, `named` a version told
    letter by letter (in `introduced`), `doubt` something that cannot be read.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="claims", db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="claims")
    entry = models.PositiveIntegerField()
    scheme = models.CharField(max_length=16, blank=True)
    says = models.CharField(max_length=8)
    lo = models.BinaryField(max_length=2048, null=True)
    hi = models.BinaryField(max_length=2048, null=True)
    introduced = models.TextField(blank=True)
    fixed = models.TextField(null=True)
    last_affected = models.TextField(null=True)
    by_line = models.BooleanField(default=False)
    reason = models.CharField(max_length=32, blank=True)
    because = models.CharField(max_length=500, blank=True)
    key_format = models.SmallIntegerField()
    retracted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["product"], name="claims_about_a_product", condition=Q(retracted=False))]
        constraints = [
            models.CheckConstraint(condition=Q(says__in=list(Says)), name="claim_says_something_known"),
            models.CheckConstraint(
                condition=Q(says__in=["named", "doubt"]) | Q(lo__isnull=False, hi__isnull=False),
                name="claim_of_a_range_has_its_ends",
            ),
            models.CheckConstraint(condition=~Q(says="doubt") | ~Q(reason=""), name="claim_in_doubt_says_why"),
        ]

    def __str__(self) -> str:
        return f"record {self.record_id} on product {self.product_id}: {self.says}"


class ProviderListing(models.Model):
    """One feed or folder that a CSAF provider says its documents are listed in, and how its last reading went.

    `label` is the marking it gives all its documents; one that is not `is_open` is known and not read.
    `refusal` is why it could not be read as a whole, `refused` counts the lines of it that could not, with the first.
    `etag` and `last_modified` are kept once all it lists is in the table, so an answer "unchanged" loses nothing.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="listings", db_index=False)
    address = OrderedText(max_length=ADDRESS_LENGTH)
    label = models.CharField(max_length=32, blank=True)
    is_open = models.BooleanField(default=True)
    is_trusted = models.BooleanField(default=False)
    etag = models.CharField(max_length=512, blank=True)
    last_modified = models.CharField(max_length=128, blank=True)
    read_at = models.DateTimeField(null=True)
    refused = models.PositiveIntegerField(default=0)
    refused_first = models.CharField(max_length=1000, blank=True)
    refusal = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "address"], name="listing_stands_once_per_source"),
            no_longer_than("address", ADDRESS_LENGTH, name="listing_address_is_short"),
        ]

    def __str__(self) -> str:
        return self.address


class ProvidedDocument(models.Model):
    """A document that a provider lists, and how far we are with it: it waits until `taken` is what is listed.

    `changed` is when it changed last, in the words of the list; `taken` are the words it stood under
    when it was stored or refused for what it says. `hashes` are the addresses of its digests, one a line;
    `checked` is the algorithm that proved its bytes. `is_signed`: the provider offers an OpenPGP
    signature, which is not checked here.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="provided", db_index=False)
    listing = models.ForeignKey(ProviderListing, on_delete=models.CASCADE, related_name="documents")
    address = OrderedText(max_length=ADDRESS_LENGTH)
    changed = models.CharField(max_length=64)
    taken = models.CharField(max_length=64, null=True)
    hashes = models.TextField(blank=True)
    must_check = models.BooleanField(default=False)
    checked = models.CharField(max_length=8, blank=True)
    is_signed = models.BooleanField(default=False)
    tried_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["source", "tried_at"], name="provided_waiting_first")]
        constraints = [
            models.UniqueConstraint(fields=["source", "address"], name="provided_stands_once_per_source"),
            no_longer_than("address", ADDRESS_LENGTH, name="provided_address_is_short"),
        ]

    def __str__(self) -> str:
        return self.address


class ProductCpe(models.Model):
    """A record gives this CPE for the product of its claim number `entry`: "a:vendor:product", by `read_cpe`.

    It is a guess by itself: what it finds is shown apart and alerts nobody.
    """

    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="cpes", db_index=False)
    entry = models.PositiveIntegerField()
    cpe = OrderedText(max_length=CPE_LENGTH)
    retracted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["cpe"], name="products_of_a_cpe", condition=Q(retracted=False))]
        constraints = [
            models.UniqueConstraint(fields=["record", "entry", "cpe"], name="claim_gives_a_cpe_once"),
            no_longer_than("cpe", CPE_LENGTH, name="product_cpe_is_short"),
        ]

    def __str__(self) -> str:
        return self.cpe


class ProductHelper(models.Model):
    """By what else than its names a record lets the product of its claim number `entry` be recognised.

    `kind` is a `designations.Helper` and `value` how that is compared. Of kind "same" each entry has one: where
    it is equal, records speak of one product, with the same numbers of its own if it has any. A product
    of which the record speaks only as a part of something else has none: there it would be a guess.
    """

    SAME = "same"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="helpers", db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="helpers", db_index=False)
    entry = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    value = OrderedText(max_length=HELPER_LENGTH)
    retracted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["value", "kind"], name="products_of_a_helper", condition=Q(retracted=False))]
        constraints = [
            models.UniqueConstraint(fields=["record", "entry", "kind", "value"], name="claim_gives_a_helper_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["same", *(one.value for one in Helper)]), name="product_helper_is_of_a_known_kind"
            ),
            no_longer_than("value", HELPER_LENGTH, name="product_helper_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Designation(models.Model):
    """How a record designates a product that no package URL identifies: by whose name and numbers a machine is known.

    `vendor` is "" where only the publisher is known; `numbers` are model and order numbers, one a line;
    `is_part` when the record speaks of it as a part of something else, or as installed on it.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="designations", db_index=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="designations")
    vendor = models.CharField(max_length=200, blank=True)
    numbers = models.TextField(blank=True)
    is_part = models.BooleanField(default=False)
    retracted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "record"], name="record_designates_a_product_once")]

    def __str__(self) -> str:
        return f"record {self.record_id} on product {self.product_id}"
