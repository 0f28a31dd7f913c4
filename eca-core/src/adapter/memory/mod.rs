//! A site in memory: the reference of all adapters, for tests, examples and shadow mode.
//!
//! Time passes when somebody asks: each call carries `now`, and the site lives on until then. Jobs work at their rates,
//! batteries fill and empty within their limits, set points end when they expire, meters count. It serves no online
//! services. It shares no code with [`crate::mpc::simulate`], which walks in whole periods.
//!
//! ```
//! use eca_core::action::{Action, Command, Target};
//! use eca_core::adapter::memory::MemorySite;
//! use eca_core::adapter::{Answer, ApplyOptions, ReadingOptions, StorageDevice, Workloads};
//! use eca_core::{Battery, Horizon, Job, JobPoint, ProblemDocument, Region};
//!
//! let start = "2026-03-02T00:00:00Z".parse()?;
//! let mut site = ProblemDocument::new(Horizon::new(start, 30, 48)?);
//! site.regions.push(Region::new("london").it_capacity_mw(4.0).import_limit_mw(8.0));
//! site.batteries.push(Battery::new("rack", "london", 2.0, 4.0).soc_mwh(1.0));
//! site.jobs.push(Job::gpu_hours("train", 10.0, [JobPoint::gpu_hours(1.0, 2.0)]));
//! let site = MemorySite::new(site);
//!
//! let battery = site.battery("rack")?;
//! let charge = Command::Charge { power_mw: 1.0 };
//! let action = Action::new(1, Target::Battery { id: "rack".into() }, charge, start, start.plus_min(30));
//! assert_eq!(battery.apply(&action, &ApplyOptions::new(start))?, Answer::Done);
//! assert_eq!(battery.apply(&action, &ApplyOptions::new(start))?, Answer::AlreadyDone);
//! // An hour later the set point has long ended: half an hour at 1 MW was stored.
//! assert_eq!(battery.read(&ReadingOptions::new(start.plus_min(60)))?.soc_mwh, 1.5);
//! assert_eq!(site.cluster().observe(&ReadingOptions::new(start.plus_min(60)))?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod job;
mod signals;
mod state;
mod world;

pub use signals::MemorySignals;
pub use state::MemoryState;

use super::{
    AdapterError, AdapterResult, Answer, ApplyOptions, Meter, MeterReading, ReadingOptions, StorageDevice,
    StorageReading, WorkloadReading, Workloads, check_age,
};
use crate::action::{Action, Target};
use crate::problem::{Battery, BatteryId, JobId, ProblemDocument, RegionId};
use crate::{Timestamp, unit};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::World;

/// A site in memory. Clones are the same site.
#[derive(Debug, Clone)]
pub struct MemorySite(Arc<Mutex<World>>);

impl MemorySite {
    /// The regions, batteries and jobs of a document as they are at the start of its horizon; its series are what really
    /// happens.
    #[must_use]
    pub fn new(site: ProblemDocument) -> Self {
        Self(Arc::new(Mutex::new(World::new(site))))
    }

    /// A site that obeys nobody's plan: each job starts as soon as it may and fits.
    #[must_use]
    pub fn self_starting(self) -> Self {
        self.world().self_starting = true;
        self
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while the lock is held leaves numbers, and they are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its jobs.
    #[must_use]
    pub fn cluster(&self) -> MemoryCluster {
        MemoryCluster(self.clone())
    }

    /// One of its batteries.
    ///
    /// # Errors
    /// [`AdapterError::Unknown`] with those that exist.
    pub fn battery(&self, id: impl Into<BatteryId>) -> AdapterResult<MemoryBattery> {
        let id = id.into();
        let known: Vec<String> = self.world().batteries.iter().map(|b| b.id.to_string()).collect();
        if known.iter().any(|name| name == id.as_str()) {
            return Ok(MemoryBattery { site: self.clone(), id });
        }
        Err(unknown("site in memory", "battery", id.as_str(), known))
    }

    /// The meter of one of its regions.
    ///
    /// # Errors
    /// [`AdapterError::Unknown`] with those that exist.
    pub fn meter(&self, region: impl Into<RegionId>) -> AdapterResult<MemoryMeter> {
        let region = region.into();
        let known: Vec<String> = self.world().site.regions.iter().map(|r| r.id.to_string()).collect();
        match known.iter().position(|name| name == region.as_str()) {
            Some(index) => Ok(MemoryMeter { site: self.clone(), region, index }),
            None => Err(unknown("site in memory", "region", region.as_str(), known)),
        }
    }

    /// Lets time pass until `now`.
    pub fn advance(&self, now: Timestamp) {
        self.world().advance(now);
    }

    /// Every action that was carried out, in order.
    #[must_use]
    pub fn carried_out(&self) -> Vec<Action> {
        self.world().carried_out.clone()
    }

    /// Every limit that was broken: IT power, import or export of a region.
    #[must_use]
    pub fn breaches(&self) -> Vec<String> {
        self.world().breaches.clone()
    }

    /// When each job was done; none for those that are not.
    #[must_use]
    pub fn finished(&self) -> Vec<(JobId, Option<Timestamp>)> {
        self.world().jobs.iter().map(|job| (job.given().id.clone(), job.finished_at)).collect()
    }

    /// The batteries as they are.
    #[must_use]
    pub fn batteries(&self) -> Vec<Battery> {
        self.world().batteries.clone()
    }
}

fn unknown(adapter: &str, kind: &str, id: &str, known: Vec<String>) -> AdapterError {
    AdapterError::Unknown { adapter: adapter.into(), kind: kind.into(), id: id.into(), known: known.join(", ") }
}

/// The jobs of a [`MemorySite`].
#[derive(Debug, Clone)]
pub struct MemoryCluster(MemorySite);

impl fmt::Display for MemoryCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cluster in memory")
    }
}

