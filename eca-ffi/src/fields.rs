//! Fields by name, so that the ABI grows without new functions. A name that does not exist is refused with those that do.

use crate::error::{Failure, Result};
use eca_core::Error;
use std::fmt::Display;

/// What a value breaks: the limit as a clause, and the unit.
pub(crate) type Refused = (&'static str, &'static str);
/// A field and how it is set.
pub(crate) type Field<T, V> = (&'static str, fn(&mut T, V) -> Result<(), Refused>);

/// Sets the field called `name`. `kind` says what it is a field of, such as "battery number".
pub(crate) fn set<T, V: Display + Copy>(
    fields: &[Field<T, V>],
    target: &mut T,
    kind: &'static str,
    object: impl FnOnce() -> String,
    name: &str,
    value: V,
) -> Result<()> {
    let Some((_, setter)) = fields.iter().find(|field| field.0 == name) else {
        return Err(Failure::unknown(kind, name, fields.iter().map(|field| field.0)));
    };
    setter(target, value).map_err(|(limit, unit)| {
        let (value, limit) = (value.to_string(), limit.to_owned());
        Error::Value { object: object(), field: name.to_owned(), value, limit, unit }.into()
    })
}

/// Sets a field that takes any value; eca-core judges it.
pub(crate) fn put<T>(slot: &mut T, value: T) -> Result<(), Refused> {
    *slot = value;
    Ok(())
}

/// A number that must be whole and fit into `T`.
pub(crate) fn whole<T: TryFrom<u64>>(value: f64, refused: Refused) -> Result<T, Refused> {
    // 2^53: above it a double no longer tells one whole number from the next.
    const MOST: f64 = 9_007_199_254_740_992.0;
    if !(0.0..=MOST).contains(&value) || value.fract() != 0.0 {
        return Err(refused);
    }
    T::try_from(value as u64).map_err(|_| refused)
}

/// A number that must be 0 or 1.
pub(crate) fn flag(value: f64) -> Result<bool, Refused> {
    match value {
        0.0 => Ok(false),
        1.0 => Ok(true),
        _ => Err(("must be 0 or 1", "as a flag")),
    }
}

/// A count that fits into 32 bits.
pub(crate) fn count<T: TryFrom<u64>>(value: f64) -> Result<T, Refused> {
    whole(value, ("must be a whole number that is not negative and fits the field", "as a count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_fit() {
        assert_eq!(count::<u32>(4_294_967_295.0), Ok(u32::MAX));
        for bad in [4_294_967_296.0, -1.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert!(count::<u32>(bad).is_err(), "{bad}");
        }
        assert!(count::<u8>(256.0).is_err());
    }

    #[test]
    fn flags_are_zero_or_one() {
        assert_eq!((flag(0.0), flag(-0.0), flag(1.0)), (Ok(false), Ok(false), Ok(true)));
        assert!(flag(0.5).is_err() && flag(f64::NAN).is_err());
    }
}
