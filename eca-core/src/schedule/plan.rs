//! One schedule: where and at which point a job works when.

/// Shares of a divisible job: region, period, point.
pub(crate) type Shares = Vec<Vec<Vec<f64>>>;

/// Periods `from..to` at one point in one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Piece {
    /// First period.
    pub(crate) from: u32,
    /// Period after the last.
    pub(crate) to: u32,
    /// Region.
    pub(crate) region: u32,
    /// Operating point.
    pub(crate) point: u32,
}

/// A schedule of one job: where and at which point it works in each period.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Schedule {
    /// In order of time, none empty; idle in between.
    pub(crate) pieces: Vec<Piece>,
    /// Shares of a divisible job, which has no pieces.
    pub(crate) shares: Option<Shares>,
}

impl Schedule {
    /// Nothing is done.
    pub(crate) fn idle() -> Self {
        Self::default()
    }

    /// A fluid job.
    pub(crate) fn fluid(shares: Shares) -> Self {
        Self { pieces: Vec::new(), shares: Some(shares) }
    }

    /// From period, region and point of each working period, in order of time.
    pub(crate) fn from_works(works: impl IntoIterator<Item = (usize, usize, usize)>) -> Self {
        let mut schedule = Self::idle();
        for (t, region, point) in works {
            schedule.push(t, region, point);
        }
        schedule
    }

    /// Works in one more period, later than all others.
    // Periods, regions and points are counted in thousands at most.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn push(&mut self, t: usize, region: usize, point: usize) {
        let next = Piece { from: t as u32, to: t as u32 + 1, region: region as u32, point: point as u32 };
        match self.pieces.last_mut() {
            Some(last) if (last.to, last.region, last.point) == (next.from, next.region, next.point) => {
                last.to = next.to;
            }
            _ => self.pieces.push(next),
        }
    }

    /// Period, region and point of each working period, in order of time.
    pub(crate) fn works(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let each = |piece: &Piece| {
            let (region, point) = (piece.region as usize, piece.point as usize);
            (piece.from as usize..piece.to as usize).map(move |t| (t, region, point))
        };
        self.pieces.iter().flat_map(each)
    }

    /// Region and point in each of so many periods.
    pub(crate) fn by_period(&self, periods: usize) -> Vec<Option<(usize, usize)>> {
        let mut at = vec![None; periods];
        for (t, region, point) in self.works() {
            at[t] = Some((region, point));
        }
        at
    }
}
