//! An explanation for people: the sentences that stand at the top of it.

use super::Explanation;
use crate::unit::millions_to_inferences;
use std::fmt;

/// How many limits and jobs are named.
const MOST: usize = 10;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.binding.is_empty() {
            writeln!(f, "nothing binds: the energy side costs {:.2} GBP at market prices", self.dispatch_gbp)?;
        } else {
            writeln!(f, "what binds, dearest first:")?;
            for binding in self.binding.iter().take(MOST) {
                writeln!(f, "  {}", binding.text)?;
            }
            if self.binding.len() > MOST {
                writeln!(f, "  and {} more", self.binding.len() - MOST)?;
            }
        }
        if self.jobs.is_empty() {
            return Ok(());
        }
        writeln!(f, "what the plan would save without a job, to first order:")?;
        let mut jobs: Vec<_> = self.jobs.iter().collect();
        jobs.sort_by(|a, b| b.saved_without_gbp.total_cmp(&a.saved_without_gbp));
        for job in jobs.iter().take(MOST) {
            let copy = if job.copy > 0 { format!("#{}", job.copy) } else { String::new() };
            write!(f, "  `{}{copy}` {:.2} GBP", job.id, job.saved_without_gbp)?;
            match job.saved_without_gbp_per_inference {
                Some(each) => writeln!(f, ", {:.4} GBP for a million inferences", each * millions_to_inferences(1.0))?,
                None => writeln!(f)?,
            }
        }
        if jobs.len() > MOST {
            writeln!(f, "  and {} more", jobs.len() - MOST)?;
        }
        Ok(())
    }
}
