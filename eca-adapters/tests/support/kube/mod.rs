//! A double of a Kubernetes cluster: an API server over HTTP, and below it nodes, processes and a meter.
//!
//! It shares no code with the adapter. `kubectl` drives it in `kubernetes.rs`, so that it is itself judged.

pub mod http;
pub mod store;
pub mod world;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::World;

/// A running double. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Double(Arc<Mutex<World>>, u16);

impl Double {
    /// Serves a cluster on a free port.
    pub fn start() -> Self {
        let world = Arc::new(Mutex::new(World::new()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let double = Self(world, listener.local_addr().unwrap().port());
        let served = double.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let app = axum::Router::new().fallback(http::handle).with_state(served);
                axum::serve(listener, app).await.unwrap();
            });
        });
        double
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kubeconfig that leads here.
    pub fn kubeconfig(&self) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kubeconfig-{}.yaml", self.1));
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: double\nclusters:\n- name: double\n  cluster:\n    server: http://127.0.0.1:{}\ncontexts:\n- name: double\n  context: {{cluster: double, user: nobody, namespace: default}}\nusers:\n- name: nobody\n  user: {{}}\n",
            self.1
        );
        std::fs::write(&path, text).unwrap();
        path
    }
}
