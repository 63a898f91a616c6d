//! ExternalAuth (H-070 to H-078).
