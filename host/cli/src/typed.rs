//! What a person types at a terminal, as an answer to what is before them: nothing that was typed earlier counts, and what is
//! pasted is one answer, however long it is and however many lines it has.
//!
//! A terminal that edits lines itself cuts them at some four thousand bytes, without a word, and cannot tell a paste from keys. So
//! while something is asked, and only then, lines are edited here, see [`line`]; what is shown of them is what the terminal would
//! have shown. The road not taken: a library for editing lines, with history, completion and a screen of its own, none of which an
//! answer needs.

#[cfg(unix)]
mod line;

#[cfg(not(unix))]
pub(crate) use elsewhere::{ask, ask_again, put_back, read, read_hidden};
#[cfg(unix)]
pub(crate) use unix::{ask, ask_again, put_back, read, read_hidden};

/// What a person typed.
pub(crate) enum Typed {
    /// A line, or several that came at once.
    Text(String),
    /// More than 1 MiB.
    TooLong,
}

/// Leaves the terminal as it was found, however what it stands beside ends.
pub(crate) struct PutBack;

impl Drop for PutBack {
    fn drop(&mut self) {
        put_back();
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use rustix::io::{read as read_from, retry_on_intr};
    use rustix::process::{Signal, kill_current_process_group};
    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };

    use super::Typed;
    use super::line::{Key, Line};

    /// How long something may take to follow what it was pasted with where no marks say so, in tenths of a second.
    const AT_ONCE: u8 = 1;

    /// How long a process may take to stop once it was told to.
    const STOPS: Duration = Duration::from_millis(250);

    /// A terminal that is not as it was found.
    struct Taken {
        before: Termios,
        asking: Termios,
    }

    static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

    fn taken() -> MutexGuard<'static, Option<Taken>> {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is about to be asked: what was typed before is thrown away. Whether that was anything.
    pub(crate) fn ask() -> bool {
        let mut taken = taken();
        let typed = take(&mut taken).is_some_and(|asking| !is_empty(asking));
        marks(true);
        typed
    }

    /// The same is asked once more, of whoever comes back to a process that was stopped.
    pub(crate) fn ask_again() {
        let mut taken = taken();
        let _ = take(&mut taken);
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        marks(true);
    }

    /// Set the terminal for asking; nothing where it is none.
    fn take(taken: &mut Option<Taken>) -> Option<&Termios> {
        if taken.is_none() {
            let before = tcgetattr(io::stdin()).ok()?;
            let mut asking = before.clone();
            // Keys that send signals are told from a paste here, and the terminal is put back before they do.
            asking.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
            *taken = Some(Taken { before, asking });
        }
        let asking = &taken.as_ref()?.asking;
        wait(asking, 1, 0);
        Some(asking)
    }

    fn wait(asking: &Termios, least: u8, tenths: u8) {
        let mut asking = asking.clone();
        asking.special_codes[SpecialCodeIndex::VMIN] = least;
        asking.special_codes[SpecialCodeIndex::VTIME] = tenths;
        // A terminal that has gone away says so when it is read.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &asking);
    }

    /// Throw away what was typed; whether it was nothing, or no more than ends of lines.
    fn is_empty(asking: &Termios) -> bool {
        wait(asking, 0, 0);
        let (mut buffer, mut empty) = ([0; 4096], true);
        while let Ok(count @ 1..) = retry_on_intr(|| read_from(io::stdin(), &mut buffer)) {
            empty &= buffer[..count].trim_ascii().is_empty();
        }
        wait(asking, 1, 0);
        empty
    }

    /// Have the beginning and the end of a paste marked, or not. Terminals pass over what they do not know, but for those that
    /// know nothing.
    fn marks(on: bool) {
        if std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb") {
            show(if on { "\u{1b}[?2004h" } else { "\u{1b}[?2004l" });
        }
    }

    fn show(text: &str) {
        // Who reads from a terminal that shows nothing still reads.
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Read a line, with all that came with it at once; nothing where the terminal was closed.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub(crate) fn read() -> io::Result<Option<Typed>> {
        let read = read_line(show);
        put_back();
        read
    }

    /// The same of what nobody is to see.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub(crate) fn read_hidden() -> io::Result<Option<Typed>> {
        // That it was ended is to be seen.
        let read = read_line(|echo| echo.matches('\n').for_each(show));
        put_back();
        read
    }

    fn read_line(shown: impl Fn(&str)) -> io::Result<Option<Typed>> {
        let (mut line, mut buffer) = (Line::default(), [0; 4096]);
        loop {
            let (ended, in_key) = (line.is_ended(), line.is_in_key());
            let count = if ended || in_key { read_at_once(&mut buffer) } else { read_more(&mut buffer) }?;
            // The rest of a key comes with its beginning: this was the escape key itself.
            if count == 0 && in_key {
                line.end_key();
                continue;
            }
            if count == 0 {
                let text = if line.too_long { Typed::TooLong } else { Typed::Text(line.into_text()) };
                return Ok(ended.then_some(text));
            }
            let mut rest = &buffer[..count];
            while !rest.is_empty() {
                let mut echo = String::new();
                let key = line.take(rest, &mut echo);
                shown(&echo);
                rest = key.and_then(|(_, taken)| rest.get(taken..)).unwrap_or_default();
                match key {
                    None | Some((Key::Enter, _)) => {}
                    Some((Key::Closed, _)) => return Ok(None),
                    Some((Key::Interrupt, _)) => signal("^C", Signal::INT),
                    Some((Key::Quit, _)) => signal("^\\", Signal::QUIT),
                    Some((Key::Stop, _)) => {
                        line = Line::default();
                        signal("^Z\n", Signal::TSTP);
                        // Another thread takes the signal: until it stops this one too, the terminal stays as it was put back.
                        std::thread::sleep(STOPS);
                        // Whoever asks may have seen first that it goes on; what was typed since then counts.
                        if taken().is_none() {
                            ask_again();
                        }
                    }
                }
            }
        }
    }

    fn read_more(buffer: &mut [u8]) -> io::Result<usize> {
        // Not through the standard library's buffer, which nobody can empty.
        Ok(retry_on_intr(|| read_from(io::stdin(), &mut *buffer))?)
    }

    fn read_at_once(buffer: &mut [u8]) -> io::Result<usize> {
        let timed = |least, tenths| taken().as_ref().map(|taken| wait(&taken.asking, least, tenths));
        // What is not set for asking would be waited for without an end.
        if timed(0, AT_ONCE).is_none() {
            return Ok(0);
        }
        let count = read_more(buffer);
        timed(1, 0);
        count
    }

    /// As a terminal does it when such a key is pressed: for all that run in the foreground.
    fn signal(shown: &str, signal: Signal) {
        show(shown);
        put_back();
        let _ = kill_current_process_group(signal);
    }

    /// Leave the terminal as it was found, whenever the process ends.
    pub(crate) fn put_back() {
        if let Some(Taken { before, .. }) = taken().take() {
            marks(false);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io::{self, BufRead};

    use super::Typed;

    pub(crate) fn ask() -> bool {
        false
    }

    pub(crate) fn ask_again() {}

    pub(crate) fn read() -> io::Result<Option<Typed>> {
        let mut line = String::new();
        let count = io::stdin().lock().read_line(&mut line)?;
        Ok((count > 0).then_some(Typed::Text(line)))
    }

    pub(crate) fn read_hidden() -> io::Result<Option<Typed>> {
        rpassword::read_password().map(|text| Some(Typed::Text(text)))
    }

    pub(crate) fn put_back() {}
}
