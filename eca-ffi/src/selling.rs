//! Selling: what a plan takes, or a rung that somebody buys, becomes a commitment of the problem.

use crate::args::{Out, text};
use crate::guard::guard;
use crate::handle::{self, eca_plan, eca_problem};
use crate::plan::Made;
use crate::problem::{Validated, json_of};
use crate::status::eca_status;
use crate::string;
use eca_core::flex::Offers;
use eca_core::{Commitment, Penalty, Problem};
use std::ffi::c_char;

/// Gives the problem after what a plan takes of its opportunities is sold: commitments take their place, and nothing more is on
/// offer. Free it with `eca_problem_free`. `problem` is the one of the plan and stays as it is.
///
/// Any thread. Errors: `ECA_STATUS_MISMATCH` for a plan of another problem or one that fails its check;
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `accepted` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_accept(
    problem: *const eca_problem,
    plan: *const eca_plan,
    accepted: *mut *mut eca_problem,
) -> eca_status {
    guard("eca_problem_accept", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(accepted, "accepted") }?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        let plan = handle::get::<Made>(plan, "plan")?;
        handle::put(Validated(problem.0.accept(&plan.plan)?), out)
    })
}

/// Gives the problem with one commitment more, JSON as it stands in a problem document: what is sold, no ladder made of it sells
/// again. Free it with `eca_problem_free`. `problem` stays as it is.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_DUPLICATE` for a name that is there
/// already, `ECA_STATUS_VALUE`, `_UNKNOWN`, `_LENGTH`, `_UNSUPPORTED`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `commitment_json` is NULL or ends with NUL, `sold` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_add_commitment(
    problem: *const eca_problem,
    commitment_json: *const c_char,
    sold: *mut *mut eca_problem,
) -> eca_status {
    guard("eca_problem_add_commitment", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (commitment, out) = unsafe { (text(commitment_json, "commitment_json")?, Out::new(sold, "sold")?) };
        let mut document = handle::get::<Validated>(problem, "problem")?.0.document().clone();
        document.commitments.push(Commitment::from_json(commitment)?);
        handle::put(Validated(Problem::from_document(document)?), out)
    })
}

/// Gives the commitment that a rung of a ladder (`eca-offers/1`) becomes when it is sold at its price, JSON as it stands in a problem
/// document. Free it with `eca_string_free`. Rungs count from 0.
///
/// `penalty_json` says what a shortfall costs, such as `{"price_gbp_per_mwh": 180, "tolerance_frac": 0.05}`; NULL for a price above
/// any cost of energy.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for a number that no rung has, `ECA_STATUS_VALUE` for a rung that is not offered,
/// `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `commitment_json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_offers_commitment(
    offers_json: *const c_char,
    rung: usize,
    id: *const c_char,
    penalty_json: *const c_char,
    commitment_json: *mut *mut c_char,
) -> eca_status {
    guard("eca_offers_commitment", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (offers, id, out) = unsafe {
            (text(offers_json, "offers_json")?, text(id, "id")?, Out::new(commitment_json, "commitment_json")?)
        };
        // SAFETY: as above; NULL is none.
        let penalty = if penalty_json.is_null() { None } else { Some(unsafe { text(penalty_json, "penalty_json") }?) };
        let offers = Offers::from_json(offers)?;
        let penalty = penalty.map(Penalty::from_json).transpose()?.unwrap_or_default();
        string::lend(json_of(&offers.sold(rung, id, penalty)?, "commitment")?, out)
    })
}

/// Gives a ladder (`eca-offers/1`) as one line for each rung, for people. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `offers_json` is NULL or ends with NUL, `words` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_offers_to_text(offers_json: *const c_char, words: *mut *mut c_char) -> eca_status {
    guard("eca_offers_to_text", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (offers, out) = unsafe { (text(offers_json, "offers_json")?, Out::new(words, "words")?) };
        string::lend(Offers::from_json(offers)?.to_string(), out)
    })
}
