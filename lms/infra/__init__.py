"""Database, jobs, mail, storage, languages, audit, logging and the web's common ground."""
