//! The route stage, its timers and its relay over a real store and a real log, with a clock
//! that moves when it is told.

#[cfg(test)]
mod config;
#[cfg(test)]
mod enrich;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod timer;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod world;
