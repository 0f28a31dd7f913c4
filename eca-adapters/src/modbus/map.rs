//! The SunSpec map of a device: which models stand where, and what their points say.
//!
//! Offsets are those of the SunSpec model definitions (commit 7abdf89). Scale factors are signed powers of ten; a point
//! that a device does not implement reads as the lowest (signed) or highest (unsigned) value of its type.

use super::link::{Error, Link};
use std::collections::BTreeMap;

/// Where a map may begin.
const BASES: [u16; 3] = [40_000, 0, 50_000];
/// "SunS".
const MARK: [u16; 2] = [0x5375, 0x6e53];
/// The model after the last one.
const END: u16 = 0xffff;

/// Where the models of a device stand: address of the id of each, and its length.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Map(BTreeMap<u16, (u16, u16)>);

/// What a battery shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) soc_wh: f64,
    pub(super) reserve_wh: f64,
    /// At the terminals, discharge positive.
    pub(super) inject_w: f64,
    /// Whether it listens.
    pub(super) remote: bool,
}

/// A set point as it is read back.
#[derive(Debug, Clone, Copy)]
pub(super) struct SetPoint {
    enabled: bool,
    watts_mode: bool,
    inject_w: f64,
    fallback_w: f64,
    revert_s: u32,
    step_w: f64,
}

impl SetPoint {
    /// How it differs from what was written; none where it does not.
    pub(super) fn differs(&self, inject_w: f64, revert_s: u32) -> Option<String> {
        let near = |a: f64, b: f64| (a - b).abs() <= self.step_w;
        let same = self.enabled && self.watts_mode && near(self.inject_w, inject_w) && near(self.fallback_w, 0.0);
        (!same || self.revert_s != revert_s).then(|| format!("{self:?}"))
    }
}

fn scale(word: u16) -> Option<f64> {
    let exponent = word.cast_signed();
    (-10..=10).contains(&exponent).then(|| 10_f64.powi(i32::from(exponent)))
}

fn unsigned(word: u16) -> Option<f64> {
    (word != u16::MAX).then(|| f64::from(word))
}

fn signed(word: u16) -> Option<f64> {
    (word != 0x8000).then(|| f64::from(word.cast_signed()))
}

fn long(words: &[u16]) -> u32 {
    words.iter().take(2).fold(0, |value, word| value << 16 | u32::from(*word))
}

/// A value times its scale factor; no number where the device does not implement one of them.
fn scaled(value: Option<f64>, factor: u16) -> f64 {
    value.zip(scale(factor)).map_or(f64::NAN, |(value, factor)| value * factor)
}

