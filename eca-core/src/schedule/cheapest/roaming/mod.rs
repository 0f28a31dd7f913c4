//! Everything at once: several points, moves, a state before the horizon.
//!
//! States after each period: working in a region with a run of some age (counted up to `min_run_periods`), so many pauses
//! and so much work; or idle there, the run having ended in an earlier period. Layer 0 is the period before the window.

mod back;
mod forward;

use super::{Cheapest, Prices, Schedule, Scratch, Shape, Work};

/// Nothing reaches this state.
const NEVER: f64 = f64::INFINITY;

pub(super) fn cheapest(
    shape: &Shape,
    regions: &[usize],
    work: &Work,
    undone_gbp: f64,
    prices: &Prices<'_>,
    scratch: &mut Scratch,
) -> Option<Cheapest> {
    // First without counting pauses: it costs no more, and is the answer where it has few enough.
    let mut table = Table::new(shape, regions, work, prices, scratch, false);
    let free = table.solve(undone_gbp)?;
    let (schedule, pauses) = table.back(&free);
    let limit = if shape.preemptible { shape.pauses_left.map(|left| left as usize) } else { None };
    if limit.is_none_or(|limit| pauses <= limit) {
        return Some(Cheapest { cost_gbp: free.cost, schedule });
    }
    let mut table = Table::new(shape, regions, work, prices, scratch, true);
    let best = table.solve(undone_gbp)?;
    let (schedule, _) = table.back(&best);
    Some(Cheapest { cost_gbp: best.cost, schedule })
}

/// How the best schedule ends.
struct Best {
    cost: f64,
    end: End,
}

enum End {
    /// It never works.
    Never,
    /// It is done in the period of this layer, at this point, from this state before it.
    Done { layer: usize, state: State, point: usize },
    /// It works in the last period.
    Working { state: State },
    /// It was stopped before.
    Idle { g: usize, k: usize, n: usize },
}

/// Region, pauses, age and work.
#[derive(Debug, Clone, Copy)]
struct State {
    g: usize,
    k: usize,
    a: usize,
    n: usize,
}

/// Where a period of work is entered from.
#[derive(Debug, Clone, Copy)]
enum Source {
    Start,
    Run { layer: usize, state: State },
    Idle { layer: usize, g: usize, k: usize, n: usize },
}

struct Table<'a> {
    shape: &'a Shape,
    places: Vec<usize>,
    home: Option<usize>,
    work: &'a Work,
    prices: &'a Prices<'a>,
    scratch: &'a mut Scratch,
    window: usize,
    delay: Option<usize>,
    ages: usize,
    pauses: usize,
    counted: bool,
}

impl<'a> Table<'a> {
    fn new(
        shape: &'a Shape,
        regions: &[usize],
        work: &'a Work,
        prices: &'a Prices<'a>,
        scratch: &'a mut Scratch,
        counted: bool,
    ) -> Self {
        let mut places = regions.to_vec();
        // Its home is a place even where it may not work there any more.
        if let Some(home) = shape.home
            && !places.contains(&home)
        {
            places.push(home);
        }
        let window = shape.end - shape.first.min(shape.end);
        let before = shape.running.map_or(0, |running| running.age);
        let limit = shape.pauses_left.map_or(0, |left| left as usize).min(window);
        Self {
            home: shape.home.and_then(|home| places.iter().position(|&r| r == home)),
            places,
            work,
            prices,
            scratch,
            window,
            delay: shape.migration.map(|migration| migration.periods as usize),
            ages: shape.min_run.clamp(1, window + before + 1),
            pauses: if counted { limit + 1 } else { 1 },
            counted,
            shape,
        }
    }

    fn states(&self) -> usize {
        self.work.states()
    }

    fn run_at(&self, layer: usize, s: State) -> usize {
        (((layer * self.places.len() + s.g) * self.pauses + s.k) * self.ages + s.a - 1) * self.states() + s.n
    }

    fn idle_at(&self, layer: usize, g: usize, k: usize, n: usize) -> usize {
        ((layer * self.places.len() + g) * self.pauses + k) * self.states() + n
    }

    fn enter_at(&self, k: usize, a: usize, n: usize) -> usize {
        (k * self.ages + a - 1) * self.states() + n
    }

    /// Whether a run of so counted an age may end.
    fn may_end(&self, a: usize) -> bool {
        a == self.ages && self.shape.min_run.max(1) <= self.ages
    }
}
