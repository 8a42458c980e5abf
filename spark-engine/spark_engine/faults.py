"""Describes the exceptions of Spark, of Python's libraries and of a node's own code, without quoting data."""

import re
import traceback
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException, PythonException

# The file name under which the code of a node is compiled.
CODE = "<node>"
_LINE = re.compile(rf'File "{CODE}", line (\d+)')
_KIND = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception))\b", re.MULTILINE)
NO_MODULE = "No module named"
_MODULE = re.compile(rf"^ModuleNotFoundError: ({NO_MODULE} '[\w.]+')", re.MULTILINE)
# The messages of these exceptions quote code, never data.
_ABOUT_CODE = (AttributeError, ImportError, NameError, SyntaxError)


def of_spark(error: BaseException) -> str:
    """Describe why Spark failed: its class of error and the object that it names, such as a column."""
    if isinstance(error, PythonException):
        return _of_worker(str(error))
    if isinstance(error, Py4JJavaError):
        return f"Spark failed ({_cause(error.java_exception)})"
    if isinstance(error, PySparkException):
        name = error.getErrorClass() or type(error).__name__
        about = (error.getMessageParameters() or {}).get("objectName")
        return f"Spark failed ({name}{f', {about}' if about else ''})"
    return f"Spark failed ({type(error).__name__})"


def of_code(error: BaseException, code: str) -> str:
    """Describe why a node's code failed: the exception, and the line of the code that raised it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == CODE]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    what = type(error).__name__
    if isinstance(error, _ABOUT_CODE):
        what = f"{what}: {error.msg if isinstance(error, SyntaxError) else error}"
    elif isinstance(error, KeyError) and error.args and str(error.args[0]) in code:
        what = f"{what}: {error.args[0]}"
    elif isinstance(error, (PySparkException, Py4JJavaError)):
        what = of_spark(error)
    if not lines or lines[-1] is None:
        return f"the code failed: {what}"
    written = code.splitlines()[lines[-1] - 1 : lines[-1]]
    return f"the code failed in line {lines[-1]} (`{written[0].strip() if written else ''}`): {what}"


def _of_worker(report: str) -> str:
    """Describe a failure in a Python process of Spark: the line of the code, and the exception."""
    lines, kinds = _LINE.findall(report), _KIND.findall(report)
    where = f" in line {lines[-1]}" if lines else ""
    what = f": {kinds[-1]}" if kinds else ""
    if kinds and kinds[-1] == "ModuleNotFoundError":
        what = f": {(_MODULE.findall(report) or kinds)[-1]}"
    return f"the code failed{where} in a Python process of Spark{what}"


def _cause(exception: Any) -> str:
    """Return the class of the innermost Java exception."""
    while (cause := exception.getCause()) is not None:
        exception = cause
    return str(exception.getClass().getSimpleName())
