//! Tests of what is projected, of what is merged, and of the laws that both keep.

mod build;
mod laws;
mod merge_gateway;
mod merge_route;
mod objects;
mod project_gateway;
mod project_route;
