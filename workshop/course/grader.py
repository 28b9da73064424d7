"""nbgrader's steps, called from Python: what `nbgrader <step> <set>` does in a course."""

import warnings
from pathlib import Path
from typing import Any


def grader(course: Path) -> Any:
    """nbgrader with the settings of a course."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its libraries' own
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader

        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
        return NbGraderAPI(CourseDirectory(config=config), config=config)


def say(result: dict[str, Any]) -> str:
    """Nothing if a step succeeded, else what it says."""
    return "" if result["success"] else str(result["error"] or result["log"])
