//! What listens: one route for every action, with a limit on bodies.

use super::{HostSettings, Inner};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use eca_beckn::Signed;
use eca_beckn::agent::Agent;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(super) fn routes<A: Agent + 'static>(inner: Arc<Inner<A>>, settings: &HostSettings) -> Router {
    let path = format!("{}/{{*action}}", settings.path.trim_end_matches('/'));
    Router::new().route(&path, post(receive::<A>)).layer(DefaultBodyLimit::max(settings.max_bytes)).with_state(inner)
}

pub(super) async fn serve(listener: TcpListener, routes: Router, stop: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    // Axum goes on after errors of single connections; it returns when it is stopped.
    let serve = axum::serve(listener, routes).with_graceful_shutdown(async {
        let _ = stop.await;
    });
    let _ = serve.await;
}

async fn receive<A: Agent + 'static>(
    State(inner): State<Arc<Inner<A>>>,
    Path(action): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = Signed { body: body.to_vec(), authorization: header.to_owned() };
    // Verifying, planning and writing to disk take their time: not on the threads that serve connections.
    let answer = tokio::task::spawn_blocking(move || inner.receive(&action, signed)).await;
    let mut response = Response::builder().header("content-type", "application/json");
    let body = match answer {
        Ok(answer) => {
            response = response.status(answer.status);
            if answer.status == 401 {
                response = response.header("www-authenticate", r#"Signature headers="(created) (expires) digest""#);
            }
            if let Some(signature) = answer.signature {
                response = response.header("signature", signature);
            }
            answer.body
        }
        Err(_) => {
            response = response.status(StatusCode::INTERNAL_SERVER_ERROR);
            Vec::new()
        }
    };
    response.body(Body::from(body)).unwrap_or_default()
}
