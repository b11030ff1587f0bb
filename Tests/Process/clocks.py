"""Clocks of regions that a test sets: each process sees the host's time of day with an offset of its own."""

import mmap
import pathlib
import shutil
import struct
import subprocess

from installation import Failure

SOURCE = pathlib.Path(__file__).with_name("clock_offset.c")


class Clocks:
    """The clocks of an installation's regions; made before the regions are started."""

    def __init__(self, installation):
        library = installation.folder / "clock_offset.so"
        compiler = shutil.which("cc") or shutil.which("clang")
        if compiler is None:
            raise Failure("there is no C compiler, cc or clang, to make a clock with")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        self.offsets = {}
        for name, region in installation.regions.items():
            path = installation.folder / f"{name}.clock"
            path.write_bytes(struct.pack("=q", 0))
            with open(path, "r+b") as file:
                self.offsets[name] = mmap.mmap(file.fileno(), 8)
            region.environment |= {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(path)}

    def set(self, name, seconds):
        """Sets a region's clock that far ahead of the host's; back where it is negative."""
        self.offsets[name][:] = struct.pack("=q", round(seconds * 1000))
