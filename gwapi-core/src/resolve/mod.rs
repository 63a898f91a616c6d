//! The function: a snapshot and a controller in, the attachment graph out.
