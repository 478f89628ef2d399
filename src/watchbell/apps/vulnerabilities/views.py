"""This room's one door for joins: views by which `inventory` meets versions in use with affected ranges.

They are made by the first migration, hold nothing retracted, and are read by nobody
else. `record_id` is the number that `queries.groups_of_records` turns into a
vulnerability; `advisory_id` is the same under the name the join's SQL uses.

- `vulnerabilities_range_view(package_id, lo, hi, record_id, advisory_id, introduced, fixed, last_affected,
  by_line, is_ambiguous)`: versions of the package whose key is in [lo, hi) are affected; where a bound is
  ambiguous, so is whatever the key says, and the two versions are compared themselves;
- `vulnerabilities_safe_view(package_id, record_id, lo, hi, introduced, fixed, last_affected, by_line)`:
  the record itself says that these are not affected, so no doubt about others reaches them;
- `vulnerabilities_named_view(package_id, version, record_id)`: affected when letter by letter the same;
- `vulnerabilities_doubt_view(package_id, record_id, reason, because)`: the record names the package and
  something it says cannot be read, so a version outside its ranges is "cannot tell".
"""

RANGE_VIEW = """
CREATE VIEW vulnerabilities_range_view AS
SELECT package_id, lo, hi, record_id, record_id AS advisory_id, introduced, fixed, last_affected, by_line, is_ambiguous
FROM vulnerabilities_range WHERE NOT retracted
"""

SAFE_VIEW = """
CREATE VIEW vulnerabilities_safe_view AS
SELECT package_id, record_id, lo, hi, introduced, fixed, last_affected, by_line
FROM vulnerabilities_saferange WHERE NOT retracted
"""

NAMED_VIEW = """
CREATE VIEW vulnerabilities_named_view AS
SELECT package_id, version, record_id FROM vulnerabilities_namedversion WHERE NOT retracted
"""

DOUBT_VIEW = """
CREATE VIEW vulnerabilities_doubt_view AS
SELECT package_id, record_id, reason, because FROM vulnerabilities_rangedoubt WHERE NOT retracted
"""

VIEWS = {
    "vulnerabilities_range_view": RANGE_VIEW,
    "vulnerabilities_safe_view": SAFE_VIEW,
    "vulnerabilities_named_view": NAMED_VIEW,
    "vulnerabilities_doubt_view": DOUBT_VIEW,
}
