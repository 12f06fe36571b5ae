//! Theorem 3: several services and third parties.

use alloc::{collections::BTreeSet, vec, vec::Vec};

use crate::{Error, Shares};

/// A service, what it took, and whose data its model was trained on.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Who offers it, by position from 0.
    pub third_party: u32,
    /// The owners of its worth table in order, by position from 0 among all owners.
    pub owners: &'a [u32],
    /// The shares that its table has.
    pub shares: &'a Shares,
    /// What was paid for it.
    pub revenue: u128,
}

/// Who has what of all services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// One for each owner.
    pub owners: Vec<u128>,
    /// Of the validators together.
    pub validators: u128,
    /// One for each third party.
    pub third_parties: Vec<u128>,
}

/// Adds up the parts of every service. Each is rounded by itself, so that it can be paid as soon as
/// its own period ends; the sum of all parts is the sum of all revenues.
pub fn settle(
    services: &[Service<'_>],
    owners: u32,
    third_parties: u32,
) -> Result<Settlement, Error> {
    let mut settlement = Settlement {
        owners: vec![0; owners as usize],
        validators: 0,
        third_parties: vec![0; third_parties as usize],
    };
    for service in services {
        let distinct: BTreeSet<&u32> = service.owners.iter().collect();
        if distinct.len() != service.owners.len() {
            return Err(Error::AlreadyNamed);
        }
        if service.owners.len() != service.shares.owners.len() {
            return Err(Error::NotFound);
        }
        let payout = service.shares.divide(service.revenue)?;
        for (owner, part) in service.owners.iter().zip(payout.owners) {
            pay(settlement.owners.get_mut(*owner as usize), part)?;
        }
        pay(Some(&mut settlement.validators), payout.validators)?;
        let third_party = settlement
            .third_parties
            .get_mut(service.third_party as usize);
        pay(third_party, payout.third_party)?;
    }
    Ok(settlement)
}

fn pay(sum: Option<&mut u128>, part: u128) -> Result<(), Error> {
    let sum = sum.ok_or(Error::NotFound)?;
    *sum = sum.checked_add(part).ok_or(Error::Overflow)?;
    Ok(())
}
