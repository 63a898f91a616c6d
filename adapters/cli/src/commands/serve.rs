//! `gwapi serve`: a gateway for the objects of some files.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
    time::Duration,
};

use gwapi_core::name::ObjectKey;

use super::{Common, Exit};
use crate::{
    input::gateway_key,
    serve::{Settings, endpoints::BackendAt, placement::Placement, runtime, serve},
};

/// Serves the Gateways of the input: prints where each listener is and `ready`, and follows the files.
///
/// Changes of the files take effect within a second, without dropping a request; SIGHUP reads everything now. A file that
/// becomes unreadable keeps its last good objects. SIGTERM and SIGINT finish running requests and end with 0.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    common: Common,
    /// The address that Gateways share while their ports differ
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Added to every port, so that port 80 needs no privileges
    #[arg(long, value_name = "N", default_value_t = 0)]
    port_offset: u16,
    /// Serve this Gateway only
    #[arg(long, value_name = "NS/NAME", value_parser = gateway_key)]
    gateway: Option<ObjectKey>,
    /// A Gateway with an address of its own
    #[arg(long, value_name = "NS/NAME=IP")]
    address: Vec<GatewayAt>,
    /// Where a Service is, in place of its EndpointSlices; several are taken in turn
    #[arg(long, value_name = "NS/NAME:PORT=HOST:PORT")]
    backend: Vec<BackendAt>,
    /// What running requests get at the end, such as 30s
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    drain: Duration,
}

/// `--address NS/NAME=IP`.
#[derive(Clone, Debug)]
struct GatewayAt {
    gateway: ObjectKey,
    address: IpAddr,
}

impl FromStr for GatewayAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (gateway, address) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAMESPACE/NAME=IP"))?;
        let address = address.parse().map_err(|_| format!("`{address}` is no IP address"))?;
        Ok(Self { gateway: gateway_key(gateway)?, address })
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    gwapi_core::duration::parse(text).map_err(|error| format!("{error}; such as 30s or 1m30s"))
}

impl ServeArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let served = runtime().and_then(|runtime| runtime.block_on(serve(self.settings(), || self.common.options())));
        served.map_or_else(Exit::usage, |()| Exit::Done)
    }

    fn settings(&self) -> Settings {
        let addresses: BTreeMap<_, _> = self.address.iter().map(|placed| (placed.gateway.clone(), placed.address)).collect();
        Settings {
            paths: self.common.paths.clone(),
            placement: Placement { bind: self.bind, port_offset: self.port_offset, only: self.gateway.clone(), addresses },
            backends: self.backend.clone(),
            drain: self.drain,
            color: self.common.color.on_stderr(),
        }
    }
}
