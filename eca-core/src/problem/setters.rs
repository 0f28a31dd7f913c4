//! Setters that take and return `self`, so that an object is written as one expression.

/// Writes one setter for each field, with the field's name.
macro_rules! setters {
    ($type:ident { $($(#[$doc:meta])* $field:ident : $arg:ty),+ $(,)? }) => {
        impl $type {
            $(
                #[doc = concat!("Sets `", stringify!($field), "`.")]
                #[must_use]
                pub fn $field(mut self, value: impl Into<$arg>) -> Self {
                    self.$field = value.into();
                    self
                }
            )+
        }
    };
}

pub(super) use setters;
