"""Three builds of one source: public book, students' problem sets, instructor's edition.

``make course`` makes the last two, in ``_build/course``, of what ``make book`` leaves:

- ``students/``: a zip for each problem set, with a notebook without solutions and the package;
- ``instructor/``: the same notebooks with their solutions, a marking scheme with points, and the
  folder of a course for the grader.

The grader is nbgrader. Its whole round, from the release to the table of points, runs on one
machine without containers; it has a grade book, marking by hand, and feedback as a page for each
student. We tried otter-grader too, and both install beside everything that the book needs:
otter's ``grade`` needs Docker, and without it (``otter run``) there is one submission at a time and
no grade book; its ``assign`` makes tests that hold the answers, as ours must not.
nbgrader runs a submission and its tests in one kernel, where a submission can change the tests. So
one of its steps is our own: ``grading/judge.py``.

- ``problems``: the sets, and what an exercise is worth.
- ``students``, ``instructors``: what each receives.
- ``leaks``: what of a solution stands in a student's file.
- ``build``: the command.
- ``grading``: what runs in the lecturer's course.
"""
