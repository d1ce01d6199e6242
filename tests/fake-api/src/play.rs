//! An answer as a body that is written piece by piece, and broken where the script says so.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

use crate::api::{Api, Frames};
use crate::script::{How, Reply};

/// A body that is written elsewhere.
pub(crate) struct Written(mpsc::Receiver<Result<Bytes, io::Error>>);

impl Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// The other end of a [`Written`].
pub(crate) struct Writer(mpsc::Sender<Result<Bytes, io::Error>>);

/// The client went away.
pub(crate) struct Gone;

pub(crate) fn body() -> (Writer, Written) {
    let (sender, receiver) = mpsc::channel(1);
    (Writer(sender), Written(receiver))
}

impl Writer {
    async fn write(&self, text: &str) -> Result<(), Gone> {
        self.0.send(Ok(Bytes::copy_from_slice(text.as_bytes()))).await.map_err(|_| Gone)
    }

    /// Wait, and notice when the client goes away meanwhile.
    async fn wait(&self, milliseconds: u64) -> Result<(), Gone> {
        if milliseconds == 0 {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(milliseconds)) => Ok(()),
            () = self.0.closed() => Err(Gone),
        }
    }

    async fn slowly(&self, text: &str, reply: &Reply) -> Result<(), Gone> {
        if reply.byte_delay_ms == 0 {
            return self.write(text).await;
        }
        for byte in text.bytes() {
            self.wait(reply.byte_delay_ms).await?;
            self.0.send(Ok(Bytes::copy_from_slice(&[byte]))).await.map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// Write an answer, up to where it breaks. `before_last` is called before its end can be seen.
    pub(crate) async fn play(
        &self,
        api: &dyn Api,
        frames: &Frames,
        reply: &Reply,
        before_last: impl FnOnce(),
    ) -> Result<(), Gone> {
        let breaks = reply.breaks.as_ref();
        if breaks.is_some_and(|breaks| breaks.after == 0 && matches!(breaks.how, How::Cut | How::Hang)) {
            // Right after the head of the response: not even a first event.
            return self.break_off(api, breaks.map(|breaks| &breaks.how)).await;
        }
        for frame in &frames.head {
            self.slowly(frame, reply).await?;
        }
        for (index, frame) in frames.pieces.iter().enumerate() {
            if let Some(breaks) = breaks.filter(|breaks| breaks.after == index) {
                return self.break_off(api, Some(&breaks.how)).await;
            }
            self.wait(reply.delay_ms).await?;
            self.slowly(frame, reply).await?;
        }
        if let Some(breaks) = breaks {
            return self.break_off(api, Some(&breaks.how)).await;
        }
        before_last();
        for frame in &frames.tail {
            self.slowly(frame, reply).await?;
        }
        Ok(())
    }

    async fn break_off(&self, api: &dyn Api, how: Option<&How>) -> Result<(), Gone> {
        match how {
            Some(How::Cut) => {
                // What was written before reaches the client first.
                self.wait(20).await?;
                self.0.send(Err(io::Error::from(io::ErrorKind::ConnectionReset))).await.map_err(|_| Gone)
            }
            Some(How::Hang) => {
                self.0.closed().await;
                Err(Gone)
            }
            Some(How::Garbage) => self.write("data: {\"half\": \n\n\u{1}garbage\n\n").await,
            Some(How::Fault(fault)) => self.write(&api.fault_event(fault)).await,
            None => Ok(()),
        }
    }
}

/// Never.
pub(crate) async fn never() -> Infallible {
    std::future::pending().await
}
