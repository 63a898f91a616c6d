//! Manifests and a question in, the report of `gwapi explain` out.
//!
//! The way is the same for the program and for the page in the browser: [`Input`] reads manifests, [`World`] answers what
//! becomes of a request, and [`RouteReport`] what became of a route. Nothing here reads files, prints, or holds a rule of the
//! spec.
//!
//! ```
//! use gwapi_ask::{Input, Options, RequestArgs, Whom, World};
//!
//! let manifests = "
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: edge}
//! spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}";
//! let input = Input::of(gwapi_manifest::parse_str("edge.yaml", manifests), &Options::default());
//! let world = World::of(input.resolve());
//! let targets = RequestArgs::default().targets(&["http://shop.example/cart".to_owned()])?;
//! let answers = world.answer(&targets[0], Whom::default())?;
//! assert_eq!(answers[0].status, Some(404));
//! # Ok::<(), String>(())
//! ```

mod fix;
mod input;
mod name;
mod route;
mod target;
mod world;

pub use fix::{fix, fix_unclaimed};
pub use input::{Input, Manifest, Options, Reader};
pub use name::{gateway_key, namespaced};
pub use route::{ClientsReport, ListenerReport, ParentReport, RefusalReport, RouteReport, RuleReport, UnclaimedReport, parents};
pub use target::{RequestArgs, Scheme, Target, UrlParts};
pub use world::{Whom, World};
