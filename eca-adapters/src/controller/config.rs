//! The configuration file. What is wrong in it is said with line and key.

use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong, with the key.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, message } = self;
        match line {
            0 => write!(f, "{}: {message}", path.display()),
            line => write!(f, "{} line {line}: {message}", path.display()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The site on paper.
    pub site: SiteConfig,
    /// How the loop runs.
    #[serde(default)]
    pub controller: ControllerConfig,
    /// Which time it lives in.
    #[serde(default)]
    pub time: TimeConfig,
    /// What it writes.
    #[serde(default)]
    pub output: OutputConfig,
    /// The signed log that it keeps; none by default.
    pub log: Option<LogConfig>,
    /// Where signals come from, the first one first.
    #[serde(default)]
    pub signals: Vec<AdapterConfig>,
    /// Clusters.
    #[serde(default)]
    pub clusters: Vec<AdapterConfig>,
    /// Devices of the batteries of the site.
    #[serde(default)]
    pub batteries: Vec<AdapterConfig>,
    /// Meters of the regions of the site.
    #[serde(default)]
    pub meters: Vec<AdapterConfig>,
    #[serde(skip)]
    place: Place,
}

/// The file and its text: where a key stands.
#[derive(Debug, Clone, Default)]
struct Place {
    path: PathBuf,
    text: String,
}

/// The site on paper.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// A document `eca-problem/1`, beside the configuration.
    pub problem: Spanned<PathBuf>,
}

/// How the loop runs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControllerConfig {
    /// `shadow` (default) acts on nothing; `act` does.
    pub mode: Option<Spanned<String>>,
    /// Periods that each plan looks ahead.
    pub view_periods: Option<Spanned<i64>>,
    /// Time for each plan, s.
    pub time_limit_s: Option<Spanned<f64>>,
    /// Gap within which a plan counts as best, 0..1.
    pub gap: Option<Spanned<f64>>,
    /// Most periods in a row for which a missing price or carbon is held.
    pub hold_periods: Option<Spanned<i64>>,
    /// Oldest signals that are planned with, minutes.
    pub max_signal_age_min: Option<Spanned<i64>>,
    /// Oldest readings that are planned with, s.
    pub max_reading_age_s: Option<Spanned<i64>>,
    /// Most new commands to jobs in one turn.
    pub max_actions_per_tick: Option<Spanned<i64>>,
    /// While this file exists nothing is sent but rest for batteries; its text is the reason.
    pub kill_switch: Option<PathBuf>,
    /// A JSON list of what persons look after: `[{"target": {"battery": {"id": "rack"}}, "until": "..."}]`.
    pub holds: Option<PathBuf>,
}

/// Which time it lives in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeConfig {
    /// Seconds from one turn to the next; 60 by default.
    pub tick_s: Option<Spanned<i64>>,
    /// Simulated time begins here; the wall clock if it is not given.
    pub start: Option<Spanned<String>>,
    /// The run ends here; it goes on if it is not given.
    pub end: Option<Spanned<String>>,
    /// Simulated seconds in one real one; without it, as fast as it can.
    pub speed: Option<Spanned<f64>>,
}

/// What it writes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputConfig {
    /// State that survives a restart.
    pub state: Option<PathBuf>,
    /// One JSON object for each turn, appended.
    pub events: Option<PathBuf>,
    /// Metrics in the text form of Prometheus, replaced in each turn.
    pub metrics: Option<PathBuf>,
    /// The status, one JSON object, replaced in each turn.
    pub status: Option<PathBuf>,
    /// Address such as `127.0.0.1:9464` for `/metrics`, `/status` and a page.
    pub listen: Option<Spanned<String>>,
}

/// The signed log of what it saw, decided and did.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The folder of the log.
    pub dir: Spanned<PathBuf>,
    /// Name of the log, such as `log.example.org/eca/2026`.
    pub origin: Spanned<String>,
    /// The private key of that name, as `eca-controller new-key` makes it.
    pub key_file: Spanned<PathBuf>,
    /// The last head that was signed: outside of `dir`, and never restored from a backup. Beside it by default.
    pub last_head: Option<PathBuf>,
    /// Who is named as the author of records; what stands before the first `/` of `origin` by default.
    pub actor: Option<String>,
}

