//! What became of each request, for the history: counted while it goes on, and sent off when the last of it is gone, whatever
//! ended it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant, SystemTime},
};

use super::{gate::Gate, refusal::Refusal, upstream::Lane};

/// A request that is over, or was refused.
#[derive(Debug)]
pub struct Done {
    /// When it came.
    pub at: SystemTime,
    /// The keys whose placeholders stood in it, by their places.
    pub keys: Vec<usize>,
    /// The host, with its port where that is not the usual one.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, without what only this request has.
    pub path: String,
    /// The status that the host answered with.
    pub status: Option<u16>,
    /// The bytes of its body, as far as they went.
    pub sent: u64,
    /// The bytes of the answer's.
    pub received: u64,
    /// How long it took.
    pub took: Duration,
    /// Why it was not let through.
    pub refusal: Option<Refusal>,
    /// It ended before its end.
    pub is_cut: bool,
    /// The numbers under which it was written down that it goes out, each with a key of the store that this is for.
    pub begun: Vec<(usize, u64)>,
}

/// Counts one request; when it is dropped, the request is over.
pub struct Tally {
    done: Option<Done>,
    sent: Arc<AtomicU64>,
    began: Instant,
    to: Sender<Done>,
    gate: Arc<Gate>,
    lane: Option<Lane>,
}

impl Tally {
    /// Begins to count.
    #[must_use]
    pub fn begin(
        keys: Vec<usize>,
        host: String,
        method: String,
        path: String,
        to: &Sender<Done>,
        gate: &Arc<Gate>,
    ) -> Self {
        let done = Done {
            at: SystemTime::now(),
            keys,
            host,
            method,
            path,
            status: None,
            sent: 0,
            received: 0,
            took: Duration::ZERO,
            refusal: None,
            is_cut: true,
            begun: Vec::new(),
        };
        gate.waits(1, 0);
        Self {
            done: Some(done),
            sent: Arc::default(),
            began: Instant::now(),
            to: to.clone(),
            gate: Arc::clone(gate),
            lane: None,
        }
    }

    /// The count of what was sent.
    #[must_use]
    pub fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    /// The host that it is for, with its port where that is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.done.as_ref().map_or("", |done| &done.host)
    }

    /// Writes down that it goes out with these keys, before it does.
    ///
    /// # Errors
    /// `Unrecorded` where nothing goes on unrecorded.
    pub fn goes_out(&mut self, keys: &[usize], gate: &Gate) -> Result<(), Refusal> {
        let Some(done) = self.done.as_mut().filter(|_| !keys.is_empty()) else { return Ok(()) };
        gate.begin(keys, (&done.host, &done.method, &done.path), &mut done.begun)
    }

    /// Keeps its place on a connection until it is over.
    pub fn keeps(&mut self, lane: Option<Lane>) {
        self.lane = lane;
    }

    /// The host answers so.
    pub fn answered(&mut self, status: u16) {
        self.change(|done| done.status = Some(status));
    }

    /// It was not let through, or came to nothing.
    pub fn refused(&mut self, refusal: Refusal) {
        self.change(|done| (done.refusal, done.is_cut) = (Some(refusal), false));
    }

    /// So many bytes more came back.
    pub fn received(&mut self, bytes: usize) {
        self.change(|done| done.received += bytes as u64);
    }

    /// It broke off.
    pub fn broke_off(&mut self) {
        self.change(|done| done.is_cut = true);
    }

    /// All of it was there.
    pub fn is_whole(&mut self) {
        self.change(|done| done.is_cut = false);
    }

    fn change(&mut self, change: impl FnOnce(&mut Done)) {
        if let Some(done) = &mut self.done {
            change(done);
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Some(mut done) = self.done.take() else { return };
        done.took = self.began.elapsed();
        done.sent = self.sent.load(Ordering::Relaxed);
        // In bounded memory, whoever asks for how much.
        let is_left = done.begun.is_empty() && done.refusal.is_some_and(|why| self.gate.is_full(why.is_alarming()));
        if is_left || self.to.send(done).is_err() {
            self.gate.waits(0, 1);
        }
    }
}
