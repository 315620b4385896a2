"""Notes pysha3 as installed: PyOTA asks for a distribution of that name, which no longer builds; safe-pysha3 provides its module."""

import pathlib
import sysconfig

folder = pathlib.Path(sysconfig.get_path("purelib")) / "pysha3-1.0.2.dist-info"
folder.mkdir(exist_ok=True)
(folder / "METADATA").write_text("Metadata-Version: 2.1\nName: pysha3\nVersion: 1.0.2\n")
