//! Offers: requests and ladders as JSON.

use crate::errors::{guard, json};
use crate::problem::Problem;
use crate::solve::{Request, stoppable};
use eca_core::flex::{self, OfferRequest, Offers};
use eca_core::{Commitment, Penalty};
use pyo3::prelude::*;
use std::sync::Arc;

/// The price ladder of a request, as JSON.
#[pyfunction]
pub(crate) fn offers(
    py: Python<'_>,
    problem: &Problem,
    request: &str,
    engine: &str,
    gap: f64,
    time_limit_s: Option<f64>,
) -> PyResult<String> {
    let (settings, request) =
        guard(py, || Ok((settings(engine, gap, time_limit_s)?, OfferRequest::from_json(request)?)))?;
    let problem = Arc::clone(&problem.inner);
    stoppable(py, move |control| problem.offers_with(&request, &settings, control)?.to_json())
}

/// The most that can be delivered of a commitment on offer, MWh by its settlement periods.
#[pyfunction]
pub(crate) fn check_offer(
    py: Python<'_>,
    problem: &Problem,
    offer: &str,
    engine: &str,
    gap: f64,
    time_limit_s: Option<f64>,
) -> PyResult<Vec<f64>> {
    let (settings, offer) = guard(py, || Ok((settings(engine, gap, time_limit_s)?, Commitment::from_json(offer)?)))?;
    let problem = Arc::clone(&problem.inner);
    stoppable(py, move |control| flex::check_offer_with(&problem, &offer, &settings, control))
}

/// A ladder as text for people.
#[pyfunction]
pub(crate) fn offers_text(py: Python<'_>, offers: &str) -> PyResult<String> {
    guard(py, || Ok(Offers::from_json(offers)?.to_string()))
}

/// What a rung becomes when it is sold, as JSON.
#[pyfunction]
pub(crate) fn offer_commitment(
    py: Python<'_>,
    offers: &str,
    rung: usize,
    id: &str,
    penalty: Option<&str>,
) -> PyResult<String> {
    guard(py, || {
        let offers = Offers::from_json(offers)?;
        let penalty: Penalty = penalty.map(Penalty::from_json).transpose()?.unwrap_or_default();
        json(&offers.sold(rung, id, penalty)?)
    })
}

fn settings(engine: &str, gap: f64, time_limit_s: Option<f64>) -> eca_core::Result<eca_core::Settings> {
    let solver = eca_core::Solver::Auto.name();
    Request { engine, solver, gap, time_limit_s, node_limit: None, seed: 0, references: false }.settings()
}
