"""Code and version of a stage cannot part unnoticed."""

import json

import versions


def test_versions_stand_for_the_code_that_is_there():
    assert versions.complaints(json.loads(versions.FILE.read_text()), versions.now()) == []


def test_changed_code_without_a_new_version_is_told():
    kept = versions.now()
    current = versions.now()
    current["faces"] = current["faces"] | {"code": "another"}
    (complaint,) = versions.complaints(kept, current)
    assert complaint.startswith("the code of dfd.faces has changed, but not dfd.faces.VERSION")


def test_a_new_version_has_to_be_kept():
    kept = versions.now()
    current = versions.now()
    newer = kept["faces"]["version"] + 1
    current["faces"] = {"version": newer, "code": "another"}
    complaint = f"version {newer} of dfd.faces is not kept yet: run make versions"
    assert versions.complaints(kept, current) == [complaint]
