//! The broker: mosquitto on loopback, with two users that may do what they need.

use eca_adapters::mqtt::BrokerSettings;
use eca_examples::deg::Outcome;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Who may read and write what.
const RIGHTS: &str = "user controller\ntopic read site/hall/#\n\nuser meter\ntopic write site/hall/meter\ntopic write site/hall/device\n";

/// The broker, while it runs.
#[derive(Debug)]
pub struct Mosquitto {
    process: Child,
    port: u16,
}

fn find(name: &str) -> Outcome<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()));
    found.ok_or_else(|| format!("this needs the MQTT broker mosquitto, and there is no `{name}` here. Install it with:\n    sudo apt-get install mosquitto").into())
}

fn password(user: &str) -> String {
    format!("{user}-of-the-demonstration")
}

impl Mosquitto {
    /// Starts it, with its files in `folder`.
    pub fn start(folder: &Path) -> Outcome<Self> {
        let (program, passwords) = (find("mosquitto")?, find("mosquitto_passwd")?);
        std::fs::create_dir_all(folder)?;
        let file = folder.join("passwords");
        let _ = std::fs::remove_file(&file);
        std::fs::write(&file, "")?;
        for user in ["controller", "meter"] {
            let done = Command::new(&passwords).arg("-b").arg(&file).args([user, &password(user)]).output()?;
            if !done.status.success() {
                return Err(format!("mosquitto_passwd: {}", String::from_utf8_lossy(&done.stderr)).into());
            }
        }
        std::fs::write(folder.join("rights"), RIGHTS)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let at = folder.display();
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {at}/passwords\nacl_file {at}/rights\n\
             persistence false\nuser root\nlog_dest none\n"
        );
        std::fs::write(folder.join("mosquitto.conf"), config)?;
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Self { process: command.spawn()?, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err("mosquitto does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("broker   process {:<8} mqtt 127.0.0.1:{port}", started.process.id());
        Ok(started)
    }

    /// How a user reaches it.
    pub fn settings(&self, user: &str) -> BrokerSettings {
        BrokerSettings::new(format!("eca-{user}"), "127.0.0.1", self.port).login(user, password(user))
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
