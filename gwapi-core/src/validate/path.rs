//! Field paths as the API server writes them, built only when there is something to say.

use core::fmt;

/// A place in an object: the way back to its root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The object itself.
    Root,
    /// A field.
    Field(&'p Self, &'p str),
    /// The key of a map.
    Key(&'p Self, &'p str),
    /// An item of a list.
    Index(&'p Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Key(parent, key) => write!(f, "{parent}[{key}]"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
