"""Keeps Hadoop's settings small: Spark writes all of them into every job, and reads them in every task.

Hadoop brings 1,100 default settings. 700 are those of YARN and of MapReduce, 200 more those of remote file
systems, of RPC and of web servers. Nothing of that is used here, and a local statement is so short that
writing and reading them takes a good part of its time.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pyspark

#: Files of settings that none of Spark's local mode needs.
_UNUSED_FILES = ("yarn-default.xml", "yarn-site.xml", "mapred-default.xml", "mapred-site.xml")
_CORE = "core-default.xml"

#: How names in core-default.xml begin of which there is no use on local files.
_UNUSED_SETTINGS = (
    "adl.",
    "dfs.",
    "fs.adl.",
    "fs.azure",
    "fs.ftp.",
    "fs.gs.",
    "fs.s3a.",
    "fs.viewfs.",
    "ftp.",
    "ha.",
    "hadoop.http.",
    "hadoop.kerberos.",
    "hadoop.registry.",
    "hadoop.ssl.",
    "hadoop.zk.",
    "ipc.",
    "nfs.",
    "rpc.",
    "seq.io.",
)


def write_hadoop_defaults(folder: Path) -> None:
    """Write files of Hadoop's settings that hold only what local files need.

    A folder with them stands in front of Hadoop's own when it comes first on Java's class path (Hadoop's
    `Configuration` documentation, "Resources": the first of a name that the class path has is loaded).

    Args:
        folder: Where they go. It is made if it is not there, and files of their names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _UNUSED_FILES:
        (folder / name).write_text("<configuration/>\n", encoding="utf-8")
    text = _hadoops_own(_CORE)
    if text is None:
        # Another Hadoop than is known here: it is to load its own.
        (folder / _CORE).unlink(missing_ok=True)
        return
    settings = ElementTree.fromstring(text)  # noqa: S314  it came with pyspark
    for setting in list(settings):
        if (setting.findtext("name") or "").startswith(_UNUSED_SETTINGS):
            settings.remove(setting)
    ElementTree.ElementTree(settings).write(folder / _CORE, encoding="utf-8")


def _hadoops_own(name: str) -> bytes | None:
    """A file of the Hadoop that came with pyspark; None where it has none."""
    for jar in sorted((Path(pyspark.__file__).parent / "jars").glob("hadoop-client-api-*.jar")):
        with zipfile.ZipFile(jar) as opened:
            if name in opened.namelist():
                return opened.read(name)
    return None
