"""The one place that takes in what sources tell: identities, the catalogue's records, and an entry for each change.

The same thing told again is known by its digest and changes nothing. What is new becomes a record, or is found to be
one that is there, by these rules, in this order; a person can separate it again (``separating``):

- a model: the one whose short name the source names; else the team's model of the same name, unless this source knows
  that one as something else;
- a run: the team's with the same key;
- a data set: the one with the same name and place; its version: the one with the same digest;
- a version: the one of the same run or with the same digest (SHA-256) of its model, unless this source knows that one
  as something else.
"""
