//! The running loop: signals, forecast, problem, plan, check, actions, telemetry, record, again and again.
//!
//! [`Live`] drives the adapters of a [`Plant`]. It reads no clock: [`Live::tick`] gets the present instant, plans once in
//! each period, delivers what is due, repeats what keeps a battery going, watches whether devices follow, and says all of
//! it in a [`Tick`]. A tick never fails: what goes wrong stands in [`Tick::problems`], and the answer is the safe one.
//!
//! By default nothing is acted on ([`LiveSettings::shadow`]): the loop says what it would do, and its ledger what that
//! would have paid and emitted beside what the site did. Where it acts, the ledger has what the site paid beside what it
//! would have paid without ECA.
//!
//! A [`Sink`] gets what is seen, decided and done as numbered events, each once, and the decisions before anything of them is
//! sent: `eca-adapters` writes them into a signed log.
//!
//! **What happens when this loop ends.** Jobs go on as they are. The set point of a battery ends with its action, at the
//! latest at the end of the period, and a device with a timer of its own returns to its safe set point earlier. After a
//! restart the loop finds what it has sent in its [`crate::adapter::StateStore`], and repeats it with the same keys.
//!
//! ```
//! use eca_core::adapter::memory::{MemorySignals, MemorySite, MemoryState};
//! use eca_core::live::{Live, LiveSettings, Plant};
//! use eca_core::signal::{ReadOptions, parse};
//! use eca_core::{Horizon, Job, JobPoint, ProblemDocument, Region};
//! use std::sync::Arc;
//!
//! let start = "2026-03-02T00:00:00Z".parse()?;
//! let mut site = ProblemDocument::new(Horizon::new(start, 60, 3)?);
//! site.regions.push(Region::new("london").it_capacity_mw(1.0).import_limit_mw(2.0));
//! site.jobs.push(Job::gpu_hours("train", 1.0, [JobPoint::gpu_hours(1.0, 1.0)]));
//! let prices = "start,region,import_price_gbp_per_mwh,carbon_g_per_kwh\n2026-03-02T00:00Z,london,90,200\n\
//!               2026-03-02T01:00Z,london,40,200\n2026-03-02T02:00Z,london,70,200\n";
//! let prices = parse::csv::read(prices, &ReadOptions::default())?;
//!
//! // The site starts every job at once; the loop would have waited for the cheap hour.
//! let memory = MemorySite::new(site.clone()).self_starting();
//! let plant = Plant::new(site)
//!     .cluster(Arc::new(memory.cluster()))
//!     .meter("london", Arc::new(memory.meter("london")?))
//!     .signals(Arc::new(MemorySignals::new(prices)));
//! let mut live = Live::new(plant, LiveSettings::default().view_periods(3), Arc::new(MemoryState::default()))?;
//! for hour in 0..3 {
//!     let tick = live.tick(start.plus_min(60 * hour));
//!     assert!(tick.deliveries.is_empty());
//! }
//! live.close(start.plus_min(180));
//! assert_eq!(live.ledger().saved_gbp("eca", "site"), 50.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod books;
mod control;
mod deliver;
mod envelope;
mod events;
mod keep;
mod plant;
mod prepare;
mod settings;
mod state;
mod tick;
mod watch;

pub use control::Live;
pub use events::{Event, Happened, Sink};
pub use plant::Plant;
pub use settings::LiveSettings;
pub use state::Hold;
pub use tick::{Delivery, Planned, Tick, Totals};