impl Workloads for MemoryCluster {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        let mut world = self.0.world();
        world.advance(options.now);
        let at = world.now;
        check_age(self, "its jobs", at, options)?;
        let open = world.jobs.iter().filter(|job| job.finished_at.is_none());
        let reading = |job: &job::MemoryJob| WorkloadReading {
            power_mw: Some(job.load(at).0.iter().map(|(_, mw)| mw).sum()),
            checkpoint_at: job.checkpoint_at,
            ..WorkloadReading::new(at, job.reading())
        };
        Ok(open.map(reading).collect())
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let (Target::Job { id, .. } | Target::Share { id, .. }) = &action.target else {
            return Err(AdapterError::NotSupported {
                adapter: self.to_string(),
                operation: format!("a command for {:?}", action.target),
                reason: "it has only jobs".into(),
            });
        };
        let mut world = self.0.world();
        if !world.jobs.iter().any(|job| job.given().id == *id) {
            let known = world.jobs.iter().map(|job| job.given().id.to_string()).collect();
            return Err(unknown(&self.to_string(), "job", id.as_str(), known));
        }
        answer(&mut world, action, options, self, format!("job `{id}`"))
    }
}

/// Carries an action out, or says that it would be.
fn answer(
    world: &mut World,
    action: &Action,
    options: &ApplyOptions,
    adapter: &dyn fmt::Display,
    object: String,
) -> AdapterResult<Answer> {
    if options.dry_run {
        return Ok(if action.is_due(options.now) { Answer::WouldDo } else { Answer::Expired });
    }
    let refused = |message| AdapterError::Refused { adapter: adapter.to_string(), object, message };
    world.receive(action, options.now).map_err(refused)
}

/// A battery of a [`MemorySite`].
#[derive(Debug, Clone)]
pub struct MemoryBattery {
    site: MemorySite,
    id: BatteryId,
}

impl fmt::Display for MemoryBattery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "battery `{}` in memory", self.id)
    }
}

impl StorageDevice for MemoryBattery {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut world = self.site.world();
        world.advance(options.now);
        world.measure();
        check_age(self, "its state", world.now, options)?;
        let at = world.now;
        let found = world.batteries.iter().zip(&world.battery_mw).find(|(battery, _)| battery.id == self.id);
        let (battery, net_mw) = found.ok_or_else(|| unknown(&self.to_string(), "battery", self.id.as_str(), vec![]))?;
        Ok(StorageReading {
            charge_mw: net_mw.max(0.0),
            discharge_mw: (-net_mw).max(0.0),
            reserve_mwh: battery.soc_min_mwh,
            ..StorageReading::new(at, battery.soc_mwh)
        })
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        match &action.target {
            Target::Battery { id } if *id == self.id => {
                answer(&mut self.site.world(), action, options, self, format!("battery `{id}`"))
            }
            other => {
                let other = format!("{other:?}");
                Err(unknown(&self.to_string(), "battery", &other, vec![self.id.to_string()]))
            }
        }
    }
}

/// The meter of a region of a [`MemorySite`].
#[derive(Debug, Clone)]
pub struct MemoryMeter {
    site: MemorySite,
    region: RegionId,
    index: usize,
}

impl fmt::Display for MemoryMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "meter of `{}` in memory", self.region)
    }
}

impl Meter for MemoryMeter {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        let mut world = self.site.world();
        world.advance(options.now);
        world.measure();
        check_age(self, "its registers", world.now, options)?;
        let registers = world.registers.get(self.index).copied().unwrap_or_default();
        let net_mw = world.net_mw.get(self.index).copied().unwrap_or(0.0);
        // A register shows whole Wh, rounded down.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wh = |mwh: f64| unit::mwh_to_wh(mwh).max(0.0) as u64;
        Ok(MeterReading::new(
            world.now,
            net_mw.max(0.0),
            (-net_mw).max(0.0),
            wh(registers.import_mwh),
            wh(registers.export_mwh),
        ))
    }
}
