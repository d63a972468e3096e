//! What a RUN makes, deletes and changes, as far as its commands tell.
