"""What SQL cannot do, between facts and marts: models that are fitted once a month.

A module of this package says what a model's tables are and how it is fitted; `assets` runs the ones
that `models` lists, `versions` decides when. What is fitted stands in schema `modelling` of the
work database, one version per month; the marts score with it in SQL. Nothing here belongs to one
customer's row of a mart, and no figure is published from here without dbt.
"""
