"""Sending an archive: opened as it streams, any byte range of it, under a name that tells of nobody."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, request
from werkzeug.datastructures import Range

from portal.accounts.models import User
from portal.exports.models import Export
from portal.storage.opened import files


class Unsatisfiable(Exception):
    """No byte of the archive lies in the range that was asked for (RFC 9110, 14.4)."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `stop` (excluded) of `size`."""

    start: int
    stop: int
    size: int

    @property
    def is_whole(self) -> bool:
        return (self.start, self.stop) == (0, self.size)


def response(export: Export, owner: User) -> Response:
    """The archive, or the range of it that the request asks for; 416 for one beyond its end.

    Raises Missing, KeyForgotten and Damaged as Files.reader does.
    """
    reader = files().reader(owner.customer_id, export.path or "")
    etag = f'"{export.sha256}"'
    try:
        asked = asked_span(reader.size, etag)
    except Unsatisfiable:
        return Response(status=416, headers={"Content-Range": f"bytes */{reader.size}"})
    span = asked or Span(0, reader.size, reader.size)
    body = reader.stream(span.start, span.stop)
    return _made(body, span, is_partial=asked is not None, headers={**_headers(export), "ETag": etag})


def _headers(export: Export) -> dict[str, str]:
    day = export.requested_at.strftime("%Y-%m-%d")
    return {
        "Content-Disposition": f'attachment; filename="smartos-export-{day}.zip"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def _made(body: Iterator[bytes], span: Span, *, is_partial: bool, headers: dict[str, str]) -> Response:
    answer = Response(body, 206 if is_partial else 200, headers, mimetype="application/zip")
    answer.content_length = span.stop - span.start
    if is_partial:
        answer.headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{span.size}"
    return answer


def asked_span(size: int, etag: str) -> Span | None:
    """The one range that a GET asks for; None when the whole is to be sent (RFC 9110, 14.2 and 13.1.5).

    Raises Unsatisfiable.
    """
    asked = request.range if request.method == "GET" else None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if request.headers.get("If-Range", etag) != etag:  # strong comparison: a date or a weak tag is another
        return None
    return _span(asked, size)


def _span(asked: Range, size: int) -> Span:
    start, stop = asked.ranges[0]
    if start is not None and start < 0:  # the last bytes; more of them than there are means all
        start, stop = max(size + start, 0), size
    start, stop = start or 0, size if stop is None else min(stop, size)
    if start >= stop:
        raise Unsatisfiable
    return Span(start, stop, size)
