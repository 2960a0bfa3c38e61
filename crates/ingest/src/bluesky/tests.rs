//! Mapping, sampling and streaming. The fixtures are written by hand in the shape of the
//! real ones.

mod golden;
mod mapping;
mod sampling;
mod server;
mod settings;
mod streaming;
