"""All claims of the report that the book checks, by their names."""

from study.audit import classifier, detectors, embedding, future, making, videos
from study.claim import Claim

PARTS = (making, videos, detectors, embedding, classifier, future)
CLAIMS: dict[str, Claim] = dict(sorted(item for part in PARTS for item in part.CLAIMS.items()))
