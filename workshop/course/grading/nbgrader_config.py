"""The settings of nbgrader for the problem sets of the book."""

import os
import sys
from pathlib import Path

c = get_config()
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# nbgrader calls alembic, which lies beside Python even where no environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

c.CourseDirectory.course_id = "random-features"
c.CourseDirectory.root = str(HERE)
c.Exchange.root = str(HERE / "exchange")  # not used: files come and go as you like
# The sources hold no solutions, so there are none to take out.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# A submission runs in a process apart, with a limit of time, and the answers are judged outside it.
c.Autograde.autograde_preprocessors = [
    "grading.judge.Judge",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.OverwriteCells.add_missing_cells = True
# Seconds that a cell, and that a submission may compute; it may wait four times as long.
c.Judge.seconds = 30
c.Judge.total = 300
# Submissions lie in downloaded/<set>/archive, as <student>_<set>.ipynb.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[\\/](?P<student_id>[^\\/]+)_(?P<file_id>ps[\w-]+)\.ipynb$"
)
