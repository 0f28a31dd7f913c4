//! Arguments from C: checked before anything is read from them or written to them.

use crate::error::{Failure, Result};
use eca_core::{Error, Series};
use std::ffi::{CStr, c_char};
use std::ptr::NonNull;

/// Most bytes of an array that Rust can hold; a longer one cannot exist.
const MOST_BYTES: usize = isize::MAX as usize;

/// A place for a result, known to be there.
#[derive(Debug)]
pub(crate) struct Out<T>(NonNull<T>);

impl<T> Out<T> {
    /// Checks that there is a place.
    ///
    /// # Safety
    /// `place` is NULL or points to memory for a `T`, which nobody else uses until the call returns.
    pub(crate) unsafe fn new(place: *mut T, argument: &'static str) -> Result<Self> {
        let place = NonNull::new(place).ok_or(Failure::Null(argument))?;
        if place.is_aligned() { Ok(Self(place)) } else { Err(Failure::Misaligned(argument)) }
    }

    /// The same for a result that the caller may not want.
    ///
    /// # Safety
    /// As [`Out::new`].
    pub(crate) unsafe fn if_given(place: *mut T, argument: &'static str) -> Result<Option<Self>> {
        // SAFETY: the caller promises the same.
        if place.is_null() { Ok(None) } else { unsafe { Self::new(place, argument) }.map(Some) }
    }

    /// Writes the result.
    pub(crate) fn write(self, value: T) {
        // SAFETY: `new` saw that the place is aligned and not NULL; its caller promised that it is valid. What was
        // there before belongs to C and is not dropped.
        unsafe { self.0.write(value) }
    }
}

/// A text that ends with NUL.
///
/// # Safety
/// `text` is NULL or points to a text that ends with NUL and does not change during the call.
pub(crate) unsafe fn text<'a>(text: *const c_char, argument: &'static str) -> Result<&'a str> {
    if text.is_null() {
        return Err(Failure::Null(argument));
    }
    // SAFETY: not NULL, and the caller promises the rest.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    utf8(bytes, argument)
}

/// A text of so many bytes, with or without a NUL behind it.
///
/// # Safety
/// `text` is NULL or points to `length` bytes that do not change during the call.
pub(crate) unsafe fn text_n<'a>(text: *const c_char, length: usize, argument: &'static str) -> Result<&'a str> {
    // SAFETY: the caller promises the same of bytes.
    utf8(unsafe { array(text.cast::<u8>(), length, argument) }?, argument)
}

fn utf8<'a>(bytes: &'a [u8], argument: &'static str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|e| Failure::Utf8 { argument, at: e.valid_up_to() })
}

/// An array of so many values.
///
/// # Safety
/// `values` is NULL or points to `length` values that do not change during the call.
pub(crate) unsafe fn array<'a, T>(values: *const T, length: usize, argument: &'static str) -> Result<&'a [T]> {
    fits::<T>(length, argument)?;
    let values = NonNull::new(values.cast_mut()).ok_or(Failure::Null(argument))?;
    if !values.is_aligned() {
        return Err(Failure::Misaligned(argument));
    }
    // SAFETY: not NULL, aligned, of a size that can exist; the caller promises that the values are there.
    Ok(unsafe { std::slice::from_raw_parts(values.as_ptr(), length) })
}

/// The texts of an array of texts.
///
/// # Safety
/// `texts` is NULL or has `length` pointers, each NULL or to a text that ends with NUL.
pub(crate) unsafe fn texts(texts: *const *const c_char, length: usize, argument: &'static str) -> Result<Vec<String>> {
    // SAFETY: the caller promises the same.
    let pointers = unsafe { array(texts, length, argument) }?;
    // SAFETY: the caller promises that each is NULL or ends with NUL.
    pointers.iter().map(|&pointer| unsafe { text(pointer, argument) }.map(str::to_owned)).collect()
}

/// Copies `values` into a buffer of the caller with room for `length` values and tells how many were written.
///
/// # Safety
/// `buffer` is NULL or has room for `length` values, `written` is NULL or valid; nobody else uses them.
pub(crate) unsafe fn copy<T: Copy>(values: &[T], buffer: *mut T, length: usize, written: *mut usize) -> Result<()> {
    // SAFETY: the caller promises that `written` is NULL or valid.
    let written = unsafe { Out::if_given(written, "written") }?;
    fits::<T>(length, "length")?;
    let place = NonNull::new(buffer).ok_or(Failure::Null("buffer"))?;
    if !place.is_aligned() {
        return Err(Failure::Misaligned("buffer"));
    }
    if length < values.len() {
        let limit = format!("the buffer needs room for {} values", values.len());
        return Err(Failure::Length { argument: "length", length, limit });
    }
    // SAFETY: the buffer is aligned, not NULL and, as the caller promises, has room for `length >= values.len()`
    // values; it belongs to C, so it does not overlap memory of the library.
    unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), place.as_ptr(), values.len()) };
    if let Some(written) = written {
        written.write(values.len());
    }
    Ok(())
}

fn fits<T>(length: usize, argument: &'static str) -> Result<()> {
    match length.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= MOST_BYTES => Ok(()),
        _ => Err(Failure::Length { argument, length, limit: "more than memory can hold".to_owned() }),
    }
}

/// A series of one value for all periods, or one for each. Another length is refused before a value is read.
///
/// # Safety
/// `values` is NULL or points to `length` numbers that do not change during the call.
pub(crate) unsafe fn series(
    values: *const f64,
    argument: &'static str,
    length: usize,
    periods: usize,
    object: impl FnOnce() -> String,
    field: &str,
) -> Result<Series> {
    if length != 1 && length != periods {
        let (object, field) = (object(), field.to_owned());
        return Err(Error::Length { object, field, length, expected: periods }.into());
    }
    // SAFETY: the caller promises the same.
    let values = unsafe { array(values, length, argument) }?;
    Ok(match values {
        [value] => Series::Constant(*value),
        values => Series::from(values),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_cannot_exist_are_refused_unread() {
        let one = 1.0_f64;
        // SAFETY: the length is refused before the pointer is used.
        let refused = unsafe { array(&raw const one, usize::MAX, "values") };
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("argument `values` has length {}, more than memory can hold", usize::MAX)
        );
    }

    #[test]
    fn a_buffer_that_is_too_small_stays_as_it_is() {
        let mut buffer = [7.0_f64; 2];
        let mut written = 9_usize;
        // SAFETY: the buffer has room for the two values it is said to have room for.
        let refused = unsafe { copy(&[1.0, 2.0, 3.0], buffer.as_mut_ptr(), 2, &raw mut written) };
        assert!(refused.unwrap_err().to_string().contains("room for 3 values"));
        assert_eq!((buffer, written), ([7.0, 7.0], 9));
    }

    #[test]
    fn a_place_that_is_not_aligned_is_refused() {
        let mut bytes = [0_u8; 32];
        let odd = bytes.as_mut_ptr().map_addr(|addr| (addr | 7) ^ 2).cast::<f64>();
        // SAFETY: refused before it is used.
        assert!(matches!(unsafe { Out::new(odd, "gap") }, Err(Failure::Misaligned("gap"))));
    }
}
