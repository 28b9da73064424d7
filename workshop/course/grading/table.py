"""The points of everybody for each problem, as a table for a spreadsheet.

``nbgrader export --exporter grading.table.ByProblem --to points.csv``
"""

import csv
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin

HEAD = ("set", "student", "points", "of", "to mark by hand")


class ByProblem(ExportPlugin):
    """One line for each student and set: the sum, what it could be, and each problem."""

    def export(self, gradebook: Gradebook) -> None:
        pairs = [(one, student) for one in gradebook.assignments for student in gradebook.students]
        rows = [found for one, student in pairs if (found := row(gradebook, one, student))]
        most = max((max(points, default=0) for _, points in rows), default=0)
        with open(self.to or "points.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*HEAD, *(f"problem {number}" for number in range(1, most + 1))])
            for facts, points in rows:
                writer.writerow([*facts, *(points.get(n, "") for n in range(1, most + 1))])


def row(
    gradebook: Gradebook, assignment: Assignment, student: Student
) -> tuple[list[Any], dict[int, float]] | None:
    """The facts of the head, and the points by problem; None where nothing was submitted."""
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return None
    points: dict[int, float] = {}
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    for grade in grades:
        number = int(grade.name.partition("-")[0])
        points[number] = round(points.get(number, 0) + (grade.score or 0), 2)
    left = sum(bool(grade.needs_manual_grade) for grade in grades)
    score = round(sum(points.values()), 2)
    return [assignment.name, student.id, score, assignment.max_score, left], points
