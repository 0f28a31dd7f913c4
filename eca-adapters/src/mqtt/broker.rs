//! A connection to a broker, kept up by a thread of its own.

use super::message::{OFFLINE, ONLINE};
use super::{Event, Topics, Transport};
use rumqttc::tokio_rustls::rustls;
use rumqttc::{
    Client, Connection, Event as Happened, LastWill, MqttOptions, Packet, QoS, TlsConfiguration, Transport as Wire,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Messages that wait to be sent.
const QUEUE: usize = 256;
/// The thread of a connection goes on; ends in good order; ends as if the line were cut.
const RUNS: u8 = 0;
/// See [`RUNS`].
const CLEAN: u8 = 1;
/// See [`RUNS`].
const CUT: u8 = 2;
/// Pause between attempts to connect.
const AGAIN: Duration = Duration::from_millis(500);

/// Certificates of a connection over TLS, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The authority that signed the broker's certificate.
    pub ca: PathBuf,
    /// Certificate and key of this client, where the broker asks for one.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// How a broker is reached.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerSettings {
    /// Host of the broker.
    pub host: String,
    /// Port; 1883, or 8883 with TLS.
    pub port: u16,
    /// Name of this client; the broker knows it again by it.
    pub client_id: String,
    /// User and password.
    pub login: Option<(String, String)>,
    /// TLS; a plain connection without.
    pub tls: Option<Tls>,
    /// Whether the broker keeps messages for this client while it is away; by default it does not.
    pub keeps_session: bool,
    /// Seconds after which a connection that says nothing counts as lost; 15 by default.
    pub keep_alive_s: u64,
    /// The topic on which this client is `"online"`, and by its last will `"offline"`.
    presence: Option<String>,
}

impl fmt::Debug for BrokerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, client_id, .. } = self;
        write!(f, "{client_id} at {host}:{port}")
    }
}

impl BrokerSettings {
    /// A plain connection of `client_id`.
    #[must_use]
    pub fn new(client_id: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        let (host, client_id) = (host.into(), client_id.into());
        let (login, tls, presence) = (None, None, None);
        Self { host, port, client_id, login, tls, keeps_session: false, keep_alive_s: 15, presence }
    }

    /// Sets user and password.
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// Sets the authority that the broker's certificate is checked by, a PEM file.
    #[must_use]
    pub fn tls(mut self, ca: impl Into<PathBuf>) -> Self {
        self.tls = Some(Tls { ca: ca.into(), client: None });
        self
    }

    /// Sets the authority, and the certificate and the key by which the broker knows this client, PEM files.
    #[must_use]
    pub fn mutual_tls(
        mut self,
        ca: impl Into<PathBuf>,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.tls = Some(Tls { ca: ca.into(), client: Some((certificate.into(), key.into())) });
        self
    }

    /// Sets whether the broker keeps messages for this client while it is away: for devices.
    #[must_use]
    pub fn keeps_session(mut self, keeps_session: bool) -> Self {
        self.keeps_session = keeps_session;
        self
    }

    /// Says that it is the controller of the devices below `prefix`: its last will lets them rest.
    #[must_use]
    pub fn controller_of(mut self, prefix: &str) -> Self {
        self.presence = Some(Topics::new(prefix).of("controller"));
        self
    }

    /// Says that it is the device below `prefix`.
    #[must_use]
    pub fn device_of(mut self, prefix: &str) -> Self {
        self.presence = Some(Topics::new(prefix).of("device"));
        self
    }

    fn options(&self) -> Result<MqttOptions, String> {
        let mut options = MqttOptions::new(&self.client_id, &self.host, self.port);
        options.set_keep_alive(Duration::from_secs(self.keep_alive_s.max(1)));
        options.set_clean_session(!self.keeps_session);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        if let Some(topic) = &self.presence {
            options.set_last_will(LastWill::new(topic, OFFLINE, QoS::AtLeastOnce, false));
        }
        if let Some(tls) = &self.tls {
            options.set_transport(Wire::Tls(TlsConfiguration::Rustls(Arc::new(tls.config()?))));
        }
        Ok(options)
    }
}

