//! Sources: files, folders and standard input become named texts for the loader.
