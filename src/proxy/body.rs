//! Bodies on their way: passed on as they come, counted, and on the way back without the secrets. Nothing is collected: what is
//! held at a time is one piece, and of an answer what may be the beginning of a secret.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    HeaderMap, Version,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::{self, HeaderName},
};

use tokio::{
    sync::oneshot,
    time::{Sleep, sleep, timeout},
};

use crate::mask::{Held, Stream};

use super::{inject::Secrets, tally::Tally};

/// How long a little at the end of what came, which may be the beginning of a secret, is waited with.
const MOMENT: Duration = Duration::from_millis(50);

/// So much of what is turned away is read to its end, for so long: over HTTP/2 an answer before that reads like a broken stream
/// to some, right as it is (RFC 9113, 8.1); and over HTTP/1.1 who is busy sending hears of none on a connection that is closed.
const HEARD_OUT: usize = 16 * 1024 * 1024;
const HEARD_FOR: Duration = Duration::from_millis(200);
/// So much is sent over HTTP/1.1 whether somebody reads it or not.
const AT_ONCE: u64 = 64 * 1024;

/// What may not stand behind a body (RFC 9110, 6.5.1): HTTP/2 has no end for a request with one of these there.
const NOT_BEHIND: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A piece of a body, if these are the headers behind its end without what may not stand there.
fn fitting(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            for name in &NOT_BEHIND {
                trailers.remove(name);
            }
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// What goes wrong on the way.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request, on its way to the host.
pub struct Upload {
    inner: Given,
    sent: Arc<AtomicU64>,
    most: Option<u64>,
    /// Who gets what is not read of it, where it goes no further.
    back: Option<oneshot::Sender<Incoming>>,
}

/// What is not read of a request that is turned away.
pub enum Rest {
    /// Nothing, or nobody has it.
    Nothing,
    /// It is here.
    Here(Incoming),
    /// It comes back from where it was sent.
    Back(oneshot::Receiver<Incoming>),
}

impl Rest {
    /// That of a request which nobody has begun to read; one that `waits` over HTTP/1.1 to be told whether to come must not.
    #[must_use]
    pub fn of(body: Incoming, version: Version, waits: bool) -> Self {
        if may_last(&body, version) && (!waits || version == Version::HTTP_2) {
            Self::Here(body)
        } else {
            Self::Nothing
        }
    }

    /// Whether it can be that there is none.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Here(inner) => inner.is_end_stream(),
            Self::Back(_) => false,
        }
    }

    /// Hears it out if there is little of it: some make a mess of an answer that comes just when they begin to send.
    pub async fn hear_a_little(&mut self) {
        let hear = async {
            let mut most = AT_ONCE;
            while most > 0 {
                let Some(frame) = poll_fn(|context| self.next(context)).await else {
                    *self = Self::Nothing;
                    return;
                };
                most = most.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
            }
        };
        let _ = timeout(MOMENT, hear).await;
    }

    /// The next piece of it; none at its end.
    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        if let Self::Back(back) = self {
            *self = ready!(Pin::new(back).poll(context)).map_or(Self::Nothing, Self::Here);
        }
        let Self::Here(inner) = self else { return Poll::Ready(None) };
        Pin::new(inner).poll_frame(context).map(|frame| frame?.ok())
    }
}

/// Whether who sends it may be busy with that when the answer comes.
fn may_last(body: &Incoming, version: Version) -> bool {
    match version {
        Version::HTTP_2 => !body.is_end_stream(),
        _ => body.size_hint().exact().is_none_or(|length| length > AT_ONCE),
    }
}

/// Where the body of a request comes from.
enum Given {
    /// From the command, as it comes.
    Passed(Incoming),
    /// It was read as a whole; until it is sent.
    Whole(Option<Bytes>),
}

impl Upload {
    /// With a count of its bytes, and the most that there may be.
    #[must_use]
    pub fn new(inner: Incoming, sent: Arc<AtomicU64>, most: Option<u64>) -> Self {
        Self { inner: Given::Passed(inner), sent, most, back: None }
    }

    /// What nobody has begun to send.
    #[must_use]
    pub fn rest(mut self, version: Version, waits: bool) -> Rest {
        match std::mem::replace(&mut self.inner, Given::Whole(None)) {
            Given::Passed(inner) => Rest::of(inner, version, waits),
            Given::Whole(_) => Rest::Nothing,
        }
    }

    /// Has what is not read of it come back where it goes no further, if that is to be heard.
    #[must_use]
    pub fn coming_back(&mut self, version: Version) -> Rest {
        if !matches!(&self.inner, Given::Passed(inner) if may_last(inner, version)) {
            return Rest::Nothing;
        }
        let (sender, receiver) = oneshot::channel();
        self.back = Some(sender);
        Rest::Back(receiver)
    }

