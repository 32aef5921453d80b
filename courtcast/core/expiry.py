"""Until when a signed link says that it holds. Pure.

Stores sign links in a few ways, and each writes the end into the link itself:
- Amazon S3 and whoever speaks like it, version 4: `X-Amz-Date` and `X-Amz-Expires` (seconds);
- Google Cloud Storage, version 4: the same with `X-Goog-`;
- both in their older form, and CloudFront: `Expires`, Unix time, beside a signature;
- CloudFront with a policy of its own: `Policy`, base64 of JSON with an `AWS:EpochTime`;
- Azure: `se`, a date, beside the signature `sig`;
- Akamai and others: `exp=` within a token.

What a link does not say is not guessed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

LONGEST = 8 * 1024
"""Characters of a link that are looked at."""
FIELDS = 64

_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")
_UNIX = re.compile(r"\d{9,11}")
_TOKEN = re.compile(r"(?:^|[~*])exp=(\d{9,11})(?:$|[~*])")
_EPOCH = ("DateLessThan", "AWS:EpochTime")
_SIGNED = ("signature", "sig", "key-pair-id", "googleaccessid", "awsaccesskeyid", "token", "hash")
"""`Expires` alone may mean anything; beside one of these it is the link's own end."""


def expires(url: str) -> float | None:
    """Unix time (seconds) at which the link ends; None where it does not say so."""
    try:
        query = parse_qsl(urlsplit(url[:LONGEST]).query, max_num_fields=FIELDS)
    except ValueError:
        return None
    fields = {name.lower(): value for name, value in query}
    ends = [
        end
        for end in (
            _from_length(fields, "x-amz-"),
            _from_length(fields, "x-goog-"),
            _unix(fields.get("expires", "")) if any(name in fields for name in _SIGNED) else None,
            _from_policy(fields.get("policy", "")),
            _date(fields.get("se", "")) if "sig" in fields else None,
            *(_from_token(value) for value in fields.values()),
        )
        if end is not None
    ]
    return min(ends, default=None)


def _from_length(fields: Mapping[str, str], prefix: str) -> float | None:
    begin, length = _BASIC.fullmatch(fields.get(f"{prefix}date", "")), fields.get(f"{prefix}expires", "")
    if begin is None or not re.fullmatch(r"\d{1,9}", length):
        return None
    try:
        year, month, day, hour, minute, second = map(int, begin.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() + int(length)
    except ValueError:
        return None


def _unix(text: str) -> float | None:
    return float(text) if _UNIX.fullmatch(text) else None


def _from_token(text: str) -> float | None:
    found = _TOKEN.search(text)
    return None if found is None else float(found[1])


def _from_policy(text: str) -> float | None:
    """CloudFront writes its base64 with `-`, `_` and `~` for what an address cannot hold."""
    if not text:
        return None
    try:
        said = json.loads(base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True))
        end = said["Statement"][0]["Condition"][_EPOCH[0]][_EPOCH[1]]
    except (binascii.Error, ValueError, LookupError, TypeError, RecursionError):
        return None
    return float(end) if isinstance(end, int) and 0 < end < 10**11 else None


def _date(text: str) -> float | None:
    """ISO 8601, as Azure has it: a day, or a day and a time, in UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
