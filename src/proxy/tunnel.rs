//! Tunnels that the command asks for by CONNECT. What speaks TLS is answered here in the host's place, whatever the port; what
//! else may be said to a host, in a run that lets others be reached, is passed on, and a placeholder in it is not.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Request, Response, Uri, body::Incoming, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_rustls::TlsAcceptor;

use crate::config::proxy::HTTPS;

use super::{
    body::Download,
    refusal::Refusal,
    server::{self, HEAD, Shared, noted},
    tally::Tally,
};

/// What is read at once.
const PIECE: usize = 16 * 1024;
/// How long a host is waited for.
const CONNECT: Duration = Duration::from_secs(10);
/// How what speaks TLS begins: a handshake, of version 3 (RFC 8446, 5.1).
const TLS: [u8; 2] = [0x16, 0x03];

/// The host that a tunnel is asked for to, and its port.
#[must_use]
pub fn end(of: &Uri) -> Option<(String, u16)> {
    let named = of.authority()?;
    Some((named.host().to_ascii_lowercase(), named.port_u16()?))
}

/// Opens a tunnel.
pub fn connect(request: Request<Incoming>, (host, port): (String, u16), shared: &Arc<Shared>) -> Response<Download> {
    let is_looked_into = port == HTTPS || shared.gate.rule_for(&host, port).is_some() || shared.gate.is_strict();
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let Ok(tunnel) = hyper::upgrade::on(request).await else { return };
        let tunnel = Begun { begin: Vec::new(), rest: TokioIo::new(tunnel) };
        if is_looked_into {
            look_into(tunnel, shared, host, port).await;
        } else {
            // How it ends is written down.
            let _ = carry(tunnel, host, port, shared).await;
        }
    });
    Response::new(Download::own(""))
}

/// Answers in the host's place. In a strict run that is done for hosts without a rule too, and leads nowhere: so what was to be
/// sent there is known, and an alert if it was a placeholder.
async fn look_into(tunnel: Begun, shared: Arc<Shared>, host: String, port: u16) {
    let accepted = match shared.authority.answer_as(&host) {
        Ok(config) => match tokio::time::timeout(HEAD, TlsAcceptor::from(config).accept(tunnel)).await {
            Ok(accepted) => accepted.ok(),
            Err(_) => None,
        },
        Err(_) => None,
    };
    match accepted {
        // In a box, as a connection may lead to a tunnel.
        Some(stream) => {
            let within: Pin<Box<dyn Future<Output = ()> + Send>> =
                Box::pin(server::connection(TokioIo::new(stream), shared, Some((host, port)), None));
            within.await;
        }
        // A program that trusts its own list of authorities alone, or that speaks something else.
        None => drop(noted(&shared, Vec::new(), &host, port, "CONNECT", "/", Refusal::NotThere)),
    }
}

/// Passes on what is not TLS. Whoever speaks first may be either side, so the host is connected to before that is known.
async fn carry(mut tunnel: Begun, host: String, port: u16, shared: Arc<Shared>) -> io::Result<()> {
    let named = format!("{host}:{port}");
    let begin = || Tally::begin(Vec::new(), named.clone(), "CONNECT".into(), "/".into(), &shared.done, &shared.gate);
    let out = tokio::time::timeout(CONNECT, TcpStream::connect((&*host, port))).await;
    let Ok(Ok(out)) = out else {
        begin().refused(Refusal::Upstream);
        return Ok(());
    };
    let (mut back, there) = out.into_split();
    tunnel.begin = first_said(&mut tunnel, &mut back).await?;
    if tunnel.begin.starts_with(&TLS) {
        drop((there, back));
        look_into(tunnel, shared, host, port).await;
        return Ok(());
    }
    let mut tally = begin();
    let (from, mut to) = tokio::io::split(tunnel);
    let mut outward = tokio::spawn(send_out(from, there, Arc::clone(&shared), tally.sent()));
    let mut is_sent = false;
    // A placeholder ends both ways at once; the end of one way ends that one.
    let ended = {
        let mut received = std::pin::pin!(tokio::io::copy(&mut back, &mut to));
        let both = std::future::poll_fn(|context| {
            if !is_sent && let Poll::Ready(sent) = Pin::new(&mut outward).poll(context) {
                is_sent = true;
                if let Ok(Ok(Some(keys))) = sent {
                    return Poll::Ready(Err(keys));
                }
            }
            received.as_mut().poll(context).map(Ok)
        });
        both.await
    };
    match ended {
        Err(keys) => {
            drop(noted(&shared, keys, &host, port, "CONNECT", "/", Refusal::Elsewhere));
            return Ok(());
        }
        Ok(received) => tally.received(usize::try_from(received?).unwrap_or(usize::MAX)),
    }
    to.shutdown().await?;
    if !is_sent && let Ok(Ok(Some(keys))) = outward.await {
        drop(noted(&shared, keys, &host, port, "CONNECT", "/", Refusal::Elsewhere));
    }
    tally.is_whole();
    Ok(())
}

/// What the command says, if it says something before the host does.
async fn first_said(tunnel: &mut Begun, back: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let (mut first, mut of_host) = (vec![0; PIECE], [0; 1]);
    let length = std::future::poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut first);
        if let Poll::Ready(read) = Pin::new(&mut *tunnel).poll_read(context, &mut buffer) {
            return Poll::Ready(read.map(|()| buffer.filled().len()));
        }
        back.poll_peek(context, &mut ReadBuf::new(&mut of_host)).map(|_| Ok(0))
    });
    let length = length.await?;
    first.truncate(length);
    if first == TLS[..1] {
        let mut more = vec![0; PIECE];
        let length = tunnel.read(&mut more).await?;
        first.extend(&more[..length]);
    }
    Ok(first)
}

/// Passes on what the command says, up to a placeholder: then gives the keys that it is of.
async fn send_out(
    mut from: ReadHalf<Begun>,
    mut there: OwnedWriteHalf,
    shared: Arc<Shared>,
    sent: Arc<AtomicU64>,
) -> io::Result<Option<Vec<usize>>> {
    let longest = shared.gate.placeholders().iter().map(|one| one.len()).max().unwrap_or_default();
    let (mut kept, mut piece) = (Vec::new(), vec![0; PIECE]);
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            there.shutdown().await?;
            return Ok(None);
        }
        // One may come in two pieces: what is passed on is looked at together with the end of what was.
        let text = [&kept[..], &piece[..length]].concat();
        let keys = shared.gate.keys_in(&text);
        if !keys.is_empty() {
            return Ok(Some(keys));
        }
        there.write_all(&piece[..length]).await?;
        sent.fetch_add(length as u64, Ordering::Relaxed);
        kept = text[text.len().saturating_sub(longest)..].to_vec();
    }
}

/// A tunnel of which the beginning was read already.
struct Begun {
    begin: Vec<u8>,
    rest: TokioIo<Upgraded>,
}

impl AsyncRead for Begun {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.begin.is_empty() {
            return Pin::new(&mut self.rest).poll_read(context, into);
        }
        let length = self.begin.len().min(into.remaining());
        into.put_slice(&self.begin[..length]);
        self.begin.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(context)
    }
}
