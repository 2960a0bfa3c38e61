//! Tickets as the contract tells them: what arrives, what people do, what timers do.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod duty;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod regroup;
#[cfg(test)]
mod regrouping;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod story;
