//! What is asked of pods before their job is suspended, and what counts as proof.

use eca_core::Timestamp;
use eca_core::problem::JobId;
use serde::{Deserialize, Serialize};

/// Clocks of nodes and of the controller differ a little, s.
const CLOCKS_S: i64 = 60;

/// A checkpoint that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) request: String,
    pub(super) at: Timestamp,
}

impl Asked {
    pub(super) fn new(id: &JobId, now: Timestamp) -> Self {
        Self { request: format!("{id}@{now}"), at: now }
    }
}

/// What a pod reports, as the annotation `eca/checkpoint`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Report {
    /// The request it answers.
    request: String,
    /// When what is in it was true.
    at: Timestamp,
    bytes: u64,
    /// SHA-256 of what was written.
    written_sha256: String,
    /// SHA-256 of what was read back from where it was written.
    read_sha256: String,
    /// Work of the job that is in it, in the unit of the job; counted from its time where it is not given.
    #[serde(default)]
    done: Option<f64>,
}

/// A checkpoint that was written and is readable.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proof {
    pub(super) at: Timestamp,
    pub(super) done: Option<f64>,
}

/// Whether a report proves the checkpoint that was asked for.
///
/// # Errors
/// What is missing.
pub(super) fn judge(report: Option<&str>, asked: &Asked, now: Timestamp) -> Result<Proof, String> {
    let text = report.ok_or("no checkpoint is reported yet")?;
    let report: Report = serde_json::from_str(text).map_err(|error| format!("its report cannot be read: {error}"))?;
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if report.request != asked.request {
        return Err("the checkpoint that is reported is an older one".into());
    }
    if report.bytes == 0 || !is_digest(&report.written_sha256) {
        return Err("the checkpoint is empty or without a digest".into());
    }
    if report.written_sha256 != report.read_sha256 {
        return Err("the checkpoint that was read back is not the one that was written".into());
    }
    if report.at.seconds_since(asked.at) < -CLOCKS_S || now.seconds_since(report.at) < -CLOCKS_S {
        return Err(format!("the checkpoint has the time {}, which cannot be", report.at));
    }
    if report.done.is_some_and(|done| !done.is_finite() || done < 0.0) {
        return Err("the work in the checkpoint is no amount".into());
    }
    Ok(Proof { at: report.at, done: report.done })
}
