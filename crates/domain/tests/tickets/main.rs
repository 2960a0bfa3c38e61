//! Tickets as the contract tells them: what arrives, what people do, what timers do.

mod commands;
mod intake;
mod story;
