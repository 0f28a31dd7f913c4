//! Setters that take and return `self`, so that an object is written as one expression.

/// Writes one setter for each field, with the field's name: `field: Type`, or `field: into Type` where other types are
/// welcome too. Whole numbers take their own type, so that a literal needs no suffix.
macro_rules! setters {
    ($type:ident { $($field:ident : $($arg:ident)+ $(<$inner:ty>)?),+ $(,)? }) => {
        impl $type {
            $(setters!(@one $field : $($arg)+ $(<$inner>)?);)+
        }
    };
    (@one $field:ident : into $arg:ident $(<$inner:ty>)?) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$arg$(<$inner>)?>) -> Self {
            self.$field = value.into();
            self
        }
    };
    (@one $field:ident : $arg:ident) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, value: $arg) -> Self {
            self.$field = value;
            self
        }
    };
}

pub(super) use setters;
