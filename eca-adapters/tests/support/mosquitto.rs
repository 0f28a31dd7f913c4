//! A mosquitto of our own: on loopback, with rights for two users, who show a password or a certificate.

use eca_adapters::mqtt::BrokerSettings;
use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How a broker is reached, and how it knows who reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Password,
    PasswordOverTls,
    /// Over TLS, each side shows a certificate; there are no passwords.
    Certificate,
}

/// A broker in a process of its own; it ends with the test.
pub struct Mosquitto {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    access: Access,
    process: Child,
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn run(program: &Path, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program:?} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate that signs itself.
fn authority(openssl: &Path, folder: &Path, name: &str) -> PathBuf {
    let (key, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
    let (key, text) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let subject = format!("/CN={name}");
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    run(openssl, &[&new[..], &["-subj", &subject, "-keyout", key, "-out", text]].concat());
    certificate
}

impl Mosquitto {
    /// Starts it; none where there is none, which is said.
    pub fn start(name: &str, access: Access) -> Option<Self> {
        let (Some(program), Some(passwords)) = (find("mosquitto"), find("mosquitto_passwd")) else {
            eprintln!("skipped: there is no mosquitto here (Debian: apt-get install mosquitto)");
            return None;
        };
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mosquitto").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("passwords");
        let file = file.to_str().unwrap();
        run(&passwords, &["-b", "-c", file, "controller", "controller-secret"]);
        run(&passwords, &["-b", file, "device", "device-secret"]);
        let rights = "user controller\ntopic write +/+/command\ntopic write +/+/controller\ntopic read +/+/answer\n\
                      topic read +/+/state\ntopic read +/+/meter\ntopic read +/+/device\n\
                      user device\ntopic read +/+/command\ntopic read +/+/controller\ntopic write +/+/answer\n\
                      topic write +/+/state\ntopic write +/+/meter\ntopic write +/+/device\n";
        std::fs::write(folder.join("rights"), rights).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.display();
        let mut config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {at}/passwords\nacl_file {at}/rights\n\
             persistence true\npersistence_location {at}/\nuser root\nlog_dest none\n"
        );
        if access != Access::Password {
            let Some(openssl) = find("openssl") else {
                eprintln!("skipped: there is no openssl here, which makes the certificates");
                return None;
            };
            certificates(&openssl, &folder);
            config += &format!("certfile {at}/server.pem\nkeyfile {at}/server.key\n");
            if access == Access::Certificate {
                config += &format!("cafile {at}/ca.pem\nrequire_certificate true\nuse_identity_as_username true\n");
            }
        }
        std::fs::write(folder.join("mosquitto.conf"), config).unwrap();
        let process = launch(&program, &folder, port);
        Some(Self { program, folder, port, access, process })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection of a user, `controller` or `device`.
    pub fn settings(&self, client_id: &str, user: &str) -> BrokerSettings {
        let host = if self.access == Access::Password { "127.0.0.1" } else { "localhost" };
        let settings = BrokerSettings::new(client_id, host, self.port);
        let ca = self.file("ca.pem");
        match self.access {
            Access::Password => settings.login(user, format!("{user}-secret")),
            Access::PasswordOverTls => settings.login(user, format!("{user}-secret")).tls(ca),
            Access::Certificate => {
                settings.mutual_tls(ca, self.file(&format!("{user}.pem")), self.file(&format!("{user}.key")))
            }
        }
    }

    /// A file of its own: `ca.pem`, or certificate and key of a user.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An authority that signed nothing.
    pub fn other_authority(&self) -> PathBuf {
        authority(&find("openssl").unwrap(), &self.folder, "other")
    }

    /// Ends it in good order, so that it keeps its sessions, and starts it again.
    pub fn restart(&mut self) {
        run(Path::new("kill"), &["-TERM", &self.process.id().to_string()]);
        self.process.wait().unwrap();
        self.process = launch(&self.program, &self.folder, self.port);
    }
}

fn launch(program: &Path, folder: &Path, port: u16) -> Child {
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.spawn().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "mosquitto does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    process
}

/// An authority, and what it signed: a certificate of `localhost` for the broker, and one of each user.
fn certificates(openssl: &Path, folder: &Path) {
    let authority = authority(openssl, folder, "ca");
    for (file, subject) in [("server", "localhost"), ("controller", "controller"), ("device", "device")] {
        let path = |end: &str| folder.join(format!("{file}.{end}")).to_str().unwrap().to_owned();
        let (key, request, names) = (path("key"), path("csr"), path("names"));
        std::fs::write(&names, format!("subjectAltName=DNS:{subject}\n")).unwrap();
        let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj"];
        run(openssl, &[&new[..], &[&format!("/CN={subject}"), "-keyout", &key, "-out", &request]].concat());
        let signed = ["x509", "-req", "-days", "2", "-in", &request, "-CA", authority.to_str().unwrap(), "-CAkey"];
        let ca_key = folder.join("ca.key");
        let rest = [ca_key.to_str().unwrap(), "-CAcreateserial", "-extfile", &names, "-out", &path("pem")];
        run(openssl, &[&signed[..], &rest].concat());
    }
}

impl fmt::Display for Mosquitto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mosquitto at port {}", self.port)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
