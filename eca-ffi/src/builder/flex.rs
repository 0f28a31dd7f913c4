//! Flexibility: opportunities, commitments and power targets, each as it stands in a problem document.

use super::change;
use crate::args::text;
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::status::eca_status;
use eca_core::{Commitment, Opportunity, PowerTarget};
use std::ffi::c_char;

/// Adds an opportunity, JSON as it stands in a problem document (docs/format/problem.md): what a buyer offers to pay for. A plan
/// takes it where that pays, and `eca_problem_accept` makes commitments of what is taken.
///
/// Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `opportunity_json` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_opportunity(
    builder: *mut eca_builder,
    opportunity_json: *const c_char,
) -> eca_status {
    guard("eca_builder_add_opportunity", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let read = Opportunity::from_json(unsafe { text(opportunity_json, "opportunity_json") }?)?;
        change(builder, |parts| {
            parts.opportunities.push(read);
            Ok(())
        })
    })
}

/// Adds a commitment, JSON as it stands in a problem document (docs/format/problem.md): what is sold.
///
/// Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `commitment_json` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_commitment(
    builder: *mut eca_builder,
    commitment_json: *const c_char,
) -> eca_status {
    guard("eca_builder_add_commitment", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let read = Commitment::from_json(unsafe { text(commitment_json, "commitment_json") }?)?;
        change(builder, |parts| {
            parts.commitments.push(read);
            Ok(())
        })
    })
}

/// Adds a power target, JSON as it stands in a problem document (docs/format/problem.md), such as
/// `{"id": "congestion", "region": "london", "power_mw": [null, 6.3], "response_s": 30, "ramp_mw_per_min": 12}`.
///
/// Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `target_json` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_target(builder: *mut eca_builder, target_json: *const c_char) -> eca_status {
    guard("eca_builder_add_target", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let read = PowerTarget::from_json(unsafe { text(target_json, "target_json") }?)?;
        change(builder, |parts| {
            parts.targets.push(read);
            Ok(())
        })
    })
}
