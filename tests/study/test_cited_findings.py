import numpy as np

from study.experiments import cited_findings


def test_what_is_not_known_is_no_finding(sample, monkeypatch):
    estimates = cited_findings.estimate(cited_findings.collect(sample, "quick"))
    assert np.isnan(estimates["improvement in the paper of Charitidis and others"].value)
    assert estimates["credited statements that the Preview paper can have made"].value == 0
    assert estimates["days from the Preview paper to the first leaderboard"].value == 49
    monkeypatch.setattr(cited_findings, "PERCENT", 2.3)
    estimates = cited_findings.estimate(cited_findings.collect(sample, "quick"))
    assert estimates["improvement in the paper of Charitidis and others"].value == 2.3
