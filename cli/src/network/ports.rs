//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;

/// This many different ports on the loopback address that are free now.
pub fn free(count: usize) -> anyhow::Result<Vec<u16>> {
    // All are held until all are known, so that none is given out twice.
    let listeners = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<Vec<_>, _>>()
        .context("no free port")?;
    listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}

/// `wanted` where it is free, else `other`.
pub fn this_or(wanted: u16, other: u16) -> u16 {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)) {
        Ok(_) => wanted,
        Err(_) => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn ports_differ() {
        let ports = super::free(32).unwrap();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 32);
    }
}
