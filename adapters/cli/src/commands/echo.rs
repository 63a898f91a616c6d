//! `gwapi echo`: a backend that answers what it received.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use gwapi_proxy::{
    Certificate,
    echo::{EchoConfig, spawn},
    load_certificate,
};

use super::{Exit, print};
use crate::serve::{Signals, runtime};

/// What requests that still run get when the backend is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Answers every request with what it received, as JSON: name, method, path, host, headers, protocol, body length.
///
/// Speaks HTTP/1.1 and HTTP/2, also without TLS. A request's header `x-echo-set-header: NAME:VALUE,…` names headers that the
/// answer is to carry.
#[derive(Debug, clap::Args)]
pub struct EchoArgs {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    bind: SocketAddr,
    /// What the backend calls itself in its answers
    #[arg(long, default_value = "echo")]
    name: String,
    /// A certificate chain in PEM: speak TLS and nothing else
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl EchoArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let ended = self.certificate().and_then(|certificate| runtime()?.block_on(self.answer(certificate)));
        ended.map_or_else(Exit::usage, |()| Exit::Done)
    }

    async fn answer(&self, certificate: Option<Certificate>) -> Result<(), String> {
        let mut signals = Signals::new().map_err(|error| error.to_string())?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let config = EchoConfig { bind: self.bind, name: self.name.clone(), certificate };
        let echo = spawn(config).map_err(|error| format!("{}: {error}", self.bind))?;
        print(&format!("ready {scheme}://{}\n", echo.address()));
        signals.end().await;
        echo.stop(DRAIN).await;
        Ok(())
    }

    fn certificate(&self) -> Result<Option<Certificate>, String> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read = |path: &PathBuf| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let loaded = load_certificate(&read(cert)?, &read(key)?);
        loaded.map(Some).map_err(|error| format!("{}: {error}", cert.display()))
    }
}
