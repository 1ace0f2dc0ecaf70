"""The mapping assistant: looks at an unknown file and proposes its `mapping.yml`.

names: how a column is called. values: what stands in it. propose: which warehouse column it is.
document: the proposal as YAML. preview: the first rows as they would arrive. show: all of it for
people.
"""
