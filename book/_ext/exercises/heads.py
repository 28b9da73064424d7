"""What page and notebook say in the same words: the head of an exercise, and the line to type."""

CHECK_CODE = 'from randomfeatures import exercises\n\nexercises.check("{label}", ...)'


def facts(kind: str, minutes: int) -> str:
    """What the head of an exercise says.

    >>> facts("compute", 15), facts("prove", 0), facts("", 0)
    ('compute · 15 min', 'prove', '')
    """
    return " · ".join([*([kind] if kind else []), *([f"{minutes} min"] if minutes else [])])
