"""Keys as paths: whatever they contain, they name a file inside of their folder, or nothing."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.object_paths import file_name, path_below

PART = st.one_of(st.sampled_from(["..", ".", "", "a", "\0", "~", "%2e%2e", "ü" * 200]), st.text(max_size=300))


@given(st.lists(PART, min_size=1, max_size=6).map("/".join))
@example("../../etc/hostname")
@example("/etc/hostname")
@example("a/../../b")
def test_a_key_names_nothing_outside(key: str) -> None:
    folder = Path("/data/folder")
    try:
        path = path_below(folder, key)
    except JobError:
        return

    assert folder in path.parents
    assert ".." not in path.parts
    assert path == folder / key


@pytest.mark.parametrize("key", ["x/..", "..", "a/", "", "a/\0", "x" * 256, "a/" + "ü" * 128])
def test_a_name_that_no_file_can_have_is_a_job_error(key: str) -> None:
    with pytest.raises(JobError):
        file_name(key)


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "out").symlink_to(tmp_path)
    (tmp_path / "folder" / "loop").symlink_to(tmp_path / "folder" / "loop")
    for key in ("out/secret", "loop/x"):
        with pytest.raises(JobError, match="outside its own folder"):
            path_below(tmp_path / "folder", key)
