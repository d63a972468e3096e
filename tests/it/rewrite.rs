//! rewrite tests.
