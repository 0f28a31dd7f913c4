//! The two questions of the query API.

use eca_core::Timestamp;
use eca_core::adapter::{AdapterError, AdapterResult};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Largest answer that is read, bytes.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct Api {
    agent: ureq::Agent,
    base_url: String,
    token: Option<String>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prometheus {}", self.base_url)
    }
}

impl Api {
    pub(super) fn new(base_url: &str, timeout: Duration, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false);
        let agent = config.max_redirects(0).build().into();
        Self { agent, base_url: base_url.trim_end_matches('/').to_owned(), token }
    }

    /// The one number that a query gives at `at`.
    pub(super) fn instant(&self, query: &str, at: Timestamp) -> AdapterResult<f64> {
        let data = self.ask("query", query, &[("time", at.unix_s().to_string())])?;
        let sample = match data["resultType"].as_str() {
            Some("scalar") => &data["result"],
            Some("vector") => &self.only(query, &data["result"])?["value"],
            other => return Err(self.bad(query, format!("{other:?}"), "must be a number; a vector or a scalar")),
        };
        self.number(query, &sample[1])
    }

    /// What a query gives from `from` to `to`, every `step_s`.
    pub(super) fn range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step_s: i64,
    ) -> AdapterResult<Vec<(Timestamp, f64)>> {
        let span = [("start", from.unix_s()), ("end", to.unix_s()), ("step", step_s)];
        let data = self.ask("query_range", query, &span.map(|(name, value)| (name, value.to_string())))?;
        if data["resultType"] != "matrix" {
            return Err(self.bad(query, data["resultType"].to_string(), "must be a matrix"));
        }
        if data["result"].as_array().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let values = self.only(query, &data["result"])?["values"].as_array().cloned().unwrap_or_default();
        let point = |pair: &Value| {
            // Unix time in seconds, far below 2^53.
            #[allow(clippy::cast_possible_truncation)]
            let at = pair[0].as_f64().and_then(|at| Timestamp::from_unix_s(at as i64).ok());
            let at = at.ok_or_else(|| self.bad(query, pair.to_string(), "which has no time"))?;
            Ok((at, self.number(query, &pair[1])?))
        };
        values.iter().map(point).collect()
    }

    fn only<'a>(&self, query: &str, result: &'a Value) -> AdapterResult<&'a Value> {
        match result.as_array().map(Vec::as_slice) {
            Some([one]) => Ok(one),
            Some([]) => Err(self.bad(query, "nothing".into(), "must be one series; is its source being scraped?")),
            Some(many) => Err(self.bad(query, format!("{} series", many.len()), "must be one; take their sum()")),
            None => Err(self.bad(query, result.to_string(), "which is no list of series")),
        }
    }

    /// Values are text, because JSON has no `NaN`.
    fn number(&self, query: &str, value: &Value) -> AdapterResult<f64> {
        let number = value.as_str().and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        number.ok_or_else(|| self.bad(query, value.to_string(), "which is no number"))
    }

    pub(super) fn bad(&self, query: &str, value: String, limit: &str) -> AdapterError {
        AdapterError::BadReading {
            adapter: self.to_string(),
            object: format!("`{query}`"),
            value: value.chars().take(200).collect(),
            limit: limit.into(),
        }
    }

    fn ask(&self, path: &str, query: &str, more: &[(&str, String)]) -> AdapterResult<Value> {
        let gone = |message: String| AdapterError::Unreachable { adapter: self.to_string(), message };
        let mut request = self.agent.get(format!("{}/api/v1/{path}", self.base_url)).query("query", query);
        for (name, value) in more {
            request = request.query(*name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().map_err(|error| gone(error.to_string()))?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let text = text.map_err(|error| gone(error.to_string()))?;
        let answer: Option<Value> = serde_json::from_slice(&text).ok();
        let said = answer.as_ref().and_then(|answer| answer["error"].as_str()).unwrap_or_default().to_owned();
        match (status, answer) {
            (200, Some(mut answer)) if answer["status"] == "success" => Ok(answer["data"].take()),
            (500..=599 | 429, _) => Err(gone(format!("status {status} {said}"))),
            (200, None) => Err(self.bad(query, String::from_utf8_lossy(&text).into_owned(), "which is no JSON")),
            _ => Err(AdapterError::Refused {
                adapter: self.to_string(),
                object: format!("`{query}`"),
                message: format!("status {status} {said}"),
            }),
        }
    }
}