    /// One that was read as a whole.
    #[must_use]
    pub fn whole(body: Bytes, sent: Arc<AtomicU64>) -> Self {
        Self { inner: Given::Whole(Some(body).filter(|body| !body.is_empty())), sent, most: None, back: None }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(back) = self.back.take() else { return };
        if let Given::Passed(inner) = std::mem::replace(&mut self.inner, Given::Whole(None))
            && !inner.is_end_stream()
        {
            // Nobody waits for that of a request that was answered.
            let _ = back.send(inner);
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match &mut self.inner {
            Given::Passed(inner) => ready!(Pin::new(inner).poll_frame(context)),
            Given::Whole(body) => body.take().map(|body| Ok(Frame::data(body))),
        };
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let all = self.sent.fetch_add(data.len() as u64, Ordering::Relaxed) + data.len() as u64;
            if self.most.is_some_and(|most| all > most) {
                return Poll::Ready(Some(Err("the body is larger than the rule has it".into())));
            }
        }
        Poll::Ready(frame.map(|frame| frame.map(fitting).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Given::Passed(inner) => inner.is_end_stream(),
            Given::Whole(body) => body.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Given::Passed(inner) => inner.size_hint(),
            Given::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
        }
    }
}

/// The body of an answer, on its way to the command; or a text of the proxy's own.
pub enum Download {
    /// From the host.
    Passed(Box<Passed>),
    /// The proxy's own, until it is given.
    Own(Option<Bytes>),
    /// The same, once the rest of what was asked is heard.
    After(Box<After>),
}

/// The proxy's own answer, and what it comes after.
pub struct After {
    text: Option<Bytes>,
    rest: Rest,
    most: usize,
    patience: Pin<Box<Sleep>>,
}

impl After {
    /// Until enough is heard.
    fn hear(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.most > 0 && self.patience.as_mut().poll(context).is_pending() {
            let Some(frame) = ready!(self.rest.next(context)) else { break };
            self.most = self.most.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(())
    }
}

/// What comes from a host.
pub struct Passed {
    inner: Incoming,
    /// Takes the secrets out; nothing for what cannot hold one as it is.
    masks: Option<Stream>,
    /// The secrets that may not come back behind the body either, where any went out.
    secrets: Option<Arc<Secrets>>,
    /// What comes after the last of the body.
    trailers: Option<HeaderMap>,
    is_over: bool,
    /// Until when a little that may be the beginning of a secret is waited with.
    patience: Option<Pin<Box<Sleep>>>,
    tally: Tally,
}

impl Download {
    /// From a host.
    #[must_use]
    pub fn passed(inner: Incoming, secrets: Option<Arc<Secrets>>, masks: Option<Stream>, mut tally: Tally) -> Self {
        if inner.is_end_stream() {
            tally.is_whole();
        }
        Self::Passed(Box::new(Passed { inner, masks, secrets, trailers: None, is_over: false, patience: None, tally }))
    }

    /// The proxy's own, after the rest of a body.
    #[must_use]
    pub fn after(text: impl Into<Bytes>, rest: Rest) -> Self {
        let patience = Box::pin(sleep(HEARD_FOR));
        Self::After(Box::new(After { text: Some(text.into()), rest, most: HEARD_OUT, patience }))
    }

    /// The proxy's own.
    #[must_use]
    pub fn own(text: impl Into<Bytes>) -> Self {
        Self::Own(Some(text.into()).filter(|text: &Bytes| !text.is_empty()))
    }
}

impl Passed {
    /// A piece of the answer, if these are the headers behind its end without the secrets.
    fn bare(&self, frame: Frame<Bytes>) -> Frame<Bytes> {
        let frame = fitting(frame);
        let Some(secrets) = &self.secrets else { return frame };
        match frame.into_trailers() {
            Ok(mut trailers) => {
                secrets.take_out(&mut trailers);
                Frame::trailers(trailers)
            }
            Err(frame) => frame,
        }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if self.is_over {
                return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
            }
            let polled = Pin::new(&mut self.inner).poll_frame(context);
            let Some(masks) = &mut self.masks else {
                return polled.map(|frame| frame.map(|frame| frame.map(|frame| self.bare(frame)).map_err(Into::into)));
            };
            let (mut sure, is_pending) = (Vec::new(), polled.is_pending());
            match polled {
                Poll::Pending if masks.holds() == Held::Little => {
                    let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(MOMENT)));
                    if patience.as_mut().poll(context).is_ready() {
                        masks.pause(&mut sure);
                    }
                }
                Poll::Pending => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => {
                    masks.finish(&mut sure);
                    self.is_over = true;
                }
                Poll::Ready(Some(Ok(frame))) => {
                    self.patience = None;
                    match frame.into_data() {
                        Ok(data) => masks.push(&data, &mut sure),
                        Err(frame) => {
                            masks.finish(&mut sure);
                            self.trailers = self.bare(frame).into_trailers().ok();
                            self.is_over = true;
                        }
                    }
                }
            }
            if !sure.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(sure.into()))));
            }
            if is_pending {
                return Poll::Pending;
            }
        }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Own(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::After(after) => {
                if after.text.is_some() {
                    ready!(after.hear(context));
                }
                Poll::Ready(after.text.take().map(|text| Ok(Frame::data(text))))
            }
            Self::Passed(passed) => {
                let frame = ready!(passed.next(context));
                match &frame {
                    Some(Ok(frame)) => {
                        passed.tally.received(frame.data_ref().map_or(0, Bytes::len));
                        // Whose length was said is not asked for its end.
                        if passed.inner.is_end_stream() {
                            passed.tally.is_whole();
                        }
                    }
                    Some(Err(_)) => passed.tally.broke_off(),
                    None => passed.tally.is_whole(),
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text) => text.is_none(),
            Self::After(after) => after.text.is_none(),
            Self::Passed(passed) => passed.masks.is_none() && passed.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::After(after) => SizeHint::with_exact(after.text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::Passed(passed) if passed.masks.is_none() => passed.inner.size_hint(),
            Self::Passed(_) => SizeHint::default(),
        }
    }
}
