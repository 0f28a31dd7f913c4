//! What posts messages, again where the line fails.

use super::HostSettings;
use eca_beckn::agent::Outgoing;
use std::time::Duration;

/// Largest answer that is read, bytes.
const MAX_ANSWER: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    attempts: u32,
}

impl Client {
    pub(super) fn new(settings: &HostSettings) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(settings.timeout_s)))
            // A refusal is an answer, and an address that moves is none that was registered.
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self { agent: config.into(), attempts: settings.attempts.max(1) }
    }

    /// Status, `Signature` header and body of the answer, or why there is none.
    pub(super) fn post(&self, letter: &Outgoing) -> Result<(u16, Option<String>, Vec<u8>), String> {
        let mut last = String::new();
        for attempt in 0..self.attempts {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(100 << attempt.min(6)));
            }
            match self.once(letter) {
                // 5xx: the receiver may have taken it or not; it knows it by its id.
                Ok((status, ..)) if status >= 500 && attempt + 1 < self.attempts => last = format!("status {status}"),
                Ok(answer) => return Ok(answer),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }

    fn once(&self, letter: &Outgoing) -> Result<(u16, Option<String>, Vec<u8>), ureq::Error> {
        let request = self
            .agent
            .post(&letter.uri)
            .header("authorization", &letter.signed.authorization)
            .header("content-type", "application/json");
        let mut response = request.send(&letter.signed.body[..])?;
        let signature = response.headers().get("signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok((response.status().as_u16(), signature, body))
    }
}
