"""The points of everybody for each problem, as a table for a spreadsheet.

``nbgrader export --exporter grading.table.ByProblem --to points.csv``
"""

import csv

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

HEAD = ("set", "student", "points", "of", "to mark by hand")


class ByProblem(ExportPlugin):
    """One line for each student and set: the sum, what it could be, and each problem."""

    def export(self, gradebook: Gradebook) -> None:
        lines = [line for assignment in gradebook.assignments for line in of_set(gradebook, assignment)]
        problems = sorted({name for line in lines for name in line} - set(HEAD), key=by_number)
        with open(self.to or "points.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*HEAD, *problems], restval="")
            writer.writeheader()
            writer.writerows(lines)


def of_set(gradebook: Gradebook, assignment) -> list[dict[str, object]]:
    lines = []
    for student in gradebook.students:
        line = {"set": assignment.name, "student": student.id, "points": 0, "to mark by hand": 0}
        try:
            submission = gradebook.find_submission(assignment.name, student.id)
        except MissingEntry:
            continue
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                problem = grade.name.rpartition("-")[0]
                line[problem] = round(line.get(problem, 0) + (grade.score or 0), 2)
                line["to mark by hand"] += bool(grade.needs_manual_grade)
        line |= {"points": round(submission.score, 2), "of": assignment.max_score}
        lines.append(line)
    return lines


def by_number(problem: str) -> tuple[int, str]:
    return (len(problem), problem)
