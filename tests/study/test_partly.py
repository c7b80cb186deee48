from functools import partial

import pytest

from study.methods import partly


@pytest.mark.parametrize(
    ("method", "share"), [(partly.HEAD, 0.0), (partly.NORMALISATION, 0.01), (partly.UPPER_BLOCKS, 0.7)]
)
def test_so_much_of_the_backbone_is_trained(sample, method, share):
    layers: partial = method.fit.keywords["layers"]
    backbone, features = layers(sample)
    used = {name: w for name, w in backbone.named_parameters() if "._fc." not in name}
    trained = sum(w.numel() for w in used.values() if w.requires_grad)
    assert trained / sum(w.numel() for w in used.values()) == pytest.approx(
        share, abs=0.1 if share > 0.1 else 0.01
    )
    assert features == 1280
