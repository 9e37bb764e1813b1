//! A proxy that runs, on a thread of its own beside the one that waits for the command: one loop, one thread, bounded memory.
//! It ends when it is dropped, and its socket with it.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::failure::{Failure, Kind, Result, reason};
#[cfg(target_os = "linux")]
use crate::platform;

use super::{
    authority::Authority,
    gate::Gate,
    server::{self, Shared, USER},
    tally::Done,
    upstream::Upstream,
};

/// How long a look-up of a name may keep the thread once nothing is wanted any more.
const LAST: Duration = Duration::from_millis(100);

/// Where a proxy listens.
pub enum Listening {
    /// On this machine's loopback, at whatever port is free.
    Here,
    /// At this port of another network, in which the command is alone; the listener comes by the socket.
    #[cfg(target_os = "linux")]
    Elsewhere(u16, std::os::unix::net::UnixStream),
}

impl Listening {
    /// The port, and what gives the listener.
    fn begin(self) -> io::Result<(u16, Awaited)> {
        match self {
            Self::Here => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                listener.set_nonblocking(true)?;
                Ok((listener.local_addr()?.port(), Awaited::Here(listener)))
            }
            #[cfg(target_os = "linux")]
            Self::Elsewhere(port, from) => {
                from.set_nonblocking(true)?;
                Ok((port, Awaited::Elsewhere(from)))
            }
        }
    }
}

/// A listener that is there or comes.
enum Awaited {
    Here(TcpListener),
    #[cfg(target_os = "linux")]
    Elsewhere(std::os::unix::net::UnixStream),
}

impl Awaited {
    #[cfg_attr(not(target_os = "linux"), expect(clippy::unused_async, reason = "only a sandbox's is waited for"))]
    async fn get(self) -> io::Result<tokio::net::TcpListener> {
        let listener = match self {
            Self::Here(listener) => listener,
            #[cfg(target_os = "linux")]
            Self::Elsewhere(from) => {
                let from = tokio::net::UnixStream::from_std(from)?;
                let listener = loop {
                    from.readable().await?;
                    match from.try_io(tokio::io::Interest::READABLE, || platform::network::take_over(&from)) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        taken => break taken?,
                    }
                };
                listener.set_nonblocking(true)?;
                listener
            }
        };
        tokio::net::TcpListener::from_std(listener)
    }
}

/// A proxy that runs.
pub struct Running {
    /// What it decides by.
    pub gate: Arc<Gate>,
    /// What was done, as it ends.
    pub done: Receiver<Done>,
    port: u16,
    authority: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// `Disk` where there is no port or no thread to be had, and as certificates have them.
    pub fn start(gate: Gate, listening: Listening) -> Result<Self> {
        let failed = |what: &str, error: &io::Error| Failure::new(Kind::Disk, format!("{what}: {}", reason(error)));
        let (port, awaited) = listening.begin().map_err(|error| failed("cannot listen on 127.0.0.1", &error))?;
        let (authority, gate) = (Authority::new()?, Arc::new(gate));
        let pem = authority.pem().to_owned();
        let upstream = Upstream::new(gate.guarded.iter().flat_map(|key| &key.rules))?;
        let (sender, done) = channel();
        let shared = Shared { gate: Arc::clone(&gate), authority, upstream, port, done: sender };
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| failed("cannot begin the proxy", &error))?;
        let work = move || {
            runtime.block_on(async move {
                let serving = tokio::spawn(async move {
                    // A command that never comes so far asks for nothing.
                    let Ok(listener) = awaited.get().await else { return };
                    server::serve(listener, Arc::new(shared)).await;
                });
                let _ = stopped.await;
                serving.abort();
            });
            runtime.shutdown_timeout(LAST);
        };
        let thread = std::thread::Builder::new().name("proxy".into()).spawn(work);
        let thread = thread.map_err(|error| failed("cannot begin the proxy", &error))?;
        Ok(Self { gate, done, port, authority: pem, stop: Some(stop), thread: Some(thread) })
    }

    /// The port that it listens at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of its authority.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What a command is told of it as a proxy.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{USER}:{}@127.0.0.1:{}", self.gate.token, self.port)
    }

    /// What a library is told of it as its API: the variable and the address.
    #[must_use]
    pub fn base_urls(&self) -> Vec<(crate::name::VariableName, String)> {
        let mut all: Vec<(crate::name::VariableName, String)> = Vec::new();
        for (key, rule, route) in self.gate.routes() {
            for (variable, behind) in &self.gate.guarded[key].rules[rule].base_url {
                let address = format!("http://127.0.0.1:{}/{}/{route}{behind}", self.port, self.gate.token);
                if !all.iter().any(|(other, _)| other == variable) {
                    all.push((variable.clone(), address));
                }
            }
        }
        all
    }

    /// Ends it: from here on nobody is answered. What was done until then can be read still.
    pub fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
