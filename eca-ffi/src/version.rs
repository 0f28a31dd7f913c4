//! Versions of the library and of its binary interface.

use crate::error::Failure;
use crate::guard::{guard, value_guard};
use crate::status::eca_status;
use std::ffi::c_char;

/// Version of the binary interface; it moves on any change that breaks a compiled caller. 0 until the first release.
pub const ECA_ABI_VERSION: u32 = 0;
/// Major version of the library that this header belongs to.
pub const ECA_VERSION_MAJOR: u32 = 0;
/// Minor version of the library that this header belongs to.
pub const ECA_VERSION_MINOR: u32 = 1;
/// Patch version of the library that this header belongs to.
pub const ECA_VERSION_PATCH: u32 = 0;
/// `major * 1000000 + minor * 1000 + patch`.
pub const ECA_VERSION_NUMBER: u32 = ECA_VERSION_MAJOR * 1_000_000 + ECA_VERSION_MINOR * 1_000 + ECA_VERSION_PATCH;

/// The ABI version of the library that is loaded; compare it with `ECA_ABI_VERSION`. Cannot fail; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn eca_abi_version() -> u32 {
    value_guard(u32::MAX, || ECA_ABI_VERSION)
}

/// Refuses a caller that was compiled with another header: call `eca_abi_check(ECA_ABI_VERSION)` once at the start.
///
/// Any thread. Errors: `ECA_STATUS_WRONG_ABI`.
#[unsafe(no_mangle)]
pub extern "C" fn eca_abi_check(header_abi_version: u32) -> eca_status {
    guard("eca_abi_check", || {
        if header_abi_version == ECA_ABI_VERSION {
            return Ok(());
        }
        Err(Failure::Abi { header: header_abi_version, library: ECA_ABI_VERSION })
    })
}

/// The version of the library that is loaded, such as `0.1.0`. The text is static: never free it. Cannot fail; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn eca_version() -> *const c_char {
    value_guard(c"".as_ptr(), || concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast())
}

/// The version of the library that is loaded as `major * 1000000 + minor * 1000 + patch`. Cannot fail; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn eca_version_number() -> u32 {
    value_guard(0, || ECA_VERSION_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_constants_are_those_of_the_crate() {
        let parts = format!("{ECA_VERSION_MAJOR}.{ECA_VERSION_MINOR}.{ECA_VERSION_PATCH}");
        assert_eq!(parts, env!("CARGO_PKG_VERSION"));
    }
}
