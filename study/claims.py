"""All claims of the report that the book checks, by their names."""

from study.audit import classifier, detectors, embedding, making, videos
from study.claim import Claim

CLAIMS: dict[str, Claim] = dict(
    sorted((making.CLAIMS | videos.CLAIMS | detectors.CLAIMS | embedding.CLAIMS | classifier.CLAIMS).items())
)
