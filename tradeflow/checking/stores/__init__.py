"""I3: whether MySQL, Redis and MongoDB hold what the log says, up to the positions that they have.

Each store is held against a reference: what it must hold, computed from the topics record by
record, slow and obvious on purpose.  A reference shares no line with the sink that it judges.
Whether those topics follow from the commands is what the other invariants prove.
"""
