//! What a person types at a terminal, as an answer to what is before them: nothing that was typed earlier counts, and what is
//! pasted is one answer, however many lines it has.
//!
//! The road not taken: bracketed paste. A terminal that edits lines shows the marks as garbage, and an editor of lines of our own
//! would be in the way of everything that people are used to.

#[cfg(not(unix))]
pub(crate) use elsewhere::{forget, put_back, read};
#[cfg(unix)]
pub(crate) use unix::{forget, put_back, read};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;
    use std::sync::{Mutex, PoisonError};

    use rustix::io::{read as read_from, retry_on_intr};
    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };

    /// Most bytes of one answer: 1 MiB.
    const MOST: usize = 1 << 20;
    /// How long something may take to follow what it was pasted with, in tenths of a second.
    const AT_ONCE: u8 = 1;

    /// How the terminal was, while it is otherwise.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// Forget what was typed and not read.
    pub(crate) fn forget() {
        // What is no terminal has nothing typed.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Read a line, with all that came with it at once; nothing where the terminal was closed.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub(crate) fn read() -> io::Result<Option<String>> {
        // Not through the standard library's buffer, which nobody can empty.
        let terminal = io::stdin();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        // A last line without an end is ended by the person: that belongs to it, and not to what is asked next.
        while !bytes.ends_with(b"\n") && bytes.len() < MOST {
            let count = retry_on_intr(|| read_from(&terminal, &mut buffer))?;
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(&buffer[..count]);
            if bytes.ends_with(b"\n") {
                read_what_came_at_once(&terminal, &mut bytes)?;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The last line of what was pasted often has no end, and no terminal gives out such a line while it edits lines.
    fn read_what_came_at_once(terminal: &impl AsFd, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Ok(before) = tcgetattr(terminal) else { return Ok(()) };
        let mut unedited = before.clone();
        unedited.local_modes.remove(LocalModes::ICANON);
        unedited.special_codes[SpecialCodeIndex::VMIN] = 0;
        unedited.special_codes[SpecialCodeIndex::VTIME] = AT_ONCE;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let set = tcsetattr(terminal, OptionalActions::Now, &unedited);
        let mut buffer = [0; 4096];
        let read = loop {
            if set.is_err() || bytes.len() >= MOST {
                break Ok(());
            }
            match retry_on_intr(|| read_from(terminal, &mut buffer)) {
                Ok(0) => break Ok(()),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) => break Err(error.into()),
            }
        };
        put_back();
        read
    }

    /// Leave the terminal as it was found, whenever the process ends.
    pub(crate) fn put_back() {
        if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io::{self, BufRead};

    pub(crate) fn forget() {}

    pub(crate) fn read() -> io::Result<Option<String>> {
        let mut line = String::new();
        let count = io::stdin().lock().read_line(&mut line)?;
        Ok((count > 0).then_some(line))
    }

    pub(crate) fn put_back() {}
}
