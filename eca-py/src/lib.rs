//! The compiled module `eca._eca`: documents go in and out as JSON; what people use is written in Python beside it.

mod audit;
mod clock;
mod errors;
mod forecast;
mod live;
mod message;
mod mpc;
mod offers;
mod plan;
mod problem;
mod settle;
mod shed;
mod signals;
mod solve;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _eca {
    #[pymodule_export]
    use super::audit::audit;
    #[pymodule_export]
    use super::clock::{check_horizon, parse_time, settlement_day};
    #[pymodule_export]
    use super::forecast::{ForecastModel, backtest};
    #[pymodule_export]
    use super::live::{Loop, conform};
    #[pymodule_export]
    use super::message::read_message;
    #[pymodule_export]
    use super::mpc::{Controller, Shadow, simulate};
    #[pymodule_export]
    use super::offers::{check_offer, offer_commitment, offers, offers_text};
    #[pymodule_export]
    use super::plan::Plan;
    #[pymodule_export]
    use super::problem::Problem;
    #[pymodule_export]
    use super::settle::{baseline, distribute, event_record, ledger_append, products, report, settle, submissions};
    #[pymodule_export]
    use super::shed::ShedLadder;
    #[pymodule_export]
    use super::signals::{Signals, octopus_next_page};
    #[pymodule_export]
    use super::solve::panic_on_purpose;

    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let (engines, solvers) = (eca_core::Engine::NAMES, eca_core::Solver::NAMES);
        module.add("ENGINES", PyTuple::new(module.py(), engines.iter().map(|(name, _)| *name))?)?;
        module.add("SOLVERS", PyTuple::new(module.py(), solvers.iter().map(|(name, _)| *name))?)
    }
}
