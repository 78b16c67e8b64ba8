"""Writes that follow a rule, by what they change. Callers name the module: `rubrics.publish_rubric(…)`."""
