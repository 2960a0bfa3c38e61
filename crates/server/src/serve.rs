//! Connections: bounded in number, and none may hold its place by saying nothing.

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// A request's head has to come whole within this; so long, too, a connection may wait for its
/// next request. A browser's head comes at once, and one that trickles must not hold a place.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// People with open pages hold one each, and programs some: far above what one process serves,
/// and some 100 MB of buffers if all were in use. Who comes later waits to be accepted.
const CONNECTIONS_MAX: usize = 10_000;

/// When the system has no more files: until some are closed.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop`, then finishes what was begun.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (connections, graceful) = (TaskTracker::new(), GracefulShutdown::new());
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener, &places)).await {
        let (stream, from, place) = accepted?;
        let connection = graceful.watch(connection(stream, from, router.clone()));
        connections.spawn(async move {
            // A client that goes away in the middle is none of our business.
            if let Err(error) = connection.await {
                tracing::debug!(%from, %error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await?;
    loop {
        match listener.accept().await {
            Ok((stream, from)) => return Ok((stream, from, place)),
            Err(error) if is_of_one_client(error.kind()) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const fn is_of_one_client(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// One connection; the pages that log people in ask from where it comes.
fn connection(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send + 'static {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(from));
        router.clone().oneshot(request.map(Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    /// A server that says from where one comes, a connection to it, and the way to stop it.
    async fn served() -> (TcpStream, CancellationToken, TaskTracker) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = |ConnectInfo(from): ConnectInfo<SocketAddr>| async move { from.to_string() };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let router = Router::new().route("/from", get(told));
        tasks.spawn(serve(listener, router, stop.clone()));
        tasks.close();
        let stream = TcpStream::connect(address).await.unwrap();
        (stream, stop, tasks)
    }

    #[tokio::test]
    async fn a_request_is_answered_and_a_stop_ends_what_is_idle() {
        let (mut stream, stop, tasks) = served().await;
        let request = b"GET /from HTTP/1.1\r\nhost: here\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let from = stream.local_addr().unwrap().to_string();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.ends_with(&from), "{answer}");
        stop.cancel();
        tasks.wait().await;
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_never_ends_a_head_is_let_go() {
        let (mut stream, _stop, _tasks) = served().await;
        let begin = Instant::now();
        stream
            .write_all(b"GET /from HTTP/1.1\r\nx: ")
            .await
            .unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).await.unwrap();
        let waited = begin.elapsed();
        assert!((HEAD_LIMIT..HEAD_LIMIT * 2).contains(&waited), "{waited:?}");
    }
}