impl Map {
    /// Walks the map of a device.
    pub(super) fn discover(link: &mut Link) -> Result<Self, Error> {
        for base in BASES {
            match link.read(base, 2) {
                Ok(words) if words == MARK => return Self::walk(link, base + 2),
                Ok(_) | Err(Error::Exception(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Map(format!("no SunSpec map begins at {BASES:?}; look whether the unit is right")))
    }

    fn walk(link: &mut Link, mut at: u16) -> Result<Self, Error> {
        let mut models = BTreeMap::new();
        // More models than any device has: a map that never ends is none.
        for _ in 0..200 {
            let head = link.read(at, 2)?;
            let (id, length) = (head[0], head[1]);
            if id == END {
                return Ok(Self(models));
            }
            models.entry(id).or_insert((at, length));
            at = at
                .checked_add(length.saturating_add(2))
                .ok_or_else(|| Error::Map(format!("model {id} of {length} registers goes beyond the last one")))?;
        }
        Err(Error::Map("it has no end".into()))
    }

    fn has(&self, model: u16) -> bool {
        self.0.contains_key(&model)
    }

    /// Registers `offset..offset + count` of a model.
    fn read_model(&self, link: &mut Link, model: u16, offset: u16, count: u16) -> Result<Vec<u16>, Error> {
        let (at, length) = self.place(model)?;
        if offset + count > length + 2 {
            return Err(Error::Map(format!("model {model} has only {length} registers")));
        }
        link.read(at + offset, count)
    }

    fn place(&self, model: u16) -> Result<(u16, u16), Error> {
        let known: Vec<u16> = self.0.keys().copied().collect();
        let missing = || Error::Map(format!("model {model} is missing; it has {known:?}"));
        self.0.get(&model).copied().ok_or_else(missing)
    }

    pub(super) fn identity(&self, link: &mut Link) -> Result<String, Error> {
        let words = self.read_model(link, 1, 2, 64)?;
        let text = |from: usize, words: &[u16]| {
            let bytes: Vec<u8> = words[from..from + 16].iter().flat_map(|word| word.to_be_bytes()).collect();
            String::from_utf8_lossy(&bytes).trim_end_matches('\0').trim().to_owned()
        };
        Ok(format!("{} {} {}", text(0, &words), text(16, &words), text(48, &words)))
    }

    /// Power at the terminals, W, discharge positive.
    fn inject_w(&self, link: &mut Link) -> Result<f64, Error> {
        if self.has(701) {
            let w = self.read_model(link, 701, 10, 1)?;
            let factor = self.read_model(link, 701, 116, 1)?;
            return Ok(scaled(signed(w[0]), factor[0]));
        }
        let w = self.read_model(link, 103, 14, 2)?;
        Ok(scaled(signed(w[0]), w[1]))
    }

    /// Most power, W, as the battery model says it.
    pub(super) fn most_w(&self, link: &mut Link) -> Result<f64, Error> {
        let rates = self.read_model(link, 802, 4, 2)?;
        let factor = self.read_model(link, 802, 54, 1)?;
        Ok(scaled(unsigned(rates[0]), factor[0]).min(scaled(unsigned(rates[1]), factor[0])))
    }

    pub(super) fn read(&self, link: &mut Link) -> Result<Shown, Error> {
        let inject_w = self.inject_w(link)?;
        let battery = self.read_model(link, 802, 0, 64)?;
        let rating_wh = scaled(unsigned(battery[3]), battery[53]);
        let part = |word: u16| scaled(unsigned(word), battery[56]) / 100.0;
        let mut reserve = if battery[10] == u16::MAX { 0.0 } else { part(battery[10]) };
        let mut soc_wh = part(battery[11]) * rating_wh;
        if self.has(713) {
            // The inverter's own view of the stored energy is the one that its limits go by.
            let store = self.read_model(link, 713, 0, 9)?;
            let soc = scaled(unsigned(store[4]), store[8]) / 100.0;
            let rating = scaled(unsigned(store[2]), store[7]);
            if soc.is_finite() && rating.is_finite() {
                soc_wh = soc * rating;
            }
        }
        if self.has(124) {
            let old = self.read_model(link, 124, 0, 26)?;
            let held_back = scaled(unsigned(old[7]), old[21]) / 100.0;
            if held_back.is_finite() {
                reserve = reserve.max(held_back);
            }
        }
        // 0 is remote, 1 is local.
        let remote = !self.has(715) || self.read_model(link, 715, 2, 1)?[0] == 0;
        Ok(Shown { soc_wh, reserve_wh: reserve * rating_wh, inject_w, remote: remote && self.has(704) })
    }

    /// A sign of life, where the device takes one.
    pub(super) fn beat(&self, link: &mut Link, beat: u32) -> Result<(), Error> {
        let Ok((at, _)) = self.place(715) else { return Ok(()) };
        link.write(at + 5, &halves(beat))
    }

    /// Fallback, timer, mode and set point, then that they count.
    pub(super) fn write_set_point(&self, link: &mut Link, inject_w: f64, revert_s: u32) -> Result<(), Error> {
        let (at, _) = self.place(704)?;
        let factor = self.read_model(link, 704, 55, 1)?;
        let step_w = scale(factor[0]).ok_or_else(|| Error::Map("model 704 has no scale factor for WSet".into()))?;
        let steps = (inject_w / step_w).round();
        if steps.abs() > f64::from(i32::MAX) {
            return Err(Error::Map(format!("{inject_w} W does not fit into WSet with steps of {step_w} W")));
        }
        // Checked: it fits.
        #[allow(clippy::cast_possible_truncation)]
        let set = halves((steps as i32).cast_unsigned());
        link.write(at + 26, &halves(0))?; // WSetRvrt: rest
        link.write(at + 30, &[1])?; // WSetEnaRvrt: the fallback counts
        link.write(at + 31, &halves(revert_s))?; // WSetRvrtTms
        link.write(at + 23, &[1])?; // WSetMod: watts
        link.write(at + 24, &set)?; // WSet
        link.write(at + 22, &[1]) // WSetEna
    }

    pub(super) fn read_set_point(&self, link: &mut Link) -> Result<SetPoint, Error> {
        let words = self.read_model(link, 704, 0, 59)?;
        let step_w = scale(words[55]).unwrap_or(f64::NAN);
        let watts = |at: usize| f64::from(long(&words[at..]).cast_signed()) * step_w;
        Ok(SetPoint {
            enabled: words[22] == 1,
            watts_mode: words[23] == 1,
            inject_w: watts(24),
            fallback_w: watts(26),
            revert_s: long(&words[31..]),
            step_w,
        })
    }

    /// What is left of the timer, s.
    pub(super) fn timer(&self, link: &mut Link) -> Result<u32, Error> {
        Ok(long(&self.read_model(link, 704, 33, 2)?))
    }
}

fn halves(value: u32) -> [u16; 2] {
    let [a, b, c, d] = value.to_be_bytes();
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}
