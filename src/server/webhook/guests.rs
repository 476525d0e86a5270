//! How many may be inside at the same time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections at the same time.
const MOST: usize = 512;
/// Connections at the same time from one address. This machine's own is the proxy, behind which everybody is.
const MOST_OF_ONE: usize = 64;

/// Who is inside.
#[derive(Clone, Default)]
pub(super) struct Guests(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place inside, given back when dropped.
pub(super) struct Place {
    guests: Guests,
    address: IpAddr,
}

/// Whoever has one address of IPv6 has a whole network of them.
fn house(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        other => other,
    }
}

impl Guests {
    /// A place for somebody from `address`, if there is one.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = house(address);
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most_of_one = if address.is_loopback() { MOST } else { MOST_OF_ONE };
        if inside.all >= MOST || inside.by_address.get(&address).is_some_and(|count| *count >= most_of_one) {
            return None;
        }
        inside.all += 1;
        *inside.by_address.entry(address).or_default() += 1;
        Some(Place { guests: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        if let Some(count) = inside.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let guests = Guests::default();
        let stranger: IpAddr = "203.0.113.7".parse().unwrap();
        let mut inside: Vec<_> = (0..MOST_OF_ONE).map(|_| guests.enter(stranger).unwrap()).collect();
        assert!(guests.enter(stranger).is_none());
        assert!(guests.enter("203.0.113.8".parse().unwrap()).is_some(), "another may still come in");
        inside.pop();
        assert!(guests.enter(stranger).is_some(), "who leaves makes room");
        let network: Vec<_> = (0..200).map(|at| format!("2001:db8::{at:x}").parse().unwrap()).collect();
        let let_in: Vec<_> = network.into_iter().filter_map(|address| guests.enter(address)).collect();
        assert_eq!(let_in.len(), MOST_OF_ONE, "a network of IPv6 is one");
    }

    #[test]
    fn the_proxy_may_take_all_and_not_more() {
        let guests = Guests::default();
        let proxy: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let inside: Vec<_> = (0..MOST + 1).filter_map(|_| guests.enter(proxy)).collect();
        assert_eq!(inside.len(), MOST);
        drop(inside);
        assert!(guests.0.lock().unwrap().by_address.is_empty());
    }
}
