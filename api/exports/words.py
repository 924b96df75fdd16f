"""The words that travel with every bundle."""

README = """This is a Dyade bundle: what one study has collected, at one moment.

Each table comes twice: as CSV (UTF-8, the first row names the columns, an empty cell is a missing value, instants
are UTC) and as Parquet.

  professionals  one row per professional in the study
  dyads          one row per professional-client pair
  prompts        every prompt of every plan, answered or not, with the state it ended in and why
  entries        one row per completed diary form; one column per item, described in the codebook
  assessments    one row per questionnaire outside the diary
  quarantine     what reached the server but could not stand among the entries, and why
  codebook       what each item column means, with its labels in every language of the study

codebook.json holds the same and how items make scale scores. The protocol files hold the questions as they were
asked. `not_asked` names the items whose condition was false: they are missing by design, not by refusal.

Compliance is answered / (answered + expired). Prompts that were missed by the system, superseded by a later plan,
or that have not ended are in the table, but not in that fraction.

Ids were made for this bundle only, and rows are in their order, which says nothing about time. Whoever holds two
bundles of the same study can still match them by the instants of the entries: share one, not several.
Where bundle.json says `simulated`, the rows marked so were made by a computer, and simulation.json says how.
Check that nothing was altered with: sha256sum -c checksums.txt
"""
