//! pages tests.
