"""Keys of objects -> paths of files, which stay inside of their folder.

    path_below(Path("work"), "runs/7/model.bin")   ->  work/runs/7/model.bin
    path_below(Path("work"), "../../etc/hostname") ->  JobError

Whoever may upload chooses the key, and a key may be any text. Some texts name another folder, or no file at all.
"""

from pathlib import Path

from aftertrain.jobs.contract import JobError

MAX_NAME_BYTES = 255  # of one name in a folder, in the file systems of jobs


def path_below(folder: Path, key: str) -> Path:
    """The path of an object in a folder. Raises: JobError if the key names none there."""
    names = key.split("/")
    for name in names:
        _check(name, key)
    path = folder.joinpath(*names)
    _check_inside(path, folder, key)
    return path


def file_name(key: str) -> str:
    """The last name of a key. Raises: JobError if no file can have it."""
    name = key.rpartition("/")[2]
    _check(name, key)
    return name


def _check(name: str, key: str) -> None:
    if name == "..":
        raise JobError(f"{key!r} is outside its own folder")
    if name in ("", ".") or "\0" in name:
        raise JobError(f"{key!r} names no file: a part of it is {name!r}")
    if len(name.encode(errors="surrogateescape")) > MAX_NAME_BYTES:
        raise JobError(f"{key[:60]!r}… names no file: a part of it has more than {MAX_NAME_BYTES} bytes")


def _check_inside(path: Path, folder: Path, key: str) -> None:
    """Refuse a path that a symbolic link leads out of the folder."""
    try:
        inside = folder.resolve() in path.resolve().parents
    except (OSError, RuntimeError):  # a loop of links
        inside = False
    if not inside:
        raise JobError(f"{key!r} is outside its own folder")