impl Tls {
    fn config(&self) -> Result<ClientConfig, String> {
        let wrong = |path: &Path, error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let certificates = |path: &Path| {
            let pem = std::fs::read(path).map_err(|error| wrong(path, &error))?;
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            found.map_err(|error| wrong(path, &error))
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca)? {
            roots.add(certificate).map_err(|error| wrong(&self.ca, &error))?;
        }
        if roots.is_empty() {
            return Err(wrong(&self.ca, &"holds no certificate in PEM"));
        }
        // Named, because a program with several providers has no default one.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?.with_root_certificates(roots);
        match &self.client {
            None => Ok(builder.with_no_client_auth()),
            Some((chain, key)) => {
                let pem = std::fs::read(key).map_err(|error| wrong(key, &error))?;
                let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| wrong(key, &error))?;
                let built = builder.with_client_auth_cert(certificates(chain)?, secret);
                built.map_err(|error| wrong(chain, &error))
            }
        }
    }
}

/// A connection to a broker. Dropping it ends it in good order; the last will is then not published.
pub struct Broker {
    name: String,
    client: Client,
    events: Mutex<Receiver<Event>>,
    ends: Arc<AtomicU8>,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broker {}", self.name)
    }
}

impl Broker {
    /// Begins to connect, and listens to `topics` whenever the connection stands.
    ///
    /// # Errors
    /// Where certificates cannot be read, or no thread can be started; in words. A broker that is not there is none: it may
    /// come.
    pub fn connect(settings: &BrokerSettings, topics: Vec<String>) -> Result<Self, String> {
        let (client, connection) = Client::new(settings.options()?, QUEUE);
        let (tell, events) = channel();
        let ends = Arc::new(AtomicU8::new(RUNS));
        let worker =
            Worker { client: client.clone(), topics, presence: settings.presence.clone(), ends: ends.clone(), tell };
        let thread = thread::Builder::new().name("eca-mqtt".into());
        thread.spawn(move || worker.run(connection)).map_err(|error| error.to_string())?;
        Ok(Self { name: format!("{settings:?}"), client, events: Mutex::new(events), ends })
    }

    /// Ends the connection as if the line were cut: the broker publishes the last will.
    pub fn cut(self) {
        self.ends.store(CUT, Ordering::SeqCst);
        // Something to send, so that the thread wakes up; it then sees that it is over.
        let _ = self.client.try_publish("eca/cut", QoS::AtMostOnce, false, "");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let runs = self.ends.compare_exchange(RUNS, CLEAN, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if runs && self.client.try_disconnect().is_err() {
            // No room for a good-bye: a broker that does not listen gets none.
            self.ends.store(CUT, Ordering::SeqCst);
        }
    }
}

impl Transport for Broker {
    fn publish(&self, topic: &str, payload: &str) -> Result<(), String> {
        // Never waits: a queue that is full is a broker that is not there.
        let sent = self.client.try_publish(topic, QoS::AtLeastOnce, false, payload);
        sent.map_err(|_| format!("{QUEUE} messages wait for the broker already"))
    }

    fn next(&self, wait: Duration) -> Option<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(wait).ok()
    }
}

/// What the thread of a connection has.
struct Worker {
    client: Client,
    topics: Vec<String>,
    presence: Option<String>,
    ends: Arc<AtomicU8>,
    tell: Sender<Event>,
}

impl Worker {
    /// Until it is told to end; the connection is built anew whenever it breaks.
    fn run(self, mut connection: Connection) {
        for happened in connection.iter() {
            let how = self.ends.load(Ordering::SeqCst);
            let event = match happened {
                _ if how == CUT => return,
                Ok(Happened::Incoming(Packet::ConnAck(_))) => {
                    self.greet();
                    Event::Connected
                }
                Ok(Happened::Incoming(Packet::Publish(message))) => {
                    let payload = String::from_utf8_lossy(&message.payload).into_owned();
                    Event::Message { topic: message.topic, payload, retained: message.retain }
                }
                Ok(Happened::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Err(_) if how == CLEAN => return,
                Err(error) => {
                    thread::sleep(AGAIN);
                    Event::Lost(error.to_string())
                }
                Ok(_) => continue,
            };
            // Nobody listens any more between the good-bye and its sending.
            let _ = self.tell.send(event);
        }
    }

    /// The thread must not wait for itself: what does not fit now is asked for at the next connection.
    fn greet(&self) {
        for topic in &self.topics {
            let _ = self.client.try_subscribe(topic, QoS::AtLeastOnce);
        }
        if let Some(topic) = &self.presence {
            let _ = self.client.try_publish(topic, QoS::AtLeastOnce, false, ONLINE);
        }
    }
}
