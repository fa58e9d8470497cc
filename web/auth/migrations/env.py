"""What Alembic runs: it is given a connection, and applies the versions that are missing."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection)
context.run_migrations()
