"""Rubrics as spreadsheets: the template's sheets written and read back without loss, and bureaus' plain sheets guessed.

`layout` says what stands in which column, `writing` and `reading` follow it, `guessing` recognises plain sheets, `safety`
decides what is opened at all. Nothing here writes to the database.
"""
