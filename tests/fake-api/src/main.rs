//! `fake-api SCRIPT.json`: prints its address and serves the script until it is killed.

use std::io::Write;
use std::process::ExitCode;

use fake_api::{FakeApi, Script};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "fake-api: {message}");
            ExitCode::from(2)
        }
    }
}

async fn serve() -> Result<(), String> {
    let path = std::env::args_os().nth(1).ok_or("usage: fake-api SCRIPT.json")?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let script: Script = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let server = FakeApi::start(script).await.map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.url()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    std::future::pending().await
}
