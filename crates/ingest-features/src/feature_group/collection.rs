//! Collections: features whose value is a list of elements.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-collection-types.html>

use std::fmt;

/// The type of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// How its elements form the collection.
    pub shape: Shape,
    /// The type of all its elements.
    pub elements: ElementType,
}

/// How elements form a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any number of elements, in order.
    List,
    /// Any number of different elements, in no order.
    Set,
    /// This number of elements, in order.
    Vector(u32),
}

/// The type of a collection's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    /// 64-bit integers.
    Integral,
    /// Finite numbers.
    Fractional,
    /// Text.
    String,
}

impl ElementType {
    /// Returns the service's name for the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Integral => "Integral",
            Self::Fractional => "Fractional",
            Self::String => "String",
        }
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements = self.elements.name();
        match self.shape {
            Shape::List => write!(f, "List of {elements}"),
            Shape::Set => write!(f, "Set of {elements}"),
            Shape::Vector(dimension) => write!(f, "Vector of {dimension} {elements}"),
        }
    }
}
