"""The settings of nbgrader for the problem sets of the book."""

import os
import sys
from pathlib import Path

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ComputeChecksums,
    LimitOutput,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

c = get_config()
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# nbgrader calls alembic, which lies beside Python even where no environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from grading.judge import Judge  # noqa: E402

c.CourseDirectory.course_id = "random-features"
c.CourseDirectory.root = str(HERE)
# The sources hold no solutions, so there are none to take out.
c.GenerateAssignment.preprocessors = [
    LockCells,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ComputeChecksums,
    CheckCellMetadata,
]
# A submission runs in a process apart, with a limit of time, and the answers are judged outside it.
c.Autograde.autograde_preprocessors = [
    Judge,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.OverwriteCells.add_missing_cells = True
# Seconds that a cell, and that a submission may compute; it may wait four times as long.
c.Judge.seconds = 30
c.Judge.total = 300
# Submissions lie in downloaded/<set>/archive, as <student>_<set>.ipynb.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[\\/](?P<student_id>[^\\/]+)_(?P<file_id>ps[\w-]+)\.ipynb$"
)
