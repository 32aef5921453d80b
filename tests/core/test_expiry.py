"""When signed links end, as each kind of store writes it; and that nothing is guessed, whatever the link is."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.expiry import expires

AT = datetime(2026, 11, 30, 9, 30, tzinfo=UTC).timestamp()
S3 = "https://b.s3.eu-west-2.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261130&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
POLICY = (
    base64.b64encode(
        json.dumps(
            {
                "Statement": [
                    {
                        "Resource": "https://d1.cloudfront.net/*",
                        "Condition": {"DateLessThan": {"AWS:EpochTime": int(AT)}},
                    }
                ]
            }
        ).encode()
    )
    .decode()
    .translate(str.maketrans("+=/", "-_~"))
)


@pytest.mark.parametrize(
    ("url", "end"),
    [
        (f"{S3}&X-Amz-Date=20261130T083000Z&X-Amz-Expires=3600", AT),
        (f"{S3}&x-amz-date=20261130T083000Z&x-amz-expires=3600", AT),
        ("https://storage.googleapis.com/b/k?X-Goog-Date=20261130T083000Z&X-Goog-Expires=3600&X-Goog-Signature=0", AT),
        (f"https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature=x%3D&Expires={AT:.0f}", AT),
        (f"https://d1.cloudfront.net/k?Expires={AT:.0f}&Signature=x&Key-Pair-Id=K", AT),
        (f"https://d1.cloudfront.net/k?Policy={POLICY}&Signature=x&Key-Pair-Id=K", AT),
        ("https://a.blob.core.windows.net/c/k?sv=2024-11-04&se=2026-11-30T09%3A30%3A00Z&sr=b&sp=r&sig=x%3D", AT),
        ("https://a.blob.core.windows.net/c/k?se=2026-11-30T09%3A30Z&sig=x", AT),
        ("https://a.blob.core.windows.net/c/k?se=2026-11-30&sig=x", AT - 9.5 * 3600),
        (f"https://cdn.example/k?hdnea=st=1~exp={AT:.0f}~acl=/*~hmac=0", AT),
        (f"https://cdn.example/k?token=exp={AT:.0f}", AT),
        # What ends first counts.
        (f"{S3}&X-Amz-Date=20261130T083000Z&X-Amz-Expires=3600&Expires={AT + 9:.0f}&Signature=x", AT),
        # Nothing is guessed.
        ("https://evidence.example/clip.mp4", None),
        ("https://evidence.example/clip.mp4?Expires=1796030000", None),
        ("https://evidence.example/clip.mp4?se=2026-11-30", None),
        (f"{S3}&X-Amz-Date=20261130T083000Z", None),
        (f"{S3}&X-Amz-Date=20261330T083000Z&X-Amz-Expires=3600", None),
        (f"{S3}&X-Amz-Date=20261130T083000Z&X-Amz-Expires=-1", None),
        (f"{S3}&X-Amz-Date=20261130T083000Z&X-Amz-Expires=soon", None),
        ("https://d1.cloudfront.net/k?Policy=____&Signature=x", None),
        ("https://d1.cloudfront.net/k?Policy=e30_&Signature=x", None),
        ("https://a.blob.core.windows.net/c/k?se=tomorrow&sig=x", None),
        ("", None),
        ("http://[", None),
    ],
)
def test_each_kind_of_store(url: str, end: float | None) -> None:
    assert expires(url) == end


@given(st.text(max_size=400))
def test_whatever_the_link_is_it_says_a_time_or_nothing(text: str) -> None:
    for url in (text, f"https://x/?{text}", f"https://x/?sig=1&se={text}", f"https://x/?signature=1&policy={text}"):
        end = expires(url)
        assert end is None or end < 1e13


@given(st.binary(max_size=300))
def test_a_policy_may_be_anything(data: bytes) -> None:
    expires(f"https://x/?Policy={base64.b64encode(data).decode()}&Signature=x")


@given(begin=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), length=st.integers(0, 604_800))
def test_a_begin_and_a_length_give_the_end(begin: datetime, length: int) -> None:
    begin = begin.replace(microsecond=0, tzinfo=UTC)
    url = f"{S3}&X-Amz-Date={begin:%Y%m%dT%H%M%SZ}&X-Amz-Expires={length}"
    assert expires(url) == begin.timestamp() + length
