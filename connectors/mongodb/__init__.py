"""The audit trail in MongoDB: a document for each command, event and state change of a saga.

Start with ``actions.py`` (what each record means), then ``documents.py`` (what is kept of it) and
``sink.py`` (how it is written); ``monitor.py`` watches what was written.
"""
