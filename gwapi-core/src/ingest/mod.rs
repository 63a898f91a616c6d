//! JSON values in, objects out: the authoritative, lossless door.
