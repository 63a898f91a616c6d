//! Tests of what is projected, of what is merged, and of the laws that both keep.

mod build;
mod laws;
mod merge_gateway;
mod merge_listener_set;
mod merge_policy;
mod merge_route;
mod objects;
mod project_gateway;
mod project_listener;
mod project_listener_set;
mod project_mesh;
mod project_policy;
mod project_route;
mod refusals;
mod world;
