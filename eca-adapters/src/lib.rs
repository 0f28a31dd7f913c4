//! Real client libraries behind the adapter traits of ECA, and the controller that runs with them.
//!
//! Input and output live here; `eca-core` has none. Each adapter is one module behind one cargo feature, and shares no
//! code with the others.
//!
//! | feature | module | what |
//! |---|---|---|
//! | (none) | [`clock`], [`file`](mod@file) | the machine's clock; signals and state in files |
//! | `kubernetes` | `kubernetes` | jobs, Kueue workloads and deployments of a Kubernetes cluster |
//! | `modbus` | `modbus` | batteries over Modbus TCP by the SunSpec models |
//! | `beckn-http` | `beckn_http` | agents of `eca-beckn` over HTTP: server, client, journal |
//! | `mqtt` | `mqtt` | batteries and meters over MQTT: the controller's and the device's side |
//! | `prometheus` | `prometheus` | power telemetry from Prometheus |
//! | `signals` | `signals` | prices and carbon over HTTP: NESO, Elexon, Octopus |
//! | `slurm` | `slurm` | jobs of a Slurm cluster, through its own programs |
//! | `deg-log` | `deg_log` | what a running loop does, as records of a signed log |
//! | `controller` | `controller` | the binary `eca-controller config.toml`: the loop of [`eca_core::live`] over configured adapters |

#[cfg(feature = "beckn-http")]
pub mod beckn_http;
pub mod clock;
pub mod file;

#[cfg(feature = "kubernetes")]
pub mod kubernetes;

#[cfg(feature = "modbus")]
pub mod modbus;

#[cfg(feature = "mqtt")]
pub mod mqtt;

#[cfg(feature = "prometheus")]
pub mod prometheus;

#[cfg(feature = "signals")]
pub mod signals;

#[cfg(feature = "slurm")]
pub mod slurm;

#[cfg(feature = "deg-log")]
pub mod deg_log;

#[cfg(feature = "controller")]
pub mod controller;

pub use clock::SystemClock;
