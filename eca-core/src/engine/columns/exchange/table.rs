//! The schedules of a search side by side: what each draws where room is scarce, in blocks of cells that a processor looks at
//! together.

use super::{Exchange, State};

/// Cells of a block.
pub(super) const LANES: usize = 8;

/// Cells with a rent above this part of their price, or with less room than this part of the largest power, are scarce.
const RENT: f64 = 2e-3;
const NEAR: f64 = 1.5;
/// Schedules with a regret of up to this part of what is open may be taken.
const REACH: f64 = 0.25;

/// One value for each cell of a block.
pub(super) type Block = [f32; LANES];

/// Schedules that may be taken, job after job.
pub(super) struct Table<'a> {
    pub(super) exchange: &'a Exchange<'a>,
    /// Cells where room is scarce, in order, and the blocks they fill.
    pub(super) scarce: Vec<usize>,
    pub(super) blocks: usize,
    /// By movable job: its schedules, `first..end`.
    pub(super) of: Vec<(u32, u32)>,
    /// Movable jobs that have a choice.
    pub(super) may: Vec<u32>,
    /// By schedule: place among those of its class; what it costs at the energy prices of the LP, GBP; its first and last
    /// block with a load; a bit for each block with a load (the last one stands for all behind it).
    pub(super) place: Vec<u32>,
    pub(super) cost_gbp: Vec<f32>,
    pub(super) span: Vec<(u16, u16)>,
    pub(super) regret_gbp: Vec<f32>,
    mw: Vec<Block>,
    cells: Vec<u64>,
    /// What a MW too much counts while a chain is not at its end, GBP: about what a MW costs where room is scarce.
    pub(super) penalty: f32,
}

impl<'a> Table<'a> {
    /// Around a state, with so much open, GBP.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub(super) fn new(exchange: &'a Exchange<'a>, around: &State, open: f64) -> Self {
        let energy: Vec<f64> = exchange.pue.iter().zip(&exchange.point.node).map(|(pue, node)| pue * node).collect();
        let it = &exchange.point.it;
        let most =
            exchange.choices.iter().flatten().flat_map(|choice| &choice.mw).fold(0.0, |most, &(_, mw)| mw.max(most));
        let is_scarce = |&cell: &usize| {
            let room = around.most_mw[cell] - around.jobs_mw[cell];
            it[cell] - energy[cell] > RENT * it[cell].abs() || room < NEAR * most
        };
        let scarce: Vec<usize> = (0..it.len()).filter(is_scarce).collect();
        let mut lane = vec![None; it.len()];
        scarce.iter().enumerate().for_each(|(n, &cell)| lane[cell] = Some(n));
        let price: f64 = scarce.iter().map(|&cell| it[cell].abs()).sum();
        let mut table = Self {
            exchange,
            blocks: scarce.len().div_ceil(LANES).max(1),
            penalty: (PENALTY * price / scarce.len().max(1) as f64) as f32,
            scarce,
            of: Vec::with_capacity(exchange.movable.len()),
            may: Vec::new(),
            place: Vec::new(),
            cost_gbp: Vec::new(),
            span: Vec::new(),
            regret_gbp: Vec::new(),
            mw: Vec::new(),
            cells: Vec::new(),
        };
        for (n, &job) in exchange.movable.iter().enumerate() {
            let first = table.place.len();
            let at = around.at[job as usize] as usize;
            for (place, choice) in exchange.choices_of(job).iter().enumerate() {
                if place == at || choice.regret_gbp <= REACH * open {
                    table.push(place, choice, &energy, &lane);
                }
            }
            let end = table.place.len();
            table.of.push((first as u32, end as u32));
            if end - first > 1 {
                table.may.push(n as u32);
            }
        }
        table
    }

    #[allow(clippy::cast_possible_truncation)]
    fn push(&mut self, place: usize, choice: &super::Choice, energy: &[f64], lane: &[Option<usize>]) {
        let begun = self.mw.len();
        self.mw.resize(begun + self.blocks, [0.0; LANES]);
        let (mut cells, mut span) = (0, (u16::MAX, 0));
        let mut cost = choice.cost_gbp - choice.credit_gbp;
        for &(cell, mw) in &choice.mw {
            cost += mw * energy[cell];
            if let Some(n) = lane[cell] {
                self.mw[begun + n / LANES][n % LANES] += mw as f32;
                cells |= bit(n);
                let block = (n / LANES) as u16;
                span = (block.min(span.0), block.max(span.1));
            }
        }
        self.place.push(place as u32);
        self.cost_gbp.push(cost as f32);
        self.regret_gbp.push(choice.regret_gbp as f32);
        self.span.push(if span.0 == u16::MAX { (0, 0) } else { span });
        self.cells.push(cells);
    }

    /// What a schedule draws, MW.
    pub(super) fn mw(&self, schedule: u32) -> &[Block] {
        &self.mw[schedule as usize * self.blocks..][..self.blocks]
    }

    /// Whether a schedule draws power in one of these cells.
    pub(super) fn draws(&self, schedule: u32, cells: u64) -> bool {
        self.cells[schedule as usize] & cells != 0
    }

    /// The schedule that each movable job has in a state.
    pub(super) fn taken(&self, state: &State) -> Vec<u32> {
        let each = self.exchange.movable.iter().zip(&self.of).map(|(&job, &(first, end))| {
            (first..end).find(|&schedule| self.place[schedule as usize] == state.at[job as usize]).unwrap_or(first)
        });
        each.collect()
    }

    /// Room that a state leaves, MW; below 0 where there is too much.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn room(&self, state: &State) -> Vec<Block> {
        let mut room = vec![[PLENTY_MW; LANES]; self.blocks];
        for (n, &cell) in self.scarce.iter().enumerate() {
            room[n / LANES][n % LANES] = (state.most_mw[cell] - state.jobs_mw[cell]) as f32;
        }
        room
    }
}

/// Overload over the mean price where room is scarce.
const PENALTY: f64 = 0.8;
/// Room where there is no cell.
const PLENTY_MW: f32 = 1e9;

/// The bit of a scarce cell; those behind the 63rd share one.
pub(super) fn bit(n: usize) -> u64 {
    1 << n.min(63)
}
