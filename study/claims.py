"""All claims of the report that the book checks, by their names."""

from study.audit import classifier, detectors, embedding, videos
from study.claim import Claim

CLAIMS: dict[str, Claim] = dict(
    sorted((videos.CLAIMS | detectors.CLAIMS | embedding.CLAIMS | classifier.CLAIMS).items())
)
