"""Versions of the schema, applied by Alembic when the database is opened.

A version must be such that it can be run again: MySQL ends a transaction at each DDL statement, so
one that was interrupted is half there.  It runs on MySQL and on SQLite.
"""
