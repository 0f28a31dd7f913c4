//! Offers of flexibility: a request goes in as JSON, a price ladder comes out.

use crate::args::{Out, text};
use crate::guard::guard;
use crate::handle::{self, eca_problem, eca_settings};
use crate::problem::{Validated, json_of};
use crate::settings::Choice;
use crate::status::eca_status;
use crate::string;
use eca_core::Commitment;
use eca_core::flex::{self, OfferRequest};
use std::ffi::c_char;

/// Prices flexibility: a request (`eca-offer-request/1`) goes in, the ladder (`eca-offers/1`) comes out, both JSON;
/// docs/format/offers.md describes them. Free it with `eca_string_free`. `settings` may be NULL. The call blocks.
///
/// A rung without a price is a success: `refused` says why it is not offered.
///
/// Any thread. Errors: as `eca_problem_solve`; `ECA_STATUS_DOCUMENT`, `_VALUE`, `_UNKNOWN`, `_UNSUPPORTED` for a request
/// that is none; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `request_json` is NULL or ends with NUL, `offers_json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_offers(
    problem: *const eca_problem,
    settings: *const eca_settings,
    request_json: *const c_char,
    offers_json: *mut *mut c_char,
) -> eca_status {
    guard("eca_problem_offers", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (request, out) = unsafe { (text(request_json, "request_json")?, Out::new(offers_json, "offers_json")?) };
        let problem = handle::get::<Validated>(problem, "problem")?;
        let settings = match handle::get_if_given::<Choice>(settings, "settings")? {
            Some(choice) => choice.now()?,
            None => eca_core::Settings::default(),
        };
        let offers = problem.0.offers(&OfferRequest::from_json(request)?, &settings)?;
        string::lend(offers.to_json()?, out)
    })
}

/// Gives the most energy that can be delivered of an offer, MWh by its settlement periods, as a JSON array of numbers. The
/// offer is JSON of a commitment, as it stands in a problem document. Free it with `eca_string_free`. `settings` may be NULL.
/// The call blocks.
///
/// Promises to users, hard deadlines, strict carbon caps and all commitments of the problem are kept as far as the plan without
/// the offer keeps them.
///
/// Any thread. Errors: as `eca_problem_offers`.
///
/// # Safety
/// `offer_json` is NULL or ends with NUL, `deliverable_mwh` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_check_offer(
    problem: *const eca_problem,
    settings: *const eca_settings,
    offer_json: *const c_char,
    deliverable_mwh: *mut *mut c_char,
) -> eca_status {
    guard("eca_problem_check_offer", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (offer, out) = unsafe { (text(offer_json, "offer_json")?, Out::new(deliverable_mwh, "deliverable_mwh")?) };
        let problem = handle::get::<Validated>(problem, "problem")?;
        let settings = match handle::get_if_given::<Choice>(settings, "settings")? {
            Some(choice) => choice.now()?,
            None => eca_core::Settings::default(),
        };
        let found = flex::check_offer(&problem.0, &Commitment::from_json(offer)?, &settings)?;
        string::lend(json_of(&found, "deliverable_mwh")?, out)
    })
}
