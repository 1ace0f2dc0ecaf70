"""Published audiences on their way out: lists for people and for the tools that send messages.

Who is in an audience is decided in dbt (`models/intermediate/audiences`); nothing here does.
"""
