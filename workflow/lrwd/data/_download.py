"""Downloads of public data sets, checked by their checksums."""

import hashlib
from pathlib import Path

from lrwd.data._disk import need_space
from lrwd.errors import DataError


def md5_file(path: Path) -> str:
    """MD5 of a file, the checksum that the sources publish; it detects damage, not manipulation."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def fetch(url: str, folder: Path, num_bytes: int, md5: str) -> Path:
    """Download a file into a folder, unless it is there undamaged.

    Args:
        url: its address; the file keeps its name.
        folder: its destination; made if missing.
        num_bytes: its size, for the check of free space.
        md5: its checksum.

    Returns:
        The file's path.

    Raises:
        DataError: it cannot be downloaded, or there is too little space; the message says how to do it by hand.
    """
    path = folder / url.rsplit("/", 1)[-1]
    if path.is_file() and md5_file(path) == md5:
        return path
    need_space(folder, num_bytes, f"downloading {path.name}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _download(url, folder, path.name, md5)
    # Whatever goes wrong on the way from the server, the user's remedy is the same.
    except Exception as error:
        raise DataError(
            f"{path}: download failed ({type(error).__name__}: {error}). "
            f"Where there is no network, put the file from {url} (MD5 {md5}) there by hand"
        ) from error
    return path


def _download(url: str, folder: Path, filename: str, md5: str) -> None:
    # Imported here, as torchvision takes seconds to load and most preparations download nothing.
    from torchvision.datasets.utils import download_url

    download_url(url, str(folder), filename=filename, md5=md5)
