"""What can happen to a region's data folder while its process does not run."""

import pathlib
import shutil


class Copies:
    """Copies of regions' data folders, to be put back later."""

    def __init__(self, installation):
        self.installation = installation

    def _copy(self, name):
        return self.installation.folder / "copies" / name

    def take(self, name):
        """Copies the folder of a region that is stopped, and its mark."""
        shutil.rmtree(self._copy(name), ignore_errors=True)
        shutil.copytree(self.installation.data(name), self._copy(name) / "data")
        shutil.copyfile(mark(self.installation, name), self._copy(name) / "mark")

    def put_back(self, name, with_mark=False):
        """Puts the copy in the place of the folder; the mark beside it stays, unless the whole host went back."""
        shutil.rmtree(self.installation.data(name))
        shutil.copytree(self._copy(name) / "data", self.installation.data(name))
        if with_mark:
            shutil.copyfile(self._copy(name) / "mark", mark(self.installation, name))


def mark(installation, name):
    """The file beside a region's folder that says how far its log had got."""
    return pathlib.Path(f"{installation.data(name)}.mark")


def cut_newest_log(installation, name, byte_count):
    """Takes bytes off the end of the newest write-ahead log; gives how many."""
    newest = max(installation.data(name).glob("*.log"), key=lambda path: int(path.stem))
    size = newest.stat().st_size
    cut = min(size, byte_count)
    with open(newest, "r+b") as log:
        log.truncate(size - cut)
    return cut