/// One adapter. Which keys it takes depends on `kind`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AdapterConfig {
    /// What it is: see docs/adapters.md.
    pub kind: Spanned<String>,
    /// The battery of the site.
    pub id: Option<Spanned<String>>,
    /// The region of the site.
    pub region: Option<Spanned<String>>,
    /// A file.
    pub path: Option<Spanned<PathBuf>>,
    /// A host and port, or a URL.
    pub address: Option<Spanned<String>>,
    /// Modbus: the unit behind the address; 1 by default.
    pub unit: Option<Spanned<i64>>,
    /// Modbus: the device rests when it hears nothing for so long, s; 180 by default.
    pub revert_s: Option<Spanned<i64>>,
    /// Kubernetes: the context of the kubeconfig (`path`); its current one by default.
    pub context: Option<String>,
    /// Kubernetes: the namespace under control; `default` by default.
    pub namespace: Option<String>,
    /// Kubernetes: whether Kueue is there; false by default.
    pub kueue: Option<bool>,
    /// GBP for one EUR, for prices in EUR.
    pub gbp_per_eur: Option<Spanned<f64>>,
    /// Columns under other names: target = source.
    #[serde(default)]
    pub map: std::collections::BTreeMap<String, String>,
    /// MQTT: the topic that those of the device begin with.
    pub topic: Option<Spanned<String>>,
    /// MQTT: the user.
    pub user: Option<Spanned<String>>,
    /// MQTT: a file that holds the password of the user.
    pub password_file: Option<Spanned<PathBuf>>,
    /// MQTT: the authority that signed the broker's certificate, PEM; a plain connection without.
    pub ca: Option<PathBuf>,
    /// MQTT: the certificate by which the broker knows this client, PEM; with `key`.
    pub certificate: Option<Spanned<PathBuf>>,
    /// MQTT: the private key of `certificate`, PEM.
    pub key: Option<Spanned<PathBuf>>,
    /// Prometheus: power in W, import positive.
    pub query: Option<Spanned<String>>,
    /// Prometheus: unix time of the oldest sample in it, where the query has functions.
    pub sampled_at: Option<String>,
    /// Services: the address before their paths; the public one by default.
    pub base_url: Option<Spanned<String>>,
    /// Services: the folder in which answers are kept; in memory by default.
    pub cache: Option<PathBuf>,
    /// Services: an answer so young is not asked for again, s; 600 by default.
    pub fresh_s: Option<Spanned<i64>>,
    /// Services: only what was kept counts, nobody is asked.
    pub offline: Option<bool>,
    /// The grid supply point group, such as `_C`.
    pub gsp_group: Option<Spanned<String>>,
    /// Octopus: the product, such as `AGILE-24-10-01`.
    pub product: Option<Spanned<String>>,
    /// Octopus: rates with VAT.
    pub inc_vat: Option<bool>,
    /// NESO, Great Britain: `forecast` (default), `actual` or `actual_else_forecast`.
    pub value: Option<Spanned<String>>,
    /// In memory: jobs start by themselves as soon as they may, as without ECA. True in shadow mode by default.
    pub self_starting: Option<bool>,
}

impl Config {
    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// What is wrong, with line and key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let whole = |message: String| ConfigError { path: path.to_owned(), line: 0, message };
        let text = std::fs::read_to_string(path).map_err(|error| whole(format!("cannot be read: {error}")))?;
        let place = Place { path: path.to_owned(), text };
        let mut config: Self = toml::from_str(&place.text).map_err(|error| {
            let line = error.span().map_or(0, |span| place.line(span.start));
            let key =
                error.span().and_then(|span| place.key(span.start)).map_or(String::new(), |key| format!("`{key}`: "));
            ConfigError {
                line,
                message: format!("{key}{}", error.message().replace('\n', "; ")),
                ..whole(String::new())
            }
        })?;
        config.place = place;
        Ok(config)
    }

    /// An error at a value.
    pub fn wrong<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> ConfigError {
        let at = value.span().start;
        let key = self.place.key(at).unwrap_or_default();
        let message = format!("`{key}`: {}", message.into());
        ConfigError { path: self.place.path.clone(), line: self.place.line(at), message }
    }

    /// A key of an adapter that its kind needs.
    ///
    /// # Errors
    /// With the line of `kind` where it is missing.
    pub fn need<'a, T>(
        &self,
        adapter: &AdapterConfig,
        value: Option<&'a Spanned<T>>,
        key: &str,
    ) -> Result<&'a Spanned<T>, ConfigError> {
        value.ok_or_else(|| {
            let kind = adapter.kind.get_ref();
            self.wrong(&adapter.kind, format!("`{kind}` needs the key `{key}`, which is missing"))
        })
    }

    /// A path as seen from the folder of the file.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.place.path.parent().unwrap_or(Path::new(".")).join(path)
    }
}

impl Place {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
    }

    /// The key on the line of `at`.
    fn key(&self, at: usize) -> Option<String> {
        let line = self.text.lines().nth(self.line(at) - 1)?;
        let (key, _) = line.split_once('=')?;
        Some(key.trim().to_owned())
    }
}
