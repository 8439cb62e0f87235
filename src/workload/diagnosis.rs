//! Why an object is not ready: the root cause in one sentence.
