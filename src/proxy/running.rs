//! A proxy that runs, on a thread of its own beside the one that waits for the command: one loop, one thread, bounded memory.
//! It ends when it is dropped, and its socket with it.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::failure::{Failure, Kind, Result, reason};

use super::{
    authority::Authority,
    gate::Gate,
    server::{self, Shared, USER},
    tally::Done,
    upstream::Upstream,
};

/// How long a look-up of a name may keep the thread once nothing is wanted any more.
const LAST: Duration = Duration::from_millis(100);

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
    pub fn start(gate: Gate) -> Result<Self> {
        let failed =
            |what: &str, error: &std::io::Error| Failure::new(Kind::Disk, format!("{what}: {}", reason(error)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.map_err(|error| failed("cannot listen on 127.0.0.1", &error))?;
        let address = listener.local_addr().and_then(|address| listener.set_nonblocking(true).map(|()| address));
        let port =
            address.as_ref().map(SocketAddr::port).map_err(|error| failed("cannot listen on 127.0.0.1", error))?;
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
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serving = tokio::spawn(server::serve(listener, Arc::new(shared)));
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
