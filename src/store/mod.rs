//! The database: definitions, instances, releases and the default runtime, in one SQLite file.
