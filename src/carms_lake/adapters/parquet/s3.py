"""A bucket as botocore reaches it: the URL, the credentials that AWS tools take, errors as ours."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carms_lake.errors import StoreError, UsageError
from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>[^?#]*))?")
_RIGHTS = (
    "the user or role needs s3:ListBucket on the bucket, s3:GetObject, s3:PutObject and "
    "s3:DeleteObject on what is in it"
)
_NEW_CREDENTIALS = "get new credentials, as with `aws sso login`, and publish again"
_CREDENTIALS = (
    "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of this machine"
)
_NOT_S3 = "what answers there is not S3"
_SERVER = "check AWS_ENDPOINT_URL, AWS_REGION and the network"
_TO_DO = {
    "NoSuchBucket": "create the bucket, or check its name and AWS_ENDPOINT_URL",
    "AccessDenied": _RIGHTS,
    "403": _RIGHTS,
    "ExpiredToken": _NEW_CREDENTIALS,
    "ExpiredTokenException": _NEW_CREDENTIALS,
    "TokenRefreshRequired": _NEW_CREDENTIALS,
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "RequestTimeTooSkewed": "set the clock of this machine",
}
"""What to do, by the code of S3's error."""


class Session:
    """Calls to one bucket."""

    def __init__(self, bucket: str, address: str) -> None:
        self._bucket = bucket
        self._address = address
        self._client = self._connected()

    def ensure_bucket(self) -> None:
        """Ask for a list of the bucket, which only S3 has; any web server has pages.

        Raises:
            StoreError: it is not there, may not be listed, or the server is not one of S3.
        """
        if "Name" not in self.call("list_objects_v2", MaxKeys=1):
            raise self._refusal(_NOT_S3, _SERVER)

    def call(self, operation: str, *, or_none: Container[int] = (), **given: Any) -> Any:
        """The answer of S3; None where it answers with one of these statuses.

        Raises:
            StoreError: the server refuses, cannot be reached, or is not one of S3.
        """
        answer: Any = None
        with self._refusals(or_none):
            answer = getattr(self._client, operation)(Bucket=self._bucket, **given)
        return answer  # noqa: RET504 - None where the block ended early

    def pages(
        self, operation: str, *, or_none: Container[int] = (), **given: Any
    ) -> Iterator[dict[str, Any]]:
        """The answers of S3 to a list, page by page; none where it answers with such a status.

        Raises:
            StoreError: as `call`.
        """
        with self._refusals(or_none):
            yield from self._client.get_paginator(operation).paginate(Bucket=self._bucket, **given)

    def pieces(self, answer: Any) -> Iterator[bytes]:
        """The content that an answer has, a megabyte at a time.

        Raises:
            StoreError: the connection breaks off.
        """
        with self._refusals():
            yield from answer["Body"].iter_chunks(2**20)

    @contextmanager
    def _refusals(self, or_none: Container[int] = ()) -> Iterator[None]:
        """What botocore raises, as an error of ours, but for these statuses."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional extra
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the same

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code = str(said.get("Code") or status)
            if status in or_none and code != "NoSuchBucket":
                return
            words = said.get("Message") or "no reason given"
            if code.isdigit() and error.operation_name != "HeadObject":  # S3 has words for it
                raise self._refusal(f"{_NOT_S3} ({code}: {words})", _SERVER) from error
            raise self._refusal(f"{code}: {words}", _TO_DO.get(code, _SERVER)) from error
        except ResponseParserError as error:
            raise self._refusal(_NOT_S3, _SERVER) from error
        except BotoCoreError as error:
            raise self._failure(error) from error

    def _connected(self) -> Any:
        ensure_extra("s3", ["botocore"], "carms publish parquet s3://..")
        from botocore.config import Config  # noqa: PLC0415 - an optional extra
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - the same
        from botocore.session import Session as Botocore  # noqa: PLC0415 - the same

        try:
            client = Botocore().create_client(
                "s3",
                region_name=os.environ.get("AWS_REGION") or None,  # botocore reads another name
                config=Config(
                    connect_timeout=10,
                    read_timeout=60,
                    retries={"mode": "standard"},
                    # Stores that are not of AWS do not know the checksums that it adds otherwise.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        except ValueError as error:  # an endpoint that is not a URL
            raise self._refusal(str(error), _SERVER) from error
        except BotoCoreError as error:
            raise self._failure(error) from error
        _ensure_encrypted(client.meta.endpoint_url)
        return client

    def _failure(self, error: Exception) -> StoreError:
        """What is wrong where the server did not say it."""
        from botocore import exceptions as known  # noqa: PLC0415 - an optional extra

        words = " ".join(str(error).split())
        of_network = (known.HTTPClientError, known.ConnectionError, known.IncompleteReadError)
        if isinstance(error, of_network):
            return self._refusal(words, _SERVER)
        is_expired = isinstance(error, known.SSOError | known.TokenRetrievalError)
        return self._refusal(words, _NEW_CREDENTIALS if is_expired else _CREDENTIALS)

    def _refusal(self, said: str, to_do: str) -> StoreError:
        return StoreError(f"`{self._address}` cannot be read or written: {said.rstrip('.')}", to_do)


def bucket_of(url: str) -> tuple[str, str]:
    """The bucket and the prefix of a URL; what is not one of S3 is refused and not repeated.

    Raises:
        UsageError: it has credentials or options, or is not a URL of S3.
    """
    match = _URL.fullmatch(url)
    if "@" in url or match is None:
        raise UsageError(
            "the URL is not one of a bucket: it may have no user, no key and no options, and a "
            "bucket's name has 3 to 63 lower-case letters, figures, dots and hyphens",
            "write `s3://bucket/prefix`; credentials, region and endpoint are those of AWS tools "
            "(AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL)",
        )
    parts = [part for part in (match["prefix"] or "").split("/") if part]
    if {".", ".."} & {*parts}:
        raise UsageError("the URL has `.` or `..` in its path", "write the path without")
    return match["bucket"], "/".join(parts)


def _ensure_encrypted(endpoint: str) -> None:
    """Refuse an endpoint to which everybody on the way could read along.

    Raises:
        UsageError: it is plain HTTP, to another machine, and AWS_ALLOW_HTTP does not allow it.
    """
    parts = urlsplit(endpoint)
    is_allowed = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    if parts.scheme == "https" or is_allowed or _is_loopback(parts.hostname or ""):
        return
    raise UsageError(
        f"`{parts.scheme}://{parts.hostname}` is not encrypted: others could read along",
        "give AWS_ENDPOINT_URL an address with https, or set AWS_ALLOW_HTTP=true",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
